// One reader of one object or of a part of it. For each block it takes the best way there is: from the disk, checked; else
// together with everybody who wants it now; else, for a small part of a large object asked for once or when memory is short,
// from the object store by itself. It decides again for each piece, so a disk that fails half-way is not noticed outside.

import { createHash, type Hash } from 'node:crypto'

import { XpodError } from '../../../base/errors.ts'
import type { ObjectStore, ReadHints } from '../../objects/object-store.ts'
import { Block } from './block.ts'
import type { ClassCounts, Counts } from './counts.ts'
import { endOfRead } from './disk/block-files.ts'
import { type Flight, Waker } from './flight.ts'
import type { Flights } from './flights.ts'
import type { Shelf } from './shelf.ts'

export interface ReaderParts {
  readonly inner: ObjectStore
  readonly shelf: Shelf
  readonly flights: Flights
  readonly counts: Counts
  /** The content of an object is not what its hash says. */
  readonly onMismatch: (key: string) => Promise<void>
}

export interface Span {
  readonly key: string
  readonly objectBytes: number
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly hints: ReadHints
}

/** Blocks fetched ahead of a reader that goes through an object, once it has shown that it does. */
const maxAhead = 3
/** Reads of the disk begun and not handed out yet. */
const maxComing = 2
/** Blocks that vanish from the disk under a reader until it takes them from the object store by itself. */
const maxLosses = 2

export class Reader {
  readonly #parts: ReaderParts
  readonly #span: Span
  readonly #signal: AbortSignal
  readonly #waker = new Waker()
  readonly #counts: ClassCounts
  #at: number
  #block: Block | undefined
  #mayKeep = false
  #flight: Flight | undefined
  readonly #ahead = new Map<number, Flight>()
  /** Pieces from the disk, in order: one is read while the one before is checked and the one before that is on its way out. */
  #coming: { readonly at: number; readonly piece: Promise<Uint8Array | undefined> }[] = []
  /** Its own request, up to the end of the block. */
  #own: AsyncIterator<Uint8Array> | undefined
  #blocksRead = 0
  #losses = 0
  /** Of an object of several blocks that is read from its beginning, and of which some are or will be here. */
  #hash: Hash | undefined
  /** Whether this block has been counted as a hit or a miss. */
  #isCounted = false

  constructor(parts: ReaderParts, span: Span, signal: AbortSignal) {
    this.#parts = parts
    this.#span = span
    this.#signal = signal
    this.#counts = parts.counts.of(span.objectBytes)
    this.#at = span.start
  }

