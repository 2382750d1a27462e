// Keeps the routing table equal to the directory: all pods at start, every change after it.

import type { RoutingTable } from '../core/routing/table.ts'
import type { PodDirectory } from '../pod/store/pod-store.ts'
import type { PodId, PodRecord } from '../pod/store/resource.ts'

const pageLength = 1000

/** Resolves when every pod is in the table. */
export async function followDirectory(directory: PodDirectory, routes: RoutingTable<PodRecord>): Promise<Disposable> {
  const baseOf = new Map<PodId, string>()
  const put = (record: PodRecord): void => {
    const before = baseOf.get(record.id)
    if (before !== undefined && before !== record.base) routes.delete(before)
    baseOf.set(record.id, record.base)
    routes.set(record.base, record, record.aliases)
  }
  const subscription = directory.onChange((change) => {
    if (change.kind === 'put') return put(change.record)
    const base = baseOf.get(change.id)
    if (base !== undefined) routes.delete(base)
    baseOf.delete(change.id)
  })
  let after: string | undefined
  for (;;) {
    const page = await directory.list(after, pageLength)
    for (const record of page) put(record)
    if (page.length < pageLength) return subscription
    after = page.at(-1)!.name
  }
}
