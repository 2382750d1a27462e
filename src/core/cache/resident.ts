// Which of many things stay in memory under one bound of bytes: S3-FIFO (Yang and others, SOSP 2023), as queues only. What
// is new waits in a small queue; what was asked for again before it fell out moves to the main queue; a hit costs one
// increment and moves nothing. Things that fell out of the small queue are remembered for a while by a fingerprint, and come
// back straight into the main queue.
//
// The owner keeps its own maps and links the slots into them; this file only says whom to drop. Pure: no time, no chance.

/** One thing kept. The owner makes it and must not touch the links. */
export abstract class Slot {
  /** What it costs now; change it with `resize`. */
  bytes: number
  /** Hits since it was last looked at, at most 3; the owner increments through `touch`. */
  hits = 0
  queue: Queue | undefined = undefined
  before: Slot | undefined = undefined
  after: Slot | undefined = undefined

  constructor(bytes: number) {
    this.bytes = bytes
  }

  /** A 32-bit hash of what the slot is called, to recognise it when it comes back. */
  abstract fingerprint(): number
}

/** A doubly linked list with its sum of bytes; the head leaves first. */
class Queue {
  head: Slot | undefined = undefined
  tail: Slot | undefined = undefined
  bytes = 0
  count = 0

  push(slot: Slot): void {
    slot.queue = this
    slot.before = this.tail
    slot.after = undefined
    if (this.tail === undefined) this.head = slot
    else this.tail.after = slot
    this.tail = slot
    this.bytes += slot.bytes
    this.count++
  }

  remove(slot: Slot): void {
    if (slot.before === undefined) this.head = slot.after
    else slot.before.after = slot.after
    if (slot.after === undefined) this.tail = slot.before
    else slot.after.before = slot.before
    slot.queue = undefined
    slot.before = undefined
    slot.after = undefined
    this.bytes -= slot.bytes
    this.count--
  }
}

const maxHits = 3
/** Share of the bound that new things may use before they compete. */
const smallShare = 0.1
/** Fingerprints remembered for each slot in the main queue, and at least so many. */
const minGhosts = 1000

export function touch(slot: Slot): void {
  if (slot.hits < maxHits) slot.hits++
}

export class Residents<Kept extends Slot> {
  readonly maxBytes: number
  readonly #drop: (slot: Kept) => void
  readonly #small = new Queue()
  readonly #main = new Queue()
  readonly #ghosts = new Set<number>()

  /** `drop` is told of each slot that must go, after it has left the queues. */
  constructor(maxBytes: number, drop: (slot: Kept) => void) {
    this.maxBytes = maxBytes
    this.#drop = drop
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  get count(): number {
    return this.#small.count + this.#main.count
  }

  /** Takes a slot in. Others leave when the bound is passed; itself too, when it alone is over it. */
  add(slot: Kept): void {
    const known = this.#ghosts.delete(slot.fingerprint())
    ;(known ? this.#main : this.#small).push(slot)
    this.#shrink()
  }

  /** Takes a slot out without telling `drop`. */
  remove(slot: Kept): void {
    slot.queue?.remove(slot)
  }

  resize(slot: Kept, bytes: number): void {
    if (slot.queue === undefined) return
    slot.queue.bytes += bytes - slot.bytes
    slot.bytes = bytes
    this.#shrink()
  }

  #shrink(): void {
    while (this.bytes > this.maxBytes) {
      if (this.#small.bytes > this.maxBytes * smallShare || this.#main.count === 0) this.#shrinkSmall()
      else this.#shrinkMain()
    }
  }

  #shrinkSmall(): void {
    const slot = this.#small.head as Kept
    this.#small.remove(slot)
    if (slot.hits > 1) {
      slot.hits = 0
      this.#main.push(slot)
      return
    }
    this.#remember(slot.fingerprint())
    this.#drop(slot)
  }

  #shrinkMain(): void {
    const slot = this.#main.head as Kept
    this.#main.remove(slot)
    if (slot.hits === 0) return this.#drop(slot)
    slot.hits--
    this.#main.push(slot)
  }

  #remember(fingerprint: number): void {
    this.#ghosts.add(fingerprint)
    if (this.#ghosts.size <= Math.max(minGhosts, this.#main.count)) return
    for (const oldest of this.#ghosts) {
      this.#ghosts.delete(oldest)
      return
    }
  }
}
