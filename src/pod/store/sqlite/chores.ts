// Work that nobody waits for, on the calling side: sweeping bodies, trimming feeds, emptying deleted pods, keeping the
// ballast. Runs every minute, looks for room every second while the disk is full, and when asked; each step is one small call that the writer takes after waiting commits.
// Errors are logged and tried again with the next round.

import { MiB } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import { choreLane } from '../../../core/db/sqlite/procedure.ts'
import type { ObjectStore } from '../../../core/objects/object-store.ts'
import type { AbandonCall, Doomed, MarkCall } from './writer/garbage.ts'
import type { FeedLimits, TrimCall } from './writer/retention.ts'
import type { Room } from './room.ts'

export interface ChoreOptions {
  readonly db: SqliteEngine
  readonly objects: ObjectStore
  readonly clock: Clock
  readonly log: Log
  readonly room: Room
  readonly instance: string
  /** A replaced or deleted blob is kept this long, for restores to an earlier point in time. */
  readonly keepBlobsMs: number
  /** An upload that takes longer is lost. */
  readonly maxUploadMs: number
  readonly feed: FeedLimits
  readonly pause?: ((point: string) => Promise<void>) | undefined
}

const roundMs = 60_000
/** On a full disk, how soon writes work again once there is room. */
const roomPollMs = 1000
/** Ballast in the first minute: deletes have some room from the start, and a short run need not fill all of it. */
const firstBallastBytes = 2 * MiB

export interface Chores extends AsyncDisposable {
  /** Starts a round now, or another one after the running one. */
  kick(): void
  /** Resolves when a round that began after this call has ended. */
  round(): Promise<void>
}

export function startChores(options: ChoreOptions): Chores {
  const { clock, log } = options
  const startedMs = clock.monotonicMs()
  let running: Promise<void> = Promise.resolve()
  let isQueued = false
  let isStopped = false

  function round(): Promise<void> {
    if (isQueued || isStopped) return running
    isQueued = true
    running = running.then(async () => {
      isQueued = false
      if (isStopped) return
      try {
        await runRound(options, () => isStopped)
        await look()
      } catch (error) {
        if (!isStopped) log.error('store.chores', { error })
      }
    })
    return running
  }

  let looking: Promise<void> | undefined
  /** One at a time: two would fill one ballast. */
  function look(): Promise<void> {
    const isYoung = clock.monotonicMs() - startedMs < roundMs && !options.db.isFull
    looking ??= keepRoom(options, isYoung ? firstBallastBytes : undefined)
      .catch((error: unknown) => void (isStopped || log.error('store.room', { error })))
      .finally(() => (looking = undefined))
    return looking
  }

  const cancelRounds = clock.every(roundMs, () => void round())
  const cancelLooks = clock.every(roomPollMs, () => void (options.db.isFull && look()))
  return {
    kick: () => void round(),
    round,
    async [Symbol.asyncDispose]() {
      isStopped = true
      cancelRounds()
      cancelLooks()
      await running
      await looking
    },
  }
}

async function runRound(options: ChoreOptions, isStopped: () => boolean): Promise<void> {
  const { db, clock, instance } = options
  const nowMs = clock.nowMs()
  const call = <R>(procedure: string, payload: unknown): Promise<R> =>
    db.call<R>(procedure, payload, { lane: choreLane })

  const abandon: AbandonCall = { instance, beforeMs: nowMs - options.maxUploadMs }
  while (!isStopped() && (await call<boolean>('stage.abandon', abandon)));
  while (!isStopped() && (await call<boolean>('pod.empty', { nowMs })));
  await sweep(options, isStopped)
  let after: number | undefined = 0
  while (!isStopped() && after !== undefined) {
    after = await call<number | undefined>('feed.trim', { ...options.feed, nowMs, after } satisfies TrimCall)
  }
}

async function keepRoom({ db, room }: ChoreOptions, maxBallastBytes: number | undefined): Promise<void> {
  await room.refresh()
  if (room.isAmple) await db.hasRoom(maxBallastBytes)
}

async function sweep(options: ChoreOptions, isStopped: () => boolean): Promise<void> {
  const { db, objects, clock, keepBlobsMs, pause } = options
  while (!isStopped()) {
    const nowMs = clock.nowMs()
    const mark: MarkCall = { nowMs, beforeMs: nowMs - keepBlobsMs }
    const doomed = await db.call<Doomed[]>('garbage.mark', mark, { lane: choreLane })
    if (doomed.length === 0) return
    await pause?.('sweep-marked')
    await objects.delete(doomed.map(({ ref }) => ref))
    await db.call('garbage.gone', doomed, { lane: choreLane })
  }
}
