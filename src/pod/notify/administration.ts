// What an operator sees of channels and does with webhooks that failed. The same calls work in the server, over its control
// socket, and on the database of a server that is stopped; every call takes one value and gives one.

import { XpodError } from '../../base/errors.ts'
import { urlOf } from '../resource/links.ts'
import type { PodDirectory } from '../store/pod-store.ts'
import type { PodId, PodRecord } from '../store/resource.ts'
import type { DeliveredChannel } from './channel.ts'
import type { ChannelStore } from './channels.ts'
import { knownChannel, type RetryWish } from './webhooks/retry.ts'

/** As commands show it; times RFC 3339. Keys may be added, never renamed. Secrets and network addresses are left out. */
export interface ChannelReport {
  readonly id: string
  readonly type: string
  /** Of a webhook: delivering, failing or parked. Others are open. */
  readonly state: 'open' | 'delivering' | 'failing' | 'parked'
  /** Name of the pod. */
  readonly pod: string
  readonly topic: string
  readonly sendTo: string | null
  readonly webId: string | null
  readonly clientId: string | null
  readonly created: string
  readonly starts: string
  readonly ends: string
  /** Number of the change of the pod up to which it is known to be delivered. */
  readonly deliveredSeq: number
  readonly failures: number
  readonly failingSince: string | null
  /** When it is tried again. */
  readonly next: string | null
  readonly problem: string | null
}

export interface ChannelWish {
  readonly after?: string | undefined
  readonly limit: number
  /** By name or id. Throws POD_UNKNOWN. */
  readonly pod?: string | undefined
  /** Only those that are parked. */
  readonly parked?: boolean | undefined
}

export interface NotificationAdministration {
  /** A page by id, that is by age. */
  list(wish: ChannelWish): Promise<readonly ChannelReport[]>
  /** By id, or by the address that a subscriber was given. Throws CHANNEL_UNKNOWN. */
  show(of: { readonly id: string }): Promise<ChannelReport>
  /** Sends at once what failed or is parked; without an id all of it. Throws CHANNEL_UNKNOWN. */
  retry(wish: RetryWish): Promise<readonly ChannelReport[]>
}

export const maxChannelsAPage = 500

export interface NotificationAdministrationOptions {
  readonly channels: ChannelStore
  readonly directory: Pick<PodDirectory, 'get'>
  /** Of the running server, or on the store alone. */
  readonly retry: (wish: RetryWish) => Promise<readonly DeliveredChannel[]>
}

export function administerNotifications(options: NotificationAdministrationOptions): NotificationAdministration {
  const { channels, directory } = options

  async function reports(all: readonly DeliveredChannel[]): Promise<readonly ChannelReport[]> {
    const pods = new Map<PodId, PodRecord | undefined>()
    for (const { pod } of all) if (!pods.has(pod)) pods.set(pod, await directory.get(pod))
    return all.map((channel) => reportOf(channel, pods.get(channel.pod)))
  }

  return {
    async list({ after, limit, pod: named, parked }) {
      const pod = named === undefined ? undefined : await knownPod(directory, named)
      const filter = { ...(pod && { pod: pod.id }), ...(parked === true && { parked }) }
      return reports(await channels.list(filter, after, Math.min(limit, maxChannelsAPage)))
    },
    async show({ id }) {
      const channel = await knownChannel(channels, idOf(id))
      return reportOf(channel, await directory.get(channel.pod))
    },
    retry: async ({ id }) => reports(await options.retry({ id: id === undefined ? undefined : idOf(id) })),
  }
}

async function knownPod(directory: Pick<PodDirectory, 'get'>, name: string): Promise<PodRecord> {
  const pod = await directory.get(name)
  if (pod === undefined) throw new XpodError('POD_UNKNOWN', name)
  return pod
}

/** The last segment of its address. */
function idOf(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1)
}

function reportOf(channel: DeliveredChannel, pod: PodRecord | undefined): ChannelReport {
  const { delivery, subscriber } = channel
  return {
    id: channel.id,
    type: channel.type,
    state: stateOf(channel),
    pod: pod?.name ?? channel.pod,
    topic: pod === undefined ? channel.topic : urlOf(pod, channel.topic),
    sendTo: channel.sendTo ?? null,
    webId: subscriber.webId ?? null,
    clientId: subscriber.clientId ?? null,
    created: timeOf(channel.createdMs),
    starts: timeOf(channel.startMs),
    ends: timeOf(channel.endMs),
    deliveredSeq: channel.position.seq,
    failures: delivery.failures,
    failingSince: delivery.failures === 0 ? null : timeOf(delivery.failingSinceMs),
    next: delivery.failures === 0 || delivery.parked ? null : timeOf(delivery.nextMs),
    problem: delivery.problem === '' ? null : delivery.problem,
  }
}

function stateOf({ type, delivery }: DeliveredChannel): ChannelReport['state'] {
  if (type !== 'WebhookChannel2023') return 'open'
  if (delivery.parked) return 'parked'
  return delivery.failures > 0 ? 'failing' : 'delivering'
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
