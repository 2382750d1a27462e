// The channels of all pods in SQL: they survive restarts and every node sees them. Each change is one statement, so nothing
// here needs a lock; caps are counted inside the insert. A channel that has ended is as if gone to every reader, before and
// after the sweep removes its row.

import type { Channel, ChannelType, DeliveredChannel, Delivery } from './channel.ts'
import type { PodId, Version } from '../store/resource.ts'

export interface ChannelCaps {
  readonly perPod: number
  readonly perWebId: number
  readonly perAddress: number
}

export interface ChannelFilter {
  readonly pod?: PodId
  readonly webId?: string
  readonly type?: ChannelType
  readonly parked?: boolean
}

export interface ChannelPosition {
  readonly pod: PodId
  readonly id: string
  readonly position: Version
}

export interface ChannelStore {
  /** Durable when it resolves. Throws CHANNELS_FULL, which names the cap. */
  add(channel: Channel, caps: ChannelCaps): Promise<void>
  find(pod: PodId, id: string): Promise<DeliveredChannel | undefined>
  findBySecret(pod: PodId, secret: string): Promise<Channel | undefined>
  /** Keyset page by id. */
  list(filter: ChannelFilter, after: string | undefined, limit: number): Promise<readonly DeliveredChannel[]>
  /** False when there was none. */
  remove(pod: PodId, id: string): Promise<boolean>
  /** One write for many; never moves one backwards. */
  moveTo(positions: readonly ChannelPosition[]): Promise<void>
  setDelivery(pod: PodId, id: string, delivery: Delivery): Promise<void>
  /** Pods that have webhook channels, keyset page by pod id. */
  webhookPods(after: PodId | undefined, limit: number): Promise<readonly PodId[]>
  /** Removes at most `limit` channels that ended before; how many it removed. */
  expire(nowMs: number, limit: number): Promise<number>
}
