// What a center needs beside others on one database: its heartbeat, and with it the lease under which memory answers and the
// pods of dead nodes are taken over. Nothing on SQLite, which has one center.

import { XpodError } from '../../base/errors.ts'
import { createMetrics } from '../../base/metrics.ts'
import { connectPostgres } from '../../core/db/postgres/open.ts'
import { type Heartbeat, startHeartbeat } from '../../core/heartbeat/heartbeat.ts'
import type { HomeCluster } from '../../pod/homes.ts'
import { createAdoption } from '../../pod/store/postgres/adoption.ts'
import { beatTimeouts, createBeat } from '../../pod/store/postgres/beats.ts'
import type { SharedPlace, Surround } from '../store.ts'

export interface Cluster extends HomeCluster, AsyncDisposable {
  readonly lease: Heartbeat
}

/** Throws DATABASE_UNAVAILABLE. The process must end when another one runs as this node: `onFatal`. */
export async function joinCluster(shared: SharedPlace, parts: Surround): Promise<Cluster> {
  const { onFatal } = parts
  await using stack = new AsyncDisposableStack()
  const { db, url, node, instance } = shared
  const { succession } = db
  // A connection of its own, not counted with the others, to the same server.
  const own = { ...parts, metrics: createMetrics(), url, poolSize: 1, timeouts: beatTimeouts, succession }
  const beating = stack.use(await connectPostgres(own))
  const onReplaced = (): void => onFatal(new XpodError('NODE_REPLACED', node))
  const lease = stack.use(await startHeartbeat({ ...parts, beat: createBeat(beating, shared), onReplaced }))
  stack.use(succession.onChange(() => lease.doubt()))
  const adopt = createAdoption({ ...parts, db, heartbeat: lease, node, instance })
  const owned = stack.move()
  return { lease, adopt, history: () => succession.timeline, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}
