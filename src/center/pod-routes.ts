// Keeps the routing table equal to the directory: all pods at start, every change after it. A record is packed for that into
// one line that leaves out what follows from the pod's name, because a node may route a million of them.

import { KiB } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import { ExpiringCache } from '../core/cache/expiring.ts'
import type { Packing } from '../core/routing/packed-map.ts'
import type { Destination, RoutingTable } from '../core/routing/table.ts'
import type { WacAuthorizer } from '../pod/access/wac.ts'
import type { HomeMove } from '../pod/homes.ts'
import { isPodName } from '../pod/provision.ts'
import type { PodDirectory } from '../pod/store/pod-store.ts'
import type { PodRecord } from '../pod/store/resource.ts'

/** Resolves when every pod is in the table. */
export async function followDirectory(directory: PodDirectory, routes: RoutingTable<PodRecord>): Promise<Disposable> {
  const put = (record: PodRecord): void => routes.set(record.base, record, record.aliases)
  const subscription = directory.onChange((change) => {
    if (change.kind === 'put') put(change.record)
    else if (isRouted(routes, change)) routes.delete(change.base)
  })
  await directory.each(put)
  return subscription
}

/** Fields are separated by line feeds, lists by spaces: neither occurs in a name or an IRI. */
export function podPacking(baseUrl: string): Packing<PodRecord> {
  const usualBase = (name: string): string => `${baseUrl}${name}/`
  const usualPath = 'profile/card#me'
  const usualOwner = (base: string): string => base + usualPath
  const isUsualOwner = (owner: string, base: string): boolean =>
    owner.length === base.length + usualPath.length && owner.startsWith(base) && owner.endsWith(usualPath)
  return {
    pack(record) {
      const { id, name, base, aliases, owners, shownOwners, quotaBytes, quotaResources, createdMs } = record
      const isUsual = owners.length === 1 && isUsualOwner(owners[0]!, base)
      const lists = [isUsual ? [] : owners, aliases, shownOwners].map((list) => list.join(' '))
      const odd = `${base === usualBase(name) ? '' : base}\n${lists.join('\n')}`
      return `${id}\n${name}\n${quotaBytes}\n${quotaResources}\n${createdMs}\n${odd}`.trimEnd()
    },
    unpack(packed) {
      const [id, name, bytes, resources, created, oddBase = '', oddOwners = '', former = '', shown = ''] = packed.split(
        '\n',
      ) as [string, string, ...string[]]
      const base = oddBase === '' ? usualBase(name) : oddBase
      return {
        id,
        name,
        base,
        aliases: former === '' ? [] : former.split(' '),
        owners: oddOwners === '' ? [usualOwner(base)] : oddOwners.split(' '),
        shownOwners: shown === '' ? [] : shown.split(' '),
        quotaBytes: Number(bytes),
        quotaResources: Number(resources),
        createdMs: Number(created),
      }
    },
  }
}

/** What homes find out about pods that other centers have changed. */
export function followMoves(
  routes: RoutingTable<PodRecord>,
  authorizer: Pick<WacAuthorizer, 'forget'>,
): (move: HomeMove) => void {
  return ({ kind, pod }) => {
    authorizer.forget(pod.id)
    if (kind === 'arrived') routes.set(pod.base, pod, pod.aliases)
    else if (kind === 'gone' && isRouted(routes, pod)) routes.delete(pod.base)
  }
}

/** Not another pod that has got its base since. */
function isRouted(routes: RoutingTable<PodRecord>, { id, base }: Pick<PodRecord, 'id' | 'base'>): boolean {
  return podOf(routes, base)?.id === id
}

/** The pod that a URL is in. */
export function podOf(routes: RoutingTable<PodRecord>, url: string): PodRecord | undefined {
  const { host, pathname } = new URL(url)
  const found = routes.find(host, pathname)
  return found !== undefined && 'pod' in found ? found.pod : undefined
}

export interface Newcomers {
  /** Undefined when nothing is to be found; else resolves when it is in the table, if there is such a pod. */
  look(host: string, found: Destination<PodRecord> | undefined): Promise<void> | undefined
}

const keepAbsentMs = 5000
const maxAbsent = 10_000
const maxLooking = 100

/** Finds pods that another center has made since this one started: asks the directory for a name, and not again at once. */
export function findNewcomers(parts: {
  readonly baseUrl: string
  readonly directory: Pick<PodDirectory, 'get'>
  readonly routes: RoutingTable<PodRecord>
  readonly clock: Clock
}): Newcomers {
  const { directory, routes, clock } = parts
  const { host: baseHost } = new URL(parts.baseUrl)
  const looking = new Map<string, Promise<void>>()
  const absent = new ExpiringCache<true>({
    clock,
    maxEntries: maxAbsent,
    maxWeight: maxAbsent * KiB,
    weigh: (name) => name.length,
  })

  async function ask(name: string): Promise<void> {
    const record = await directory.get(name)
    if (record?.name === name) routes.set(record.base, record, record.aliases)
    else absent.set(name, true, keepAbsentMs)
  }

  return {
    look(host, found) {
      const name = wantedName(host, baseHost, found)
      if (name === undefined || absent.get(name) !== undefined) return undefined
      let running = looking.get(name)
      if (running === undefined && looking.size < maxLooking) {
        running = ask(name).finally(() => looking.delete(name))
        looking.set(name, running)
      }
      return running
    },
  }
}

function wantedName(host: string, baseHost: string, found: Destination<PodRecord> | undefined): string | undefined {
  const isBelow = host.endsWith(`.${baseHost}`)
  const name = found === undefined ? (isBelow ? host.slice(0, -baseHost.length - 1) : '') : firstSegmentOf(found)
  return isPodName(name) ? name : undefined
}

function firstSegmentOf(found: Destination<PodRecord>): string {
  return 'origin' in found ? (found.origin.split('/', 2)[1] ?? '') : ''
}
