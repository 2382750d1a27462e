// The open connections of this node by channel. Looks after them every few seconds: what has arrived, and whether whoever
// subscribed still may. A channel stands where the slowest of its connections does. Bounded a channel; over all, by the
// connections that the server takes.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Counter, Metrics } from '../../../base/metrics.ts'
import type { PodId, Version } from '../../store/resource.ts'
import type { Channel } from '../channel.ts'
import type { ChannelStore } from '../channels.ts'
import type { Judge } from '../judge.ts'
import { Positions } from './positions.ts'
import type { EndReason, Receiver } from './receiver.ts'

export interface Connection {
  readonly channel: Channel
  readonly receiver: Receiver
  /** Arrived for certain up to here. */
  readonly confirmed: Version
  /** Finds out what has arrived; every `checkEveryMs`. */
  check(): void
}

export interface ConnectionsParts {
  readonly channels: Pick<ChannelStore, 'moveTo' | 'remove'>
  readonly judge: Pick<Judge, 'stands'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

const checkEveryMs = 5000
/** Each connection's subscriber is asked after in one of so many checks. */
const turns = 12
/** More are mostly what a client left behind. */
const maxPerChannel = 8

export class Connections implements AsyncDisposable {
  readonly #parts: ConnectionsParts
  readonly #positions: Positions
  readonly #byChannel = new Map<string, Set<Connection>>()
  readonly #moves: Counter
  readonly #stop: () => void
  #turn = 0

  constructor(parts: ConnectionsParts) {
    this.#parts = parts
    this.#positions = new Positions(parts)
    this.#stop = parts.clock.every(checkEveryMs, () => this.#check())
    this.#moves = parts.metrics.counter(
      'xpod_notify_confirmed_total',
      'Times that what was sent to a channel had arrived.',
    )
    parts.metrics.gaugeFrom(
      'xpod_notify_listened',
      'Channels that somebody listens on now.',
      () => this.#byChannel.size,
    )
  }

  /** From where a channel is to be continued. */
  positionOf(channel: Channel): Version {
    return this.#positions.of(channel)
  }

  /** The oldest connection of a channel makes room for the newest. */
  add(connection: Connection): void {
    const { id } = connection.channel
    const same = this.#byChannel.get(id)
    if (same === undefined) return void this.#byChannel.set(id, new Set([connection]))
    same.add(connection)
    if (same.size <= maxPerChannel) return
    const [oldest] = same
    oldest!.receiver.end('replaced')
    this.remove(oldest!)
  }

  remove(connection: Connection): void {
    const { id } = connection.channel
    const same = this.#byChannel.get(id)
    connection.receiver.close()
    if (same?.delete(connection) !== true) return
    if (same.size === 0) this.#byChannel.delete(id)
    else this.confirmed(connection.channel)
  }

  /** One of the channel's connections has moved, or went. */
  confirmed(channel: Channel): void {
    let slowest: Version | undefined
    for (const { confirmed } of this.#byChannel.get(channel.id) ?? []) {
      if (slowest === undefined || confirmed.seq < slowest.seq) slowest = confirmed
    }
    if (slowest === undefined || slowest.seq <= channel.position.seq) return
    this.#positions.move(channel, slowest)
    this.#moves.add()
  }

  end(id: string, reason: EndReason): void {
    for (const connection of this.#byChannel.get(id) ?? []) connection.receiver.end(reason)
    this.#byChannel.delete(id)
    this.#positions.forget(id)
  }

  endPod(pod: PodId, reason: EndReason): void {
    for (const [id, [first]] of this.#byChannel) if (first?.channel.pod === pod) this.end(id, reason)
  }

  /** What was subscribed with a grant that was taken back is over, also for later. */
  async requireStanding(channel: Channel): Promise<boolean> {
    const { judge, channels } = this.#parts
    if (await judge.stands(channel.subscriber)) return true
    this.end(channel.id, 'removed')
    await channels.remove(channel.pod, channel.id)
    return false
  }

  #check(): void {
    let index = 0
    this.#turn = (this.#turn + 1) % turns
    for (const same of this.#byChannel.values()) {
      for (const connection of same) connection.check()
      if (index++ % turns === this.#turn) this.#checkStanding(same)
    }
  }

  #checkStanding([first]: Set<Connection>): void {
    if (first === undefined) return
    this.requireStanding(first.channel).catch((error: unknown) => {
      this.#parts.log.warn('notify.standing', { channel: first.channel.id, error })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    for (const same of this.#byChannel.values()) for (const { receiver } of same) receiver.close()
    await this.#positions[Symbol.asyncDispose]()
  }
}
