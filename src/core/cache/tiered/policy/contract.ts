// What decides which things a bounded cache keeps. A policy is told of requests and additions, and names who leaves; it holds
// no content and does nothing else: no time, no chance, no I/O. So the one that serves, its shadows and the bench run the
// same code.

import { Link } from './queue.ts'

/** One thing that is kept. The policy owns the links and the hits. */
export class Slot {
  /** A 32-bit hash of what it is called, to recognise it when it comes back. */
  readonly fingerprint: number
  /** Whose it is, where one group may not take everything. */
  readonly group: string
  readonly bytes: number
  hits = 0
  readonly link: Link<Slot> = new Link<Slot>(this)
  readonly groupLink: Link<Slot> = new Link<Slot>(this)

  constructor(what: { readonly fingerprint: number; readonly group: string; readonly bytes: number }) {
    this.fingerprint = what.fingerprint
    this.group = what.group
    this.bytes = what.bytes
  }
}

export interface Policy<Kept extends Slot = Slot> {
  readonly name: string
  /** Of all that is in. */
  readonly bytes: number
  readonly count: number
  /** What the owner means to keep; the owner evicts until it is kept. */
  limitBytes: number
  /** Somebody asked for something that is not in: whether it is to be taken in. Asking counts as a request. */
  admits(fingerprint: number, bytes: number): boolean
  add(slot: Kept): void
  /** Somebody asked for something that is in. */
  touch(slot: Kept): void
  /** Takes out and names what should leave next. */
  evict(): Kept | undefined
  /** Takes out what left for another reason; what is not in is no error. */
  remove(slot: Kept): void
}
