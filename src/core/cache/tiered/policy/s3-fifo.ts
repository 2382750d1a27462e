// S3-FIFO (Yang and others, SOSP 2023) weighted by bytes: what is new waits in a small queue, what was asked for again moves to
// the main one, a hit costs an increment. Two things of our own: large things enter at their second request, and no group may
// hold more than a quarter while others need the room.

import type { Policy, Slot } from './contract.ts'
import { Ghosts } from './ghosts.ts'
import { type Link, Queue } from './queue.ts'

export interface S3FifoOptions {
  readonly limitBytes: number
  /** Larger things are taken in when they are asked for again. */
  readonly largeBytes?: number
  readonly onEvict?: (queue: 'small' | 'main') => void
  /** Something came in that left or was turned away not long ago. */
  readonly onGhostHit?: () => void
}

const maxHits = 3
/** Share of the bound that new things may use before they compete. */
const smallShare = 0.1
/** Of the bound: how much that is gone is remembered. */
const ghostShare = 0.9
const groupShare = 0.25

export class S3Fifo<Kept extends Slot = Slot> implements Policy<Kept> {
  readonly name = 's3-fifo'
  readonly #options: S3FifoOptions
  readonly #largeBytes: number
  readonly #small = new Queue<Slot>()
  readonly #main = new Queue<Slot>()
  readonly #ghosts: Ghosts
  readonly #groups = new Map<string, Queue<Slot>>()
  /** Groups above their share. At most four can be. */
  readonly #heavy = new Set<string>()
  #limitBytes: number

  constructor(options: S3FifoOptions) {
    this.#options = options
    this.#limitBytes = options.limitBytes
    this.#largeBytes = options.largeBytes ?? Number.POSITIVE_INFINITY
    this.#ghosts = new Ghosts(options.limitBytes * ghostShare)
  }

  get bytes(): number {
    return this.#small.bytes + this.#main.bytes
  }

  get count(): number {
    return this.#small.count + this.#main.count
  }

  get limitBytes(): number {
    return this.#limitBytes
  }

  set limitBytes(bytes: number) {
    this.#limitBytes = bytes
    this.#ghosts.maxBytes = bytes * ghostShare
    for (const group of this.#groups.keys()) this.#weigh(group)
  }

  admits(fingerprint: number, bytes: number): boolean {
    if (bytes <= this.#largeBytes || this.#ghosts.has(fingerprint)) return true
    this.#ghosts.add(fingerprint, bytes)
    return false
  }

  add(slot: Kept): void {
    const returns = this.#ghosts.delete(slot.fingerprint)
    if (returns) this.#options.onGhostHit?.()
    this.restore(slot, returns)
  }

  /** As `add`, for what was in before a restart: into the queue it stood in. */
  restore(slot: Kept, isMain: boolean): void {
    ;(isMain ? this.#main : this.#small).push(slot.link)
    let group = this.#groups.get(slot.group)
    if (group === undefined) this.#groups.set(slot.group, (group = new Queue()))
    group.push(slot.groupLink)
    this.#weigh(slot.group)
  }

  touch(slot: Kept): void {
    if (slot.hits < maxHits) slot.hits++
  }

  evict(): Kept | undefined {
    const next = this.#next()
    if (next === undefined) return undefined
    const slot = this.#fairly(next)
    const isSmall = slot.link.queue === this.#small
    if (isSmall) this.#ghosts.add(slot.fingerprint, slot.bytes)
    this.#options.onEvict?.(isSmall ? 'small' : 'main')
    this.remove(slot as Kept)
    return slot as Kept
  }

  remove(slot: Kept): void {
    if (slot.link.queue === undefined) return
    slot.link.queue.remove(slot.link)
    const group = this.#groups.get(slot.group)!
    group.remove(slot.groupLink)
    this.#weigh(slot.group)
    if (group.count === 0) this.#groups.delete(slot.group)
  }

  isMain(slot: Kept): boolean {
    return slot.link.queue === this.#main
  }

  /** What is in, each queue oldest first. Nothing may be added or taken out meanwhile. */
  *slots(): Generator<Kept> {
    for (const queue of [this.#main, this.#small]) yield* queue as Iterable<Slot> as Iterable<Kept>
  }

  /** Whose turn it is to leave; those that were asked for again are moved on until one is found. */
  #next(): Slot | undefined {
    for (;;) {
      const isSmall = this.#small.bytes > this.#limitBytes * smallShare || this.#main.count === 0
      const link: Link<Slot> | undefined = (isSmall ? this.#small : this.#main).head
      if (link === undefined) return undefined
      const slot = link.of
      if (slot.hits <= (isSmall ? 1 : 0)) return slot
      slot.hits = isSmall ? 0 : slot.hits - 1
      this.#main.push(link)
    }
  }

  /** In place of one of a modest group the oldest of a heavy one that was not asked for lately. */
  #fairly(slot: Slot): Slot {
    if (this.#heavy.size === 0 || this.#heavy.has(slot.group)) return slot
    const [name] = this.#heavy
    const group = this.#groups.get(name!)!
    for (;;) {
      const link = group.head!
      if (link.of.hits === 0) return link.of
      link.of.hits--
      group.push(link)
    }
  }

  #weigh(name: string): void {
    if (this.#groups.get(name)!.bytes > this.#limitBytes * groupShare) this.#heavy.add(name)
    else this.#heavy.delete(name)
  }
}
