// The pod store on SQLite and an object store: puts the parts together. Follow a write from `commit` here to commit.ts in
// the writer thread and back with its outcome after COMMIT; follow a read into reader.ts. One process owns it at a time.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { Random } from '../../../base/random.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import type { ObjectStore } from '../../../core/objects/object-store.ts'
import type { Change, Op, Outcome, StagedBody } from '../change.ts'
import type { ImportEntry, PodStore } from '../pod-store.ts'
import type { PodId } from '../resource.ts'
import { startChores } from './chores.ts'
import { createDirectory } from './directory.ts'
import type { ImportCall } from './writer/import.ts'
import type { NodeCall } from './writer/pods.ts'
import { Quarantine } from './quarantine.ts'
import { createReader } from './reader.ts'
import { Reservations } from './reservations.ts'
import type { FeedLimits, PinCall } from './writer/retention.ts'
import { Room } from './room.ts'
import { createStager } from './stage.ts'
import { decodeOutcome, encodeCommit, type OutcomeLine } from './wire.ts'

export interface StoreLimits {
  /** Bytes of disk below which large bodies are refused; the smaller of 5 % and 512 MiB when left out. */
  readonly minFreeBytes?: number
  /** How long replaced and deleted blobs are kept. 24 h. */
  readonly keepBlobsMs?: number
  /** An upload that takes longer is lost. 24 h. */
  readonly maxUploadMs?: number
  readonly feed?: FeedLimits
}

const importRows = 100
const hourMs = 3_600_000
const defaultFeed: FeedLimits = { minMs: 600_000, minRows: 1000, maxMs: 24 * hourMs }

export interface SqlitePodStoreOptions {
  readonly db: SqliteEngine
  readonly objects: ObjectStore
  /** This node's id and this run of it: both are part of every commit's fence. */
  readonly node: string
  readonly instance: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: StoreLimits
  /** Tests only: waits at named points of the calling thread. */
  readonly pause?: (point: string) => Promise<void>
}

/** The caller keeps owning `db` and `objects` and closes them after the store. */
export async function openSqlitePodStore(options: SqlitePodStoreOptions): Promise<PodStore> {
  const { db, objects, node, instance, clock, random, log, metrics, limits, pause } = options
  await db.call('pod.node', { node, instance } satisfies NodeCall, { lane: '' })
  const quarantine = new Quarantine(log, metrics)
  const room = new Room({ objects, clock, log, minFreeBytes: limits.minFreeBytes })
  const stamp = () => ({ node, instance, nowMs: clock.nowMs(), mark: random.uint32(), isRoomLow: room.isLow })
  await room.refresh()
  const reservations = new Reservations(db)
  const chores = startChores({
    db,
    objects,
    clock,
    log,
    room,
    instance,
    pause,
    keepBlobsMs: limits.keepBlobsMs ?? 24 * hourMs,
    maxUploadMs: limits.maxUploadMs ?? 24 * hourMs,
    feed: limits.feed ?? defaultFeed,
  })
  chores.kick()
  const stager = createStager({ db, objects, random, reservations, room, stamp, pause, onGarbage: () => chores.kick() })
  const commits = metrics.counter('xpod_commits_total', 'Changes committed.')

  async function commit(change: Change): Promise<Outcome> {
    const line = encodeCommit({ change, ...stamp() })
    const lane = { lane: change.pod, bytes: bytesOf(change.ops) }
    const outcome = decodeOutcome(await db.call<OutcomeLine>('pod.commit', line, lane))
    if (!outcome.ok) return outcome
    commits.add()
    for (const body of bodiesOf(change.ops)) if (body.blob !== undefined) stager.consumed(body.blob)
    for (const { path } of outcome.made) quarantine.clear(change.pod, path)
    return outcome
  }

  return {
    ...createReader({ db, objects, quarantine }),
    stage: (pod, body, limits, signal) => stager.stage(pod, body, limits, signal),
    commit,
    directory: createDirectory({ db, stamp, onDeleting: () => chores.kick() }),
    quarantined: () => quarantine.list(),
    pin: (pod, pin) => db.call('pin.put', { pod, ...pin } satisfies PinCall, { lane: pod }),
    unpin: (pod, name) => db.call('pin.drop', { pod, name }, { lane: pod }),
    apply: (pod, entries) => applyInChunks(db, pod, entries),
    [Symbol.asyncDispose]: () => chores[Symbol.asyncDispose](),
  }
}

function* bodiesOf(ops: readonly Op[]): Iterable<StagedBody> {
  for (const op of ops) {
    if ((op.kind === 'put' || op.kind === 'create') && op.body !== undefined) yield op.body
    if (op.kind === 'create' && op.meta !== undefined) yield op.meta.body
  }
}

/** What a change weighs on its way to the writer. */
function bytesOf(ops: readonly Op[]): number {
  let bytes = 500
  for (const body of bodiesOf(ops)) bytes += body.inline?.length ?? 0
  return bytes
}

async function applyInChunks(db: SqliteEngine, pod: PodId, entries: readonly ImportEntry[]): Promise<void> {
  for (let at = 0; at < entries.length; at += importRows) {
    const call: ImportCall = { pod, entries: entries.slice(at, at + importRows) }
    await db.call('pod.import', call, { lane: pod })
  }
}
