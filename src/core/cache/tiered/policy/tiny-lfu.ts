// W-TinyLFU (Einziger and others, 2017) in its plain form: a window of 1 % by LRU, the rest by LRU behind a gate that lets in
// what was asked for more often than who would leave for it. Counts are a sketch that forgets by halving. A shadow: it wins
// where what is popular stays popular, and loses badly where it drifts.

import type { Policy, Slot } from './contract.ts'
import { Queue } from './queue.ts'

const windowShare = 0.01
const rows = 4
const maxCount = 15

export class TinyLfu<Kept extends Slot = Slot> implements Policy<Kept> {
  readonly name = 'w-tinylfu'
  limitBytes: number
  readonly #window = new Queue<Slot>()
  readonly #main = new Queue<Slot>()
  readonly #sketch: Sketch

  /** `counters`: a power of two, some eight for each thing that fits. */
  constructor(options: { readonly limitBytes: number; readonly counters: number }) {
    this.limitBytes = options.limitBytes
    this.#sketch = new Sketch(options.counters)
  }

  get bytes(): number {
    return this.#window.bytes + this.#main.bytes
  }

  get count(): number {
    return this.#window.count + this.#main.count
  }

  admits(fingerprint: number): boolean {
    this.#sketch.add(fingerprint)
    return true
  }

  add(slot: Kept): void {
    this.#window.push(slot.link)
  }

  touch(slot: Kept): void {
    this.#sketch.add(slot.fingerprint)
    ;(slot.link.queue === this.#main ? this.#main : this.#window).push(slot.link)
  }

  evict(): Kept | undefined {
    const slot = this.#next() as Kept | undefined
    if (slot !== undefined) this.remove(slot)
    return slot
  }

  remove(slot: Kept): void {
    slot.link.queue?.remove(slot.link)
  }

  #next(): Slot | undefined {
    while (this.#window.head !== undefined && this.#window.bytes >= this.limitBytes * windowShare) {
      const candidate = this.#window.head
      const victim = this.#main.head
      if (victim !== undefined && this.#main.bytes + candidate.of.bytes > this.limitBytes * (1 - windowShare)) {
        const isBetter = this.#sketch.count(candidate.of.fingerprint) > this.#sketch.count(victim.of.fingerprint)
        return isBetter ? victim.of : candidate.of
      }
      this.#main.push(candidate)
    }
    return (this.#main.head ?? this.#window.head)?.of
  }
}

/** How often each of many was seen lately, never too little by collisions alone. */
class Sketch {
  readonly #counters: Uint8Array
  #added = 0

  constructor(counters: number) {
    this.#counters = new Uint8Array(counters)
  }

  add(fingerprint: number): void {
    for (let row = 0; row < rows; row++) {
      const at = this.#at(fingerprint, row)
      if (this.#counters[at]! < maxCount) this.#counters[at]!++
    }
    if (++this.#added < this.#counters.length) return
    for (let at = 0; at < this.#counters.length; at++) this.#counters[at]! >>= 1
    this.#added >>= 1
  }

  count(fingerprint: number): number {
    let least = maxCount
    for (let row = 0; row < rows; row++) least = Math.min(least, this.#counters[this.#at(fingerprint, row)]!)
    return least
  }

  #at(fingerprint: number, row: number): number {
    let hash = Math.imul(fingerprint ^ Math.imul(row + 1, 0x9e3779b9), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
    return (hash ^ (hash >>> 13)) & (this.#counters.length - 1)
  }
}
