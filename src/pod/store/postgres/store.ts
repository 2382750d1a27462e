// The pod store on PostgreSQL and an object store: puts the parts together. Follow a write from `commit` here through its
// batch (batches.ts) into the commit function (schema/0005-commit.ts) and back with its outcome; follow a read into
// reader.ts. Several centers may use one database; a pod is written by the one whose fence stands in its row.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { Random } from '../../../base/random.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { ObjectStore } from '../../../core/objects/object-store.ts'
import { bodiesOf, bytesOf, type Change, type Outcome } from '../change.ts'
import { startChores, type StoreLimits } from '../chores.ts'
import type { ImportEntry, PodStore } from '../pod-store.ts'
import { Quarantine } from '../quarantine.ts'
import { Reservations } from '../reservations.ts'
import type { PodId } from '../resource.ts'
import { Room } from '../room.ts'
import { createStager, type StageRows } from '../stage.ts'
import { createChoreRows, createReadUsage, createStageRows, importEntries, pin, unpin } from './calls.ts'
import { followChanges } from './changes.ts'
import { createCommit } from './commit.ts'
import { createDirectory } from './directory.ts'
import { createReader } from './reader.ts'
import { startRun } from './run.ts'

export interface PostgresPodStoreOptions {
  readonly db: PostgresEngine
  readonly objects: ObjectStore
  /** This node's id and this run of it: both are part of every commit's fence. */
  readonly node: string
  readonly instance: string
  /** Where this run is: another in the same place is over. */
  readonly place: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: StoreLimits
  /** Batches in flight at once, for different pods. 4. */
  readonly maxBatches?: number
  /** Tests only: waits at named points. */
  readonly pause?: (point: string) => Promise<void>
}

const importRows = 100
const dayMs = 86_400_000

/** No earlier than the database can be taken back to. */
const keepBlobsMs = 14 * dayMs

/** Throws NODE_REPLACED. The caller keeps owning `db` and `objects` and closes them after the store. */
export async function openPostgresPodStore(options: PostgresPodStoreOptions): Promise<PodStore> {
  const { db, objects, node, instance, clock, random, log, metrics, limits, pause } = options
  await using stack = new AsyncDisposableStack()
  stack.use(await startRun(options))
  const quarantine = new Quarantine(log, metrics)
  const room = new Room({ objects, clock, log, minFreeBytes: limits.minFreeBytes })
  const stamp = () => ({ node, instance, nowMs: clock.nowMs(), isRoomLow: room.isLow })
  await room.refresh()
  const chores = startChores({
    rows: createChoreRows(db, node),
    objects,
    clock,
    log,
    // The disk of the database is its operator's.
    disk: { isFull: false, keep: () => room.refresh() },
    instance,
    pause,
    keepBlobsMs: limits.keepBlobsMs ?? keepBlobsMs,
    limits,
  })
  stack.use(chores)
  chores.kick()
  const onGarbage = (): void => chores.kick()
  const reservations = new Reservations(createReadUsage(db))
  const committing: Committing = new Map()
  const rows = afterCommits(createStageRows(db), committing)
  const stager = createStager({ rows, objects, random, log, reservations, room, stamp, onGarbage, pause })
  const commits = metrics.counter('xpod_commits_total', 'Changes committed.')
  const committer = createCommit({ db, stamp, maxBatches: options.maxBatches ?? 4 })
  metrics.gaugeFrom('xpod_commits_waiting', 'Changes that wait for a batch.', () => committer.waiting)

  async function commit(change: Change): Promise<Outcome> {
    const running = committer.commit(change, { mark: random.uint32(), bytes: bytesOf(change.ops) })
    const blobs = [...bodiesOf(change.ops)].flatMap(({ blob }) => blob ?? [])
    for (const blob of blobs) committing.set(blob, running)
    const outcome = await running.finally(() => blobs.forEach((blob) => committing.delete(blob)))
    if (!outcome.ok) return outcome
    commits.add()
    for (const blob of blobs) stager.consumed(blob)
    for (const { path } of outcome.made) quarantine.clear(change.pod, path)
    return outcome
  }

  async function apply(pod: PodId, entries: readonly ImportEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += importRows) {
      await importEntries(db, pod, entries.slice(at, at + importRows))
    }
    committer.forget()
  }

  const directory = createDirectory({ db, stamp, mark: () => random.uint32(), onDeleting: onGarbage })
  stack.use(followChanges({ db, clock, log, each: directory.each, tell: directory.heard }))
  const owned = stack.move()
  return {
    ...createReader({ db, objects, quarantine }),
    stage: (pod, body, limits, signal) => stager.stage(pod, body, limits, signal),
    commit,
    directory,
    quarantined: () => quarantine.list(),
    pin: (pod, one) => pin(db, pod, one),
    unpin: (pod, name) => unpin(db, pod, name),
    apply,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** By blob: the commit under way that may consume it. */
type Committing = Map<string, Promise<Outcome>>

/** Disposing of a body must not come before a commit that may consume it. */
function afterCommits(rows: StageRows, committing: Committing): StageRows {
  return {
    add: (call) => rows.add(call),
    async drop(call) {
      await Promise.allSettled([committing.get(call.blob)])
      await rows.drop(call)
    },
  }
}
