// What lies behind the receive URLs of channels: upgrades to WebSockets and streamed answers. Finds the channel by the secret
// in the URL; who has it needs no token, because each message is judged by what the subscriber may read. A secret that names
// no channel of this type, or one that has ended, is told so and nothing more.

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { UpgradeAnswer } from '../../../core/http/websocket.ts'
import { vary } from '../../answer/cors.ts'
import type { PodRequest, PodResponse } from '../../exchange.ts'
import type { PodId, PodRecord } from '../../store/resource.ts'
import type { Channel, ChannelType } from '../channel.ts'
import type { ChannelStore } from '../channels.ts'
import type { Follower } from '../follower.ts'
import type { Judge } from '../judge.ts'
import { wantedType } from '../notifications.ts'
import { Connections } from './connections.ts'
import { createReceiverCounters } from './counters.ts'
import { acceptSocket, refuseSocket } from './sockets.ts'
import { streamChannel } from './streaming.ts'

export interface ReceiversParts {
  readonly channels: Pick<ChannelStore, 'findBySecret' | 'moveTo' | 'remove'>
  readonly follower: Follower
  readonly judge: Judge
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

export interface Receivers extends AsyncDisposable {
  /** Of receiveFrom of a WebSocket channel; `secret` is the last segment of its path. */
  upgrade(pod: PodRecord, secret: string): Promise<UpgradeAnswer>
  /** Any method on receiveFrom of a streaming channel. Throws METHOD_NOT_ALLOWED, NOT_FOUND, NOT_ACCEPTABLE. */
  stream(request: PodRequest, secret: string): Promise<PodResponse>
  /** A channel was removed: whoever listens on it is told and cut off. */
  removed(channelId: string): void
  podGone(pod: PodId): void
  /** Another node is its home: whoever listens connects again, and not here. */
  podLeft(pod: PodId): void
}

const allow = 'GET, HEAD, OPTIONS'
/** Proxies must neither keep nor hold back what is written. */
const always = [
  'Cache-Control',
  'no-store',
  'X-Accel-Buffering',
  'no',
  'Vary',
  vary,
  'X-Content-Type-Options',
  'nosniff',
]

export function createReceivers(parts: ReceiversParts): Receivers {
  const { channels, metrics } = parts
  const connections = new Connections(parts)
  const counted = (channel: string) => ({
    connections,
    receiving: { ...parts, counters: createReceiverCounters(metrics, channel) },
  })
  const sockets = counted('websocket')
  const streams = counted('streaming')

  async function find(pod: PodRecord, secret: string, type: ChannelType): Promise<Channel | undefined> {
    const channel = secret === '' ? undefined : await channels.findBySecret(pod.id, secret)
    if (channel?.type !== type) return undefined
    return (await connections.requireStanding(channel)) ? channel : undefined
  }

  return {
    async upgrade(pod, secret) {
      const channel = await find(pod, secret, 'WebSocketChannel2023')
      if (channel === undefined) return { open: refuseSocket }
      return { open: (peer) => acceptSocket(sockets, pod, channel, peer) }
    },
    async stream(request, secret) {
      const { method, pod } = request
      if (method === 'OPTIONS') return { status: 204, headers: ['Allow', allow, ...always], body: undefined }
      if (method !== 'GET' && method !== 'HEAD') {
        throw new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', allow] })
      }
      const channel = await find(pod, secret, 'StreamingHTTPChannel2023')
      if (channel === undefined) throw new XpodError('NOT_FOUND', 'no such channel, or it has expired')
      const mediaType = wantedType(request, channel.mediaType)
      const headers = ['Content-Type', mediaType, 'Allow', allow, ...always]
      if (method === 'HEAD') return { status: 200, headers, body: undefined }
      return { status: 200, headers, body: streamChannel(streams, pod, { ...channel, mediaType }) }
    },
    removed: (id) => connections.end(id, 'removed'),
    podGone: (pod) => connections.endPod(pod, 'removed'),
    podLeft: (pod) => connections.endPod(pod, 'moved'),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  }
}
