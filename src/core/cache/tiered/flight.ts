// One block on its way from the object store, and everybody who waits for it. Its chunks stay as they come and are read while
// more of them arrive. It belongs to no reader: it goes on as long as somebody is left, or when half of it is here and it is to
// be kept.

import type { Block } from './block.ts'

/**
 * waiting: for memory · running · complete: all of it is in memory · landed: it is on the disk · failed · crowded: there is no
 * memory for it, everybody fetches for himself.
 */
export type FlightState = 'waiting' | 'running' | 'complete' | 'landed' | 'failed' | 'crowded'

/** What a reader wants of a block besides its bytes. */
export interface Wish {
  /** That it lands on the disk. */
  readonly isKept: boolean
  /** Of the whole object. */
  readonly sha256?: Uint8Array | undefined
}

/** Somebody who waits; woken after each change, without a promise for those who do not. */
export class Waker {
  #wake: (() => void) | undefined

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

export class Flight {
  readonly block: Block
  readonly abort = new AbortController()
  state: FlightState = 'waiting'
  /** Of the whole object, where it is known. */
  readonly sha256: Uint8Array | undefined
  /** It is to land on the disk. */
  isKept: boolean
  /** It must not, whoever wishes it: it is not what it should be, or is not wanted any more. */
  isRefused = false
  received = 0
  failure: unknown
  readonly #readers = new Set<Waker>()
  #chunks: Uint8Array[] = []
  /** Where each chunk begins. */
  #starts: number[] = []

  constructor(block: Block, { isKept, sha256 }: Wish) {
    this.block = block
    this.isKept = isKept
    this.sha256 = sha256
  }

  /** All of the object is in this block, so that its hash can be compared before anybody has the end of it. */
  get isCompared(): boolean {
    return this.sha256 !== undefined && this.block.length === this.block.objectBytes
  }

  get readers(): number {
    return this.#readers.size
  }

  get chunks(): readonly Uint8Array[] {
    return this.#chunks
  }

  enter(reader: Waker): void {
    this.#readers.add(reader)
  }

  /** True when it was in. */
  leave(reader: Waker): boolean {
    return this.#readers.delete(reader)
  }

  refuse(): void {
    this.isKept = false
    this.isRefused = true
  }

  /** Takes the next bytes; returns false when they are more than the block has. */
  add(chunk: Uint8Array): boolean {
    if (this.received + chunk.length > this.block.length) return false
    if (chunk.length === 0) return true
    this.#starts.push(this.received)
    this.#chunks.push(chunk)
    this.received += chunk.length
    this.#wakeAll()
    return true
  }

  become(state: FlightState, failure?: unknown): void {
    this.state = state
    this.failure = failure
    // Readers go on from the disk, or not at all: a slow one keeps no memory.
    if (state === 'landed' || state === 'failed') {
      this.#chunks = []
      this.#starts = []
    }
    this.#wakeAll()
  }

  /** What is here from this offset in the block on, up to the end of a chunk. Undefined when it has not come yet. */
  read(from: number): Uint8Array | undefined {
    if (from >= this.received || this.#chunks.length === 0) return undefined
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= from) low = middle
      else high = middle - 1
    }
    const isHeldBack = this.isCompared && this.state === 'running' && low === this.#chunks.length - 1
    return isHeldBack ? undefined : this.#chunks[low]!.subarray(from - this.#starts[low]!)
  }

  #wakeAll(): void {
    for (const reader of this.#readers) reader.wake()
  }
}
