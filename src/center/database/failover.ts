// After a failover to a server that had not got everything: the pods in memory are looked at again, and each one that has
// lost acknowledged commits is named in the log, so that nobody has to find out from its users. Nothing is mended here:
// memory has been dropped by then, and what was lost is gone unless an operator goes back to the former server.

import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { ResidentHomes } from '../../pod/homes.ts'
import type { Cluster } from './cluster.ts'

export interface FailoverParts {
  readonly cluster: Pick<Cluster, 'lease' | 'history'>
  readonly homes: Pick<ResidentHomes, 'onMove' | 'lookAgain'>
  readonly log: Log
  readonly metrics: Metrics
}

export function watchFailovers({ cluster, homes, log, metrics }: FailoverParts): Disposable {
  const diverged = metrics.counter(
    'xpod_pods_diverged_total',
    'Pods whose last acknowledged commits the database has lost.',
  )
  let history = cluster.history()
  const stack = new DisposableStack()
  stack.use(
    homes.onMove(({ kind, pod }) => {
      if (kind !== 'diverged') return
      diverged.add()
      log.error('pod.diverged', { pod: pod.id, base: pod.base })
    }),
  )
  stack.use(
    cluster.lease.onRegained(() => {
      if (cluster.history() === history) return
      history = cluster.history()
      homes.lookAgain().catch((error: unknown) => log.error('pod.unchecked', { error }))
    }),
  )
  return stack
}
