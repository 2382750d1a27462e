// The body of a request as it arrives: pulled, so a slow consumer holds the sender back; a client that ends early is an
// error, never a short body; a client slower than the minimum rate is cut off. Time in which nobody asked for bytes does
// not count against the client.

import type { IncomingMessage } from 'node:http'

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'

export interface MinimumRate {
  readonly bytesPerSecond: number
  /** The rate is judged over windows of this length. */
  readonly windowMs: number
}

export class RequestBody implements AsyncIterableIterator<Uint8Array> {
  readonly #request: IncomingMessage
  readonly #clock: Clock
  readonly #rate: MinimumRate
  readonly #begin: () => void
  readonly #waiting: Set<RequestBody>
  #attached = false
  #failure: XpodError | undefined
  #wake: (() => void) | undefined
  #windowBytes = 0
  #windowWaitedMs = 0
  #waitingSinceMs = 0
  /** Bytes handed to the consumer. */
  taken = 0

  constructor(
    request: IncomingMessage,
    options: { clock: Clock; rate: MinimumRate; begin: () => void; waiting: Set<RequestBody> },
  ) {
    this.#request = request
    this.#clock = options.clock
    this.#rate = options.rate
    this.#begin = options.begin
    this.#waiting = options.waiting
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#attached) this.#attach()
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const chunk = this.#request.read() as Buffer | null
      if (chunk !== null) {
        this.taken += chunk.length
        this.#windowBytes += chunk.length
        return { done: false, value: chunk }
      }
      if (this.#request.readableEnded) return { done: true, value: undefined }
      if (this.#request.destroyed) throw new XpodError('BODY_INCOMPLETE')
      await this.#change()
    }
  }

  /** A consumer that stops early leaves the rest to whoever ends the answer. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    return { done: true, value: undefined }
  }

  /** Called at every tick of the server for bodies that somebody waits for. */
  judge(nowMs: number): void {
    const waitedMs = this.#windowWaitedMs + (nowMs - this.#waitingSinceMs)
    if (waitedMs < this.#rate.windowMs) return
    if (this.#windowBytes < (this.#rate.bytesPerSecond * waitedMs) / 1000) {
      this.#failure = new XpodError('TOO_SLOW')
      this.#notify()
    }
    this.#windowBytes = 0
    this.#windowWaitedMs = 0
    this.#waitingSinceMs = nowMs
  }

  #attach(): void {
    this.#attached = true
    const notify = (): void => this.#notify()
    this.#request.on('readable', notify).on('end', notify).on('close', notify)
    // Node reports a client that went away as an error of the request; `destroyed` says the same to next().
    this.#request.on('error', notify)
    this.#begin()
  }

  #change(): Promise<void> {
    this.#waitingSinceMs = this.#clock.monotonicMs()
    this.#waiting.add(this)
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #notify(): void {
    const wake = this.#wake
    if (wake === undefined) return
    this.#wake = undefined
    this.#waiting.delete(this)
    this.#windowWaitedMs += this.#clock.monotonicMs() - this.#waitingSinceMs
    wake()
  }
}