  async *read(): AsyncGenerator<Uint8Array, void> {
    const onAbort = (): void => this.#leave()
    this.#signal.addEventListener('abort', onAbort, { once: true })
    try {
      while (this.#at < this.#span.end) {
        this.#signal.throwIfAborted()
        if (this.#block === undefined || this.#at >= this.#endOf(this.#block)) this.#enter()
        const piece = await this.#piece()
        // Shorter than was said: the end, as the object store has it.
        if (piece === undefined) break
        this.#at += piece.length
        this.#hash?.update(piece)
        if (this.#at === this.#span.objectBytes) await this.#prove()
        yield piece
      }
      if (this.#at < this.#span.end) await this.#prove()
    } finally {
      this.#signal.removeEventListener('abort', onAbort)
      this.#leave()
    }
  }

  /** Comes to the next block. */
  #enter(): void {
    const { shelf } = this.#parts
    const { key, objectBytes, hints } = this.#span
    this.#leaveBlock()
    const number = shelf.layout.numberAt(this.#at)
    const block = new Block(shelf.layout, { key, number, objectBytes })
    this.#block = block
    this.#mayKeep = false
    if (hints.isScan !== true) this.#mayKeep = shelf.ask(block)
    else if (!shelf.has(block)) shelf.reject('scan')
    this.#isCounted = false
    if (this.#at === 0 && this.#isToProve()) this.#hash = createHash('sha256')
    this.#takeAhead(number)
    this.#lookAhead(number)
    this.#blocksRead++
  }

  /** What is one block has been compared when it was fetched. */
  #isToProve(): boolean {
    const { shelf } = this.#parts
    const { key, objectBytes, end, hints } = this.#span
    const isWholeRead = end === objectBytes && objectBytes > shelf.layout.blockBytes
    const isOrWillBeHere = this.#mayKeep || shelf.sizeOf(key) !== undefined
    const isKnown = shelf.isProven(key) && shelf.hasAll(key)
    return hints.sha256 !== undefined && isWholeRead && isOrWillBeHere && !isKnown
  }

  /** Before the last piece is out: what is damaged never looks complete, and is not here any more when it is read again. */
  async #prove(): Promise<void> {
    const { shelf, onMismatch } = this.#parts
    const { key, hints } = this.#span
    if (this.#hash === undefined) return
    if (this.#hash.digest().equals(hints.sha256!)) return shelf.prove(key)
    await onMismatch(key)
    throw new XpodError('CORRUPT', 'what came is not what its hash says')
  }

  /** What was fetched ahead for this block, unless that came to nothing. */
  #takeAhead(number: number): void {
    const flight = this.#ahead.get(number)
    if (flight === undefined) return
    this.#ahead.delete(number)
    this.#flight = flight
    if (flight.state === 'failed' || flight.state === 'crowded') this.#leaveFlight()
    else if (this.#mayKeep) this.#parts.flights.keep(flight)
  }

  async #piece(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#signal.throwIfAborted()
      if (this.#own !== undefined) return this.#fromOwn(this.#own)
      if (this.#flight === undefined) {
        const piece = await this.#fromDisk()
        if (piece !== undefined) return piece
        if (!this.#join()) continue
      }
      const piece = await this.#fromFlight(this.#flight!)
      if (piece !== 'elsewhere') return piece
    }
  }

  async #fromDisk(): Promise<Uint8Array | undefined> {
    const block = this.#block!
    const isThere = this.#parts.shelf.has(block)
    if (this.#coming[0]?.at !== this.#at) this.#coming = []
    this.#readAhead(block)
    const piece = await this.#coming.shift()!.piece
    this.#signal.throwIfAborted()
    if (piece === undefined) {
      this.#coming = []
      if (isThere) this.#lose()
      return undefined
    }
    this.#count('hits')
    this.#counts.bytesHit.add(piece.length)
    return piece
  }

  /** It was here and cannot be had: whoever fetches it now keeps it again. */
  #lose(): void {
    this.#losses++
    this.#mayKeep = this.#span.hints.isScan !== true
  }

  #readAhead(block: Block): void {
    const start = this.#startOf(block)
    const end = this.#endOf(block) - start
    while (this.#coming.length < maxComing) {
      const last = this.#coming.at(-1)
      const from = last === undefined ? this.#at - start : endOfRead(last.at - start)
      if (from >= end) return
      this.#coming.push({ at: start + from, piece: this.#parts.shelf.read(block, from, end) })
    }
  }

  /** Joins or begins a flight. False when this reader goes by itself. */
  #join(): boolean {
    const { flights } = this.#parts
    const block = this.#block!
    const isHalf = (this.#endOf(block) - this.#at) * 2 >= block.length
    const isShared = flights.find(block) !== undefined
    if (this.#losses >= maxLosses || !(isShared || isHalf || this.#mayKeep)) {
      this.#goAlone()
      return false
    }
    this.#flight = flights.join(block, this.#waker, { isKept: this.#mayKeep, sha256: this.#span.hints.sha256 })
    return true
  }

  /** `elsewhere`: look for another way. */
  async #fromFlight(flight: Flight): Promise<Uint8Array | undefined | 'elsewhere'> {
    const from = this.#at - this.#startOf(flight.block)
    for (;;) {
      if (flight.state === 'landed' || flight.state === 'crowded') {
        this.#leaveFlight()
        if (flight.state === 'crowded') this.#goAlone()
        return 'elsewhere'
      }
      if (flight.state === 'failed') throw flight.failure
      const bytes = flight.read(from)
      if (bytes !== undefined) {
        const piece = bytes.subarray(0, this.#endOf(flight.block) - this.#at)
        this.#count('misses')
        this.#counts.bytesMiss.add(piece.length)
        return piece
      }
      if (flight.state === 'complete') return undefined
      await this.#waker.wait()
      this.#signal.throwIfAborted()
    }
  }

  async #fromOwn(own: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
    const { done, value } = await own.next()
    if (done === true) return undefined
    this.#count('misses')
    this.#counts.bytesMiss.add(value.length)
    return value
  }

  #goAlone(): void {
    this.#own = fetchAlone(this.#parts, this.#span.key, {
      range: { start: this.#at, end: this.#endOf(this.#block!) - 1 },
      signal: this.#signal,
    })
  }

  /** Fetches the blocks behind this one, where there is memory for it. */
  #lookAhead(number: number): void {
    const { shelf, flights } = this.#parts
    const { key, objectBytes, end, hints } = this.#span
    const last = Math.min(shelf.layout.numberAt(end - 1), number + Math.min(1 + this.#blocksRead, maxAhead))
    for (let next = number + 1; next <= last && flights.hasSpare; next++) {
      const block = new Block(shelf.layout, { key, number: next, objectBytes })
      if (this.#ahead.has(next) || shelf.has(block)) continue
      // Asked for when the reader comes to it; who only looks ahead neither counts nor keeps.
      this.#ahead.set(next, flights.join(block, this.#waker, { isKept: false, sha256: hints.sha256 }))
    }
  }

  #count(kind: 'hits' | 'misses'): void {
    if (!this.#isCounted) this.#counts[kind].add()
    this.#isCounted = true
  }

  #startOf(block: Block): number {
    return this.#parts.shelf.layout.startOf(block.number)
  }

  /** Of what is wanted of the block. */
  #endOf(block: Block): number {
    return Math.min(this.#startOf(block) + block.length, this.#span.end)
  }

  #leaveFlight(): void {
    if (this.#flight !== undefined) this.#parts.flights.leave(this.#flight, this.#waker)
    this.#flight = undefined
  }

  #leaveBlock(): void {
    this.#leaveFlight()
    this.#coming = []
    void this.#own?.return?.()
    this.#own = undefined
    this.#block = undefined
  }

  #leave(): void {
    this.#leaveBlock()
    for (const flight of this.#ahead.values()) this.#parts.flights.leave(flight, this.#waker)
    this.#ahead.clear()
    this.#waker.wake()
  }
}

async function* fetchAlone(
  { inner, counts }: ReaderParts,
  key: string,
  request: { readonly range: { readonly start: number; readonly end: number }; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  counts.asked('get')
  yield* await inner.get(key, request.range, request.signal)
}
