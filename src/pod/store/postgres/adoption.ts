// Taking over the pods of a node that is dead (store rule 13). Both must say so: the clock of the database, and what this process
// has seen by its own clock for as long as a lease could last. The function of migration 7 decides under locks, so of several
// that try only one gets a pod. What the new home then has in memory is not decided here.

import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { Heartbeat } from '../../../core/heartbeat/heartbeat.ts'
import type { PodHead } from '../resource.ts'
import { deadAfterMs } from './run.ts'

export interface AdoptionParts {
  readonly db: Pick<PostgresEngine, 'call'>
  readonly heartbeat: Pick<Heartbeat, 'term' | 'seen'>
  readonly node: string
  readonly instance: string
  readonly log: Log
  readonly metrics: Metrics
}

const adoptQuery = 'SELECT id, epoch FROM xpod_adopt(?, ?, ?, ?, ?, ?, ?, make_interval(secs => ?))'

/** Whether it became the pod's home is seen in its head. */
export function createAdoption(parts: AdoptionParts): (head: PodHead) => Promise<void> {
  const { db, heartbeat, node, instance, log, metrics } = parts
  const adoptions = metrics.counter('xpod_adoptions_total', 'Pods taken over from nodes that are dead.')
  return async ({ pod, node: from, epoch }) => {
    const seen = heartbeat.seen(from)
    if (seen === undefined || seen.unchangedMs < deadAfterMs || heartbeat.term() === 0) return
    const wanted = JSON.stringify([{ id: pod, epoch }])
    const dead = [from, seen.instance, seen.beat, seen.era]
    const values = [wanted, ...dead, node, instance, deadAfterMs / 1000]
    for (const adopted of await db.call<{ id: string; epoch: number }>(adoptQuery, values, { repeatable: true })) {
      adoptions.add()
      log.warn('pod.adopted', { pod: adopted.id, from, epoch: adopted.epoch })
    }
  }
}
