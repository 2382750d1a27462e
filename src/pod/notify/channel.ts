// A notification channel (Solid Notifications Protocol, Notification Channel Data Model): what somebody asked to be told, where,
// and until when. A value: kept by channels.ts, described by channel-description.ts, served by what delivers its type.

import type { Path } from '../path.ts'
import type { PodId, Version } from '../store/resource.ts'

export const channelTypes = ['WebSocketChannel2023', 'WebhookChannel2023', 'StreamingHTTPChannel2023'] as const
export type ChannelType = (typeof channelTypes)[number]

/** Enough to judge Read again at each send; nothing of it is a credential. */
export interface Subscriber {
  readonly webId?: string
  readonly clientId?: string
  readonly issuer?: string
  readonly origin?: string
  /** Of own tokens: taking an app back silences what it subscribed to (rule 9). */
  readonly grant?: string
}

export interface Channel {
  /** UUID version 7. */
  readonly id: string
  readonly pod: PodId
  readonly type: ChannelType
  readonly topic: Path
  readonly subscriber: Subscriber
  /** Network address of who subscribed, for caps. */
  readonly address: string
  /** 128 or more random bits, base64url; the last segment of receiveFrom. Empty for webhooks. */
  readonly secret: string
  /** Where a webhook sends; undefined for the other types. */
  readonly sendTo: string | undefined
  readonly startMs: number
  /** Always set: at most 14 days after it was made. */
  readonly endMs: number
  /** Least time between two messages; 0 for none. */
  readonly rateMs: number
  /** Of messages; from `accept`. */
  readonly mediaType: ChannelMediaType
  /** As the subscriber gave it. */
  readonly state: string | undefined
  readonly createdMs: number
  /** Delivered up to here (pod feed). */
  readonly position: Version
}

export const channelMediaTypes = ['application/ld+json', 'text/turtle'] as const
export type ChannelMediaType = (typeof channelMediaTypes)[number]

/** How a webhook fares. */
export interface Delivery {
  /** In a row. */
  readonly failures: number
  /** 0 when the last one worked. */
  readonly failingSinceMs: number
  /** Nothing is sent before: because it failed, or for its rate. */
  readonly nextMs: number
  /** What the last failure was; '' when there was none. */
  readonly problem: string
  /** Nothing is sent until somebody retries it. */
  readonly parked: boolean
}

export type DeliveredChannel = Channel & { readonly delivery: Delivery }
