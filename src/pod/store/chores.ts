// Work that nobody waits for: sweeping bodies, trimming feeds, emptying deleted pods, keeping room on the disk. Runs every
// minute, looks for room every second while the disk is full, and when asked; each step is one small transaction of the
// engine's. Errors are logged and tried again with the next round.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { ObjectStore } from '../../core/objects/object-store.ts'

/** How long what is not current is kept. */
export interface StoreLimits {
  /** Bytes of disk below which large bodies are refused; the smaller of 5 % and 512 MiB when left out. */
  readonly minFreeBytes?: number
  /** How long replaced and deleted blobs are kept. */
  readonly keepBlobsMs?: number
  /** An upload that takes longer is lost. 24 h. */
  readonly maxUploadMs?: number
  readonly feed?: FeedLimits
}

export interface FeedLimits {
  /** Entries younger than this are kept. 10 min. */
  readonly minMs: number
  /** This many entries of a pod are kept, unless they are too old. 1000. */
  readonly minRows: number
  /** Older entries go, unless pinned. 24 h. */
  readonly maxMs: number
}

export interface AbandonCall {
  readonly instance: string
  /** Stage rows from before this are past the upload limit. */
  readonly beforeMs: number
}

export interface MarkCall {
  readonly nowMs: number
  /** Garbage from before this is due. */
  readonly beforeMs: number
}

export interface Doomed {
  readonly pod: number
  readonly ref: string
}

export interface TrimCall extends FeedLimits {
  readonly nowMs: number
  /** Local id of the pod to go on behind; 0 to begin. */
  readonly after: number
}

/** The steps of the chores; each is a transaction of at most `choreRows` rows. */
export interface ChoreRows {
  /** Makes garbage of stage rows without a living run and of those past the limit. True when there may be more. */
  abandon(call: AbandonCall): Promise<boolean>
  /** Empties pods in state deleting. True when there is more to do. */
  empty(call: { readonly nowMs: number }): Promise<boolean>
  /** Small bodies go at once; returns the blobs to delete, also those that an earlier run did not finish. */
  mark(call: MarkCall): Promise<readonly Doomed[]>
  /** Their objects are deleted. */
  gone(doomed: readonly Doomed[]): Promise<void>
  /** Returns where to go on, or undefined at the end. */
  trim(call: TrimCall): Promise<number | undefined>
}

/** Room on the disk of the database, where that is ours to look after. */
export interface DiskRoom {
  readonly isFull: boolean
  /** `isYoung`: the process has just begun. */
  keep(isYoung: boolean): Promise<void>
}

export interface ChoreOptions {
  readonly rows: ChoreRows
  readonly objects: ObjectStore
  readonly clock: Clock
  readonly log: Log
  readonly disk: DiskRoom
  readonly instance: string
  /** A replaced or deleted blob is kept this long, for restores to an earlier point in time. */
  readonly keepBlobsMs: number
  readonly limits: StoreLimits
  readonly pause?: ((point: string) => Promise<void>) | undefined
}

const roundMs = 60_000
/** On a full disk, how soon writes work again once there is room. */
const roomPollMs = 1000
/** Of rows that one step takes, so that commits never wait for long. */
export const choreRows = 500
const hourMs = 3_600_000
const defaultFeed: FeedLimits = { minMs: 600_000, minRows: 1000, maxMs: 24 * hourMs }

export interface Chores extends AsyncDisposable {
  /** Starts a round now, or another one after the running one. */
  kick(): void
  /** Resolves when a round that began after this call has ended. */
  round(): Promise<void>
}

export function startChores(options: ChoreOptions): Chores {
  const { clock, log, disk } = options
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
    looking ??= disk
      .keep(clock.monotonicMs() - startedMs < roundMs && !disk.isFull)
      .catch((error: unknown) => void (isStopped || log.error('store.room', { error })))
      .finally(() => (looking = undefined))
    return looking
  }

  const cancelRounds = clock.every(roundMs, () => void round())
  const cancelLooks = clock.every(roomPollMs, () => void (disk.isFull && look()))
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
  const { rows, clock, instance, limits } = options
  const nowMs = clock.nowMs()
  const abandon: AbandonCall = { instance, beforeMs: nowMs - (limits.maxUploadMs ?? 24 * hourMs) }
  while (!isStopped() && (await rows.abandon(abandon)));
  while (!isStopped() && (await rows.empty({ nowMs })));
  await sweep(options, isStopped)
  const feed = limits.feed ?? defaultFeed
  let after: number | undefined = 0
  while (!isStopped() && after !== undefined) after = await rows.trim({ ...feed, nowMs, after })
}

async function sweep(options: ChoreOptions, isStopped: () => boolean): Promise<void> {
  const { rows, objects, clock, keepBlobsMs, pause } = options
  while (!isStopped()) {
    const nowMs = clock.nowMs()
    const doomed = await rows.mark({ nowMs, beforeMs: nowMs - keepBlobsMs })
    if (doomed.length === 0) return
    await pause?.('sweep-marked')
    await objects.delete(doomed.map(({ ref }) => ref))
    await rows.gone(doomed)
  }
}
