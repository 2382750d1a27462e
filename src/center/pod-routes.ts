// Keeps the routing table equal to the directory: all pods at start, every change after it. A record is packed for that into
// one line that leaves out what follows from the pod's name, because a node may route a million of them.

import type { Packing } from '../core/routing/packed-map.ts'
import type { RoutingTable } from '../core/routing/table.ts'
import type { PodDirectory } from '../pod/store/pod-store.ts'
import type { PodRecord } from '../pod/store/resource.ts'

const pageLength = 1000

/** Resolves when every pod is in the table. */
export async function followDirectory(directory: PodDirectory, routes: RoutingTable<PodRecord>): Promise<Disposable> {
  const put = (record: PodRecord): void => routes.set(record.base, record, record.aliases)
  const subscription = directory.onChange((change) => {
    if (change.kind === 'put') put(change.record)
    else routes.delete(change.base)
  })
  let after: string | undefined
  for (;;) {
    const page = await directory.list(after, pageLength)
    for (const record of page) put(record)
    if (page.length < pageLength) return subscription
    after = page.at(-1)!.name
  }
}

/** Fields are separated by line feeds, lists by spaces: neither occurs in a name or an IRI. */
export function podPacking(baseUrl: string): Packing<PodRecord> {
  const usualBase = (name: string): string => `${baseUrl}${name}/`
  const usualOwner = (base: string): string => `${base}profile/card#me`
  return {
    pack(record) {
      const { id, name, base, aliases, owners, quotaBytes, quotaResources, createdMs } = record
      const isUsual = owners.length === 1 && owners[0] === usualOwner(base)
      const numbers = [quotaBytes, quotaResources, createdMs].map((number) => number.toString(36))
      const odd = [base === usualBase(name) ? '' : base, isUsual ? '' : owners.join(' '), aliases.join(' ')]
      return [id, name, ...numbers, ...odd].join('\n').trimEnd()
    },
    unpack(packed) {
      const [id, name, bytes, resources, created, oddBase = '', oddOwners = '', former = ''] = packed.split('\n') as [
        string,
        string,
        ...string[],
      ]
      const base = oddBase === '' ? usualBase(name) : oddBase
      return {
        id,
        name,
        base,
        aliases: former === '' ? [] : former.split(' '),
        owners: oddOwners === '' ? [usualOwner(base)] : oddOwners.split(' '),
        quotaBytes: Number.parseInt(bytes!, 36),
        quotaResources: Number.parseInt(resources!, 36),
        createdMs: Number.parseInt(created!, 36),
      }
    },
  }
}
