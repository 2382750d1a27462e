// What an operator does with pods. The same calls work in the server, over its control socket, and on the store of a
// server that is stopped, so commands do not care which.

import type { Clock } from '../base/clock.ts'
import { XpodError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Accounts } from '../identity/account/accounts.ts'
import { checkPodName, planPod } from '../pod/provision.ts'
import type { PodStore } from '../pod/store/pod-store.ts'
import type { PodRecord } from '../pod/store/resource.ts'

/** A pod as commands show it; sizes in bytes, times RFC 3339. Keys may be added, never renamed. */
export interface PodReport {
  readonly id: string
  readonly name: string
  readonly base: string
  readonly owners: readonly string[]
  /** Those of them that everybody is told. */
  readonly shownOwners: readonly string[]
  /** `deleted`: by its owner, who can still bring it back. */
  readonly state: string
  readonly created: string
  /** When it is gone for good, as its owner wishes. */
  readonly deleteAt: string | null
  readonly bytes: number
  readonly resources: number
  readonly quotaBytes: number
  readonly quotaResources: number
}

export interface NewPodWish {
  /** Drawn by the caller, who keeps it before there is a pod; undefined: drawn here. */
  readonly id?: string | undefined
  readonly name: string
  /** Of the owner; undefined makes the pod's own profile the WebID. */
  readonly webId?: string | undefined
  readonly reuseName?: boolean | undefined
}

export interface Quota {
  readonly bytes?: number | undefined
  readonly resources?: number | undefined
}

export interface PodAdministration {
  create(wish: NewPodWish): Promise<PodReport>
  /** A page by name. */
  list(after: string | undefined, limit: number): Promise<readonly PodReport[]>
  /** By name or id. Throws POD_UNKNOWN, as do the next two. */
  show(name: string): Promise<PodReport>
  delete(name: string): Promise<void>
  setQuota(name: string, quota: Quota): Promise<PodReport>
}

export const maxPodsAPage = 1000

export interface AdministrationOptions {
  readonly store: PodStore
  readonly accounts: Pick<Accounts, 'linkOfPod'>
  readonly baseUrl: string
  readonly pods: 'path' | 'host'
  readonly quotaBytes: number
  readonly quotaResources: number
  readonly clock: Clock
  readonly random: Random
}

export function administerPods(options: AdministrationOptions): PodAdministration {
  const { store, accounts, clock, random } = options
  const { directory } = store

  async function known(name: string): Promise<PodRecord> {
    const record = await directory.get(name)
    if (record === undefined) throw new XpodError('POD_UNKNOWN', name)
    return record
  }

  async function report(record: PodRecord): Promise<PodReport> {
    const [head, link] = await Promise.all([store.head(record.id), accounts.linkOfPod(record.id)])
    const deleteAtMs = link?.deleteAtMs
    return {
      id: record.id,
      name: record.name,
      base: record.base,
      owners: record.owners,
      shownOwners: record.shownOwners,
      state: deleteAtMs === undefined ? (head?.state ?? 'deleting') : 'deleted',
      created: new Date(record.createdMs).toISOString(),
      deleteAt: deleteAtMs === undefined ? null : new Date(deleteAtMs).toISOString(),
      bytes: head?.bytes ?? 0,
      resources: head?.resources ?? 0,
      quotaBytes: record.quotaBytes,
      quotaResources: record.quotaResources,
    }
  }

  return {
    async create({ id, name, webId, reuseName }) {
      checkPodName(name)
      const nowMs = clock.nowMs()
      const pod = planPod({
        id: id ?? random.uuid7(nowMs),
        name,
        base: podBase(options.baseUrl, options.pods, name),
        ...(webId === undefined ? {} : { webId }),
        issuer: options.baseUrl,
        nowMs,
        quotaBytes: options.quotaBytes,
        quotaResources: options.quotaResources,
      })
      await directory.create(pod, { reuseName: reuseName ?? false })
      return report(await known(name))
    },
    async list(after, limit) {
      const records = await directory.list(after, Math.min(limit, maxPodsAPage))
      return Promise.all(records.map(report))
    },
    show: async (name) => report(await known(name)),
    async delete(name) {
      await directory.delete((await known(name)).id)
    },
    async setQuota(name, { bytes, resources }) {
      const { id, quotaBytes, quotaResources } = await known(name)
      await directory.setQuota(id, { bytes: bytes ?? quotaBytes, resources: resources ?? quotaResources })
      return report(await known(name))
    },
  }
}

function podBase(baseUrl: string, pods: 'path' | 'host', name: string): string {
  if (pods === 'path') return `${baseUrl}${name}/`
  const url = new URL(baseUrl)
  return `${url.protocol}//${name}.${url.host}/`
}
