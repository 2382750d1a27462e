// The one that was not asked for longest leaves. A shadow: it shows what the policy that serves is worth.

import type { Policy, Slot } from './contract.ts'
import { Queue } from './queue.ts'

export class Lru<Kept extends Slot = Slot> implements Policy<Kept> {
  readonly name = 'lru'
  limitBytes: number
  readonly #queue = new Queue<Slot>()

  constructor(options: { readonly limitBytes: number }) {
    this.limitBytes = options.limitBytes
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  get count(): number {
    return this.#queue.count
  }

  admits(): boolean {
    return true
  }

  add(slot: Kept): void {
    this.#queue.push(slot.link)
  }

  touch(slot: Kept): void {
    this.#queue.push(slot.link)
  }

  evict(): Kept | undefined {
    const slot = this.#queue.head?.of as Kept | undefined
    if (slot !== undefined) this.remove(slot)
    return slot
  }

  remove(slot: Kept): void {
    slot.link.queue?.remove(slot.link)
  }
}
