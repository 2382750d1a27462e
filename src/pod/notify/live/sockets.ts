// A WebSocket that receives the messages of a channel (WebSocketChannel2023). The receive URL is a capability: whoever has it
// may listen, and what is sent is what the subscriber may read. What a message has arrived is known from a ping that was
// sent after it and answered; until then the channel does not move, and the next connection hears it again. Text from the
// client means nothing here. The server's own pings find connections that are dead.

import type { Clock } from '../../../base/clock.ts'
import type { WebSocketPeer } from '../../../core/http/websocket.ts'
import type { PodRecord, Version } from '../../store/resource.ts'
import type { Channel } from '../channel.ts'
import type { Connection, Connections } from './connections.ts'
import { type EndReason, type Outlet, Receiver, type ReceiverParts } from './receiver.ts'

export interface SocketParts {
  readonly receiving: ReceiverParts
  readonly connections: Connections
}

/** RFC 6455 section 7.4.1: normal closure, policy violation; 1012 is "service restart" of its registry: connect again. */
const closeCodes: Readonly<Record<EndReason, number>> = { expired: 1000, removed: 1000, replaced: 1008, moved: 1012 }

/** The last text of a connection; for people who look. */
const lastWords: Readonly<Record<EndReason, string>> = {
  expired: 'This notification channel has expired',
  removed: 'This notification channel was removed',
  replaced: 'There are too many connections on this notification channel',
  moved: 'Another server has this pod now: connect again',
}

/** A channel about which nothing was sent moves so often. */
const quietMs = 120_000

export function refuseSocket(peer: WebSocketPeer): void {
  peer.send('There is no such notification channel, or it has expired')
  peer.close(1008, 'unknown channel')
}

/** Serves the channel on this connection until either ends. */
export function acceptSocket(parts: SocketParts, pod: PodRecord, channel: Channel, peer: WebSocketPeer): void {
  const socket = new ChannelSocket(parts, pod, channel, peer)
  parts.connections.add(socket)
}

class ChannelSocket implements Connection, Outlet {
  readonly channel: Channel
  readonly receiver: Receiver
  confirmed: Version
  readonly #peer: WebSocketPeer
  readonly #connections: Connections
  readonly #clock: Clock
  /** Messages that have arrived. */
  #arrived = 0
  /** What a pong to the ping under way will say. */
  #asked: { readonly sent: Version; readonly messages: number } | undefined
  #movedMs: number

  constructor({ receiving, connections }: SocketParts, pod: PodRecord, channel: Channel, peer: WebSocketPeer) {
    this.channel = channel
    this.#peer = peer
    this.#connections = connections
    this.#clock = receiving.clock
    this.#movedMs = receiving.clock.monotonicMs()
    this.confirmed = connections.positionOf(channel)
    this.receiver = new Receiver(receiving, { pod, channel, from: this.confirmed, outlet: this })
    peer.onPong(() => this.#answered())
    peer.onClose(() => connections.remove(this))
  }

  get bufferedBytes(): number {
    return this.#peer.bufferedBytes
  }

  send(text: string, onSent: () => void): void {
    this.#peer.send(text, onSent)
  }

  end(reason: EndReason): void {
    this.#peer.send(lastWords[reason])
    this.#peer.close(closeCodes[reason], reason)
  }

  check(): void {
    const { sent, messages } = this.receiver
    if (sent.seq <= this.confirmed.seq || this.#asked !== undefined) return
    if (messages > this.#arrived) {
      this.#asked = { sent, messages }
      this.#peer.ping()
    } else if (this.#clock.monotonicMs() - this.#movedMs >= quietMs) this.#move(sent)
  }

  #answered(): void {
    const asked = this.#asked
    if (asked === undefined) return
    this.#asked = undefined
    this.#arrived = asked.messages
    this.#move(asked.sent)
  }

  #move(to: Version): void {
    this.#movedMs = this.#clock.monotonicMs()
    this.confirmed = to
    this.#connections.confirmed(this.channel)
  }
}
