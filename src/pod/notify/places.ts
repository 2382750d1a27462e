// Where things of notifications lie in a pod, below `{pod}.notifications/` (rule 22): one address for each type of channel,
// which describes the type and takes subscriptions; below it the channels by their ids, and where they are received from by
// their secrets. Pure.

import { urlOf } from '../resource/links.ts'
import type { Path } from '../path.ts'
import type { PodRecord } from '../store/resource.ts'
import { type Channel, type ChannelType, channelTypes } from './channel.ts'

const root: Path = '/.notifications/'
const idShape = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const secretShape = /^[A-Za-z0-9_-]{22,64}$/

export type Place =
  | { readonly kind: 'type'; readonly type: ChannelType }
  | { readonly kind: 'channel'; readonly type: ChannelType; readonly id: string }
  | { readonly kind: 'receive'; readonly type: ChannelType; readonly secret: string }

/** Whether the path belongs to notifications, whether or not something is there. */
export function isNotificationPath(path: Path): boolean {
  return path.startsWith(root)
}

/** What a path names; undefined when it names nothing that could be. */
export function placeOf(path: Path): Place | undefined {
  if (!isNotificationPath(path)) return undefined
  const [name, part = '', secret, ...rest] = path.slice(root.length).split('/')
  const type = channelTypes.find((one) => one === name)
  if (type === undefined || rest.length > 0) return undefined
  if (secret !== undefined) {
    return part === 'receive' && secretShape.test(secret) ? { kind: 'receive', type, secret } : undefined
  }
  if (part === '') return { kind: 'type', type }
  return idShape.test(part) ? { kind: 'channel', type, id: part } : undefined
}

/** Where channels of a type are asked for. */
export function typePath(type: ChannelType): Path {
  return `${root}${type}/`
}

export function channelPath({ type, id }: Pick<Channel, 'type' | 'id'>): Path {
  return typePath(type) + id
}

/** Where a client receives from; undefined for webhooks. */
export function receiveUrl(pod: PodRecord, { type, secret }: Pick<Channel, 'type' | 'secret'>): string | undefined {
  if (type === 'WebhookChannel2023') return undefined
  const url = urlOf(pod, `${typePath(type)}receive/${secret}`)
  return type === 'WebSocketChannel2023' ? url.replace(/^http/, 'ws') : url
}
