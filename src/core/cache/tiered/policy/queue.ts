// A doubly linked list with its sum of bytes; the head leaves first. Links are made once for each thing and only moved, so
// that the work of a request allocates nothing. A thing stands in several lists by having several links.

export class Link<Of> {
  readonly of: Of
  queue: Queue | undefined = undefined
  before: Link<Of> | undefined = undefined
  after: Link<Of> | undefined = undefined

  constructor(of: Of) {
    this.of = of
  }
}

/** What a list must know of the things in it. */
interface Weighed {
  readonly bytes: number
}

export class Queue<Of extends Weighed = Weighed> {
  head: Link<Of> | undefined = undefined
  tail: Link<Of> | undefined = undefined
  bytes = 0
  count = 0

  /** Puts it at the end, out of the list it stood in. */
  push(link: Link<Of>): void {
    link.queue?.remove(link)
    link.queue = this as Queue
    link.before = this.tail
    if (this.tail === undefined) this.head = link
    else this.tail.after = link
    this.tail = link
    this.bytes += link.of.bytes
    this.count++
  }

  remove(link: Link<Of>): void {
    if (link.before === undefined) this.head = link.after
    else link.before.after = link.after
    if (link.after === undefined) this.tail = link.before
    else link.after.before = link.before
    link.queue = undefined
    link.before = undefined
    link.after = undefined
    this.bytes -= link.of.bytes
    this.count--
  }

  /** Oldest first. The list must not change meanwhile. */
  *[Symbol.iterator](): Generator<Of> {
    for (let link = this.head; link !== undefined; link = link.after) yield link.of
  }
}
