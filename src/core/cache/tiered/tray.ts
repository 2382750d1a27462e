// A copy of what is being stored, laid aside block by block while it goes by. It becomes part of the cache when the object
// store has taken it, and is gone when that failed. It holds two blocks in memory at most, and gives up rather than keep
// the sender waiting: for memory, for room or for a disk that is in trouble.

import { Block, type Layout } from './block.ts'
import type { Draft, Shelf } from './shelf.ts'

/** Memory that many share. */
export interface Memory {
  take(bytes: number): boolean
  give(bytes: number): void
}

export interface TrayOptions {
  readonly key: string
  readonly shelf: Shelf
  readonly memory: Memory
  /** Larger objects are not copied while they are written; reading brings the blocks that are wanted. */
  readonly maxBytes: number
}

export class Tray {
  readonly key: string
  readonly #options: TrayOptions
  readonly #layout: Layout
  #drafts: Draft[] = []
  #chunks: Uint8Array[] = []
  /** In `#chunks`. */
  #bytes = 0
  #size = 0
  #hasGivenUp = false
  #writing: Promise<void> = Promise.resolve()

  constructor(options: TrayOptions) {
    this.key = options.key
    this.#options = options
    this.#layout = options.shelf.layout
  }

  /** Passes the body on and keeps a copy. */
  async *copy(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of body) {
      for (let at = 0; at < chunk.length && !this.#hasGivenUp; ) {
        const taken = chunk.subarray(at, at + this.#layout.blockBytes - this.#bytes)
        await this.#add(taken)
        at += taken.length
      }
      yield chunk
    }
  }

  /** The object is stored. */
  async keep(size: number): Promise<void> {
    await this.#writing
    this.#flush()
    await this.#writing
    if (size !== this.#size) this.giveUp()
    for (let number = 0; this.#drafts.length > 0 && !this.#hasGivenUp; number++) {
      const block = new Block(this.#layout, { key: this.key, number, objectBytes: size })
      await this.#options.shelf.publish(block, this.#drafts.shift()!)
    }
    // These are the very bytes that the store has hashed.
    if (!this.#hasGivenUp) this.#options.shelf.prove(this.key)
    await this.discard()
  }

  /** The object is not stored, or the copy is not whole. */
  async discard(): Promise<void> {
    this.giveUp()
    await this.#writing
    for (const draft of this.#drafts.splice(0)) await this.#options.shelf.discard(draft)
  }

  /** Nothing more is copied or becomes part of the cache. */
  giveUp(): void {
    this.#hasGivenUp = true
    this.#options.memory.give(this.#bytes)
    this.#chunks = []
    this.#bytes = 0
  }

  async #add(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length
    if (this.#size > this.#options.maxBytes || !this.#options.memory.take(bytes.length)) return this.giveUp()
    this.#chunks.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes < this.#layout.blockBytes) return
    await this.#writing
    this.#flush()
  }

  #flush(): void {
    if (this.#bytes === 0) return
    this.#writing = this.#write(this.#chunks, this.#bytes)
    this.#chunks = []
    this.#bytes = 0
  }

  async #write(chunks: readonly Uint8Array[], bytes: number): Promise<void> {
    const draft = await this.#options.shelf.draft(chunks)
    this.#options.memory.give(bytes)
    if (draft === undefined) this.giveUp()
    else this.#drafts.push(draft)
  }
}
