// One budget of memory for all uploads to an object store (rule 23). A part of an upload grows while its bytes arrive, so a
// slow sender holds what it sent and not a whole part. Never beyond the limit; waiters come first in, first out and give up
// after a while. One part at a time may use the reserve, which is as large as the largest part: so at least one part can
// always be completed, sent and freed, and uploads that wait for each other's memory cannot all stand still.

import assert from 'node:assert/strict'

import { MiB } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'

export interface UploadMemoryOptions {
  readonly clock: Clock
  readonly limitBytes?: number
  readonly reserveBytes?: number
  readonly maxWaitMs?: number
  readonly maxWaiting?: number
}

export interface PartMemory {
  /** Resolves when so many more bytes may be held. Throws OVERLOADED, or the signal's reason. */
  grow(bytes: number, signal: AbortSignal): Promise<void>
  /** Gives all of it back; more than once does no harm. */
  free(): void
}

interface Part {
  bytes: number
}
interface Waiter {
  readonly part: Part
  readonly bytes: number
  readonly granted: () => void
}

export class UploadMemory {
  readonly #clock: Clock
  readonly #limitBytes: number
  readonly #reserveBytes: number
  readonly #maxWaitMs: number
  readonly #maxWaiting: number
  readonly #waiting = new Set<Waiter>()
  #usedBytes = 0
  #holder: Part | undefined

  constructor(options: UploadMemoryOptions) {
    this.#clock = options.clock
    this.#limitBytes = options.limitBytes ?? 256 * MiB
    this.#reserveBytes = options.reserveBytes ?? 64 * MiB
    this.#maxWaitMs = options.maxWaitMs ?? 30_000
    this.#maxWaiting = options.maxWaiting ?? 1000
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  open(): PartMemory {
    const part: Part = { bytes: 0 }
    return {
      grow: (bytes, signal) => this.#grow(part, bytes, signal),
      free: () => {
        this.#usedBytes -= part.bytes
        part.bytes = 0
        if (this.#holder === part) this.#holder = undefined
        this.#serve()
      },
    }
  }

  async #grow(part: Part, bytes: number, signal: AbortSignal): Promise<void> {
    assert(part.bytes + bytes <= this.#reserveBytes, 'a part is larger than the reserve')
    signal.throwIfAborted()
    if (this.#holder === part || (this.#waiting.size === 0 && this.#fits(bytes))) return this.#take(part, bytes)
    if (this.#waiting.size >= this.#maxWaiting) throw new XpodError('OVERLOADED', 'too many uploads')
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = { part, bytes, granted: resolve }
    const give = (reason: unknown) => (): void => {
      this.#waiting.delete(waiter)
      reject(reason as Error)
      this.#serve()
    }
    const cancel = this.#clock.after(this.#maxWaitMs, give(new XpodError('OVERLOADED', 'too many uploads')))
    const onAbort = (): void => give(signal.reason)()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiting.add(waiter)
    this.#serve()
    try {
      await promise
    } finally {
      cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Without the reserve, and without the part that uses it. */
  #fits(bytes: number): boolean {
    const others = this.#usedBytes - (this.#holder?.bytes ?? 0)
    return others + bytes <= this.#limitBytes - this.#reserveBytes
  }

  #take(part: Part, bytes: number): void {
    part.bytes += bytes
    this.#usedBytes += bytes
  }

  #serve(): void {
    for (const waiter of this.#waiting) {
      if (!this.#fits(waiter.bytes)) {
        if (this.#holder !== undefined) return
        this.#holder = waiter.part
      }
      this.#waiting.delete(waiter)
      this.#take(waiter.part, waiter.bytes)
      waiter.granted()
    }
  }
}
