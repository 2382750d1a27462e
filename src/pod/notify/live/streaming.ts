// An answer that goes on and on and receives the messages of a channel (StreamingHTTPChannel2023): each message is written at
// once and whole, as a line of JSON or as a Turtle document with an empty line behind it; empty lines in between keep the
// connection alive. It ends at endAt, when the channel is removed, and when the server stops.
//
// Nothing comes back on it, so a message counts as arrived when the connection still lives a minute later: by then the lines
// that keep it alive have found out whether somebody is there.

import type { Clock } from '../../../base/clock.ts'
import type { LiveBody } from '../../../core/http/message.ts'
import type { PodRecord, Version } from '../../store/resource.ts'
import type { Channel } from '../channel.ts'
import type { Connection, Connections } from './connections.ts'
import { type Outlet, Receiver, type ReceiverParts } from './receiver.ts'

const keepAliveMs = 20_000
const arrivesWithinMs = 60_000

export interface StreamParts {
  readonly receiving: ReceiverParts
  readonly connections: Connections
}

/** The body; begins to follow the channel when it is first read. */
export function streamChannel(parts: StreamParts, pod: PodRecord, channel: Channel): LiveBody {
  return {
    isLive: true,
    [Symbol.asyncIterator]() {
      const stream = new ChannelStream(parts, pod, channel)
      parts.connections.add(stream)
      return stream
    },
  }
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly onTaken: () => void
}

class ChannelStream implements Connection, Outlet, AsyncIterator<Uint8Array, undefined> {
  readonly channel: Channel
  readonly receiver: Receiver
  confirmed: Version
  bufferedBytes = 0
  readonly #connections: Connections
  readonly #clock: Clock
  readonly #chunks: Chunk[] = []
  /** With the connection; taken when the next is asked for. */
  #given: Chunk | undefined
  #waiting: ((result: IteratorResult<Uint8Array, undefined>) => void) | undefined
  #isOver = false
  #wroteMs: number
  #asked: { readonly sent: Version; readonly atMs: number } | undefined

  constructor({ receiving, connections }: StreamParts, pod: PodRecord, channel: Channel) {
    this.channel = channel
    this.#connections = connections
    this.#clock = receiving.clock
    this.#wroteMs = receiving.clock.monotonicMs()
    this.confirmed = connections.positionOf(channel)
    this.receiver = new Receiver(receiving, { pod, channel, from: this.confirmed, outlet: this })
  }

  send(text: string, onSent: () => void): void {
    this.#write(Buffer.from(`${text}\n`), onSent)
  }

  #write(bytes: Uint8Array, onTaken: () => void): void {
    if (this.#isOver) return
    this.#wroteMs = this.#clock.monotonicMs()
    this.bufferedBytes += bytes.length
    this.#chunks.push({ bytes, onTaken })
    this.#give()
  }

  #give(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const chunk = this.#chunks.shift()
    if (chunk === undefined && !this.#isOver) return
    this.#waiting = undefined
    this.#given = chunk
    waiting(chunk === undefined ? { done: true, value: undefined } : { done: false, value: chunk.bytes })
  }

  /** Asked for by whoever writes the answer, when the connection took what came before. */
  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const given = this.#given
    this.#given = undefined
    if (given !== undefined) {
      this.bufferedBytes -= given.bytes.length
      given.onTaken()
    }
    return new Promise((resolve) => {
      this.#waiting = resolve
      this.#give()
    })
  }

  /** The client is gone, or the server stops. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.end()
    return { done: true, value: undefined }
  }

  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connections.remove(this)
    this.#give()
  }

  check(): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#chunks.length === 0 && nowMs - this.#wroteMs >= keepAliveMs) this.#write(Buffer.from('\n'), () => {})
    if (this.#asked !== undefined && nowMs - this.#asked.atMs >= arrivesWithinMs) {
      this.confirmed = this.#asked.sent
      this.#asked = undefined
      this.#connections.confirmed(this.channel)
    }
    const { sent } = this.receiver
    if (this.#asked === undefined && sent.seq > this.confirmed.seq) this.#asked = { sent, atMs: nowMs }
  }
}
