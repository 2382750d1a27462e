// The pod store on SQLite and an object store: puts the parts together. Follow a write from `commit` here to commit.ts in
// the writer thread and back with its outcome after COMMIT; follow a read into reader.ts. One process owns it at a time.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { Random } from '../../../base/random.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import type { ObjectStore } from '../../../core/objects/object-store.ts'
import { bodiesOf, bytesOf, type Change, type Outcome } from '../change.ts'
import { startChores, type StoreLimits } from '../chores.ts'
import type { ImportEntry, PodStore } from '../pod-store.ts'
import { Quarantine } from '../quarantine.ts'
import { Reservations } from '../reservations.ts'
import type { PodId } from '../resource.ts'
import { Room } from '../room.ts'
import { createStager } from '../stage.ts'
import { createChoreRows, createDiskRoom, createReadUsage, createStageRows } from './calls.ts'
import { createDirectory } from './directory.ts'
import { createReader } from './reader.ts'
import type { ImportCall } from './writer/import.ts'
import type { NodeCall } from './writer/pods.ts'
import type { PinCall } from './writer/retention.ts'
import { decodeOutcome, encodeCommit, type OutcomeLine } from './wire.ts'

const importRows = 100
const dayMs = 86_400_000

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
  const reservations = new Reservations(createReadUsage(db))
  const disk = createDiskRoom(db, room)
  const keepBlobsMs = limits.keepBlobsMs ?? dayMs
  const rows = createChoreRows(db)
  const chores = startChores({ rows, objects, clock, log, disk, instance, pause, keepBlobsMs, limits })
  chores.kick()
  const staging = { objects, random, log, reservations, room, stamp, pause, onGarbage: () => chores.kick() }
  const stager = createStager({ rows: createStageRows(db), ...staging })
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

async function applyInChunks(db: SqliteEngine, pod: PodId, entries: readonly ImportEntry[]): Promise<void> {
  for (let at = 0; at < entries.length; at += importRows) {
    const call: ImportCall = { pod, entries: entries.slice(at, at + importRows) }
    await db.call('pod.import', call, { lane: pod })
  }
}
