// One fetch for all who want a block at the same time. A fetch that breaks off goes on where it stopped while somebody waits;
// how many bytes are on their way and in memory at once is bounded. What is to be kept is laid on the shelf when all of it is
// here, and only then forgotten here, so there is no moment in which a second fetch would begin.

import { createHash, type Hash } from 'node:crypto'

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { ObjectStore } from '../../objects/object-store.ts'
import type { Block } from './block.ts'
import type { Counts } from './counts.ts'
import { Flight, type Waker, type Wish } from './flight.ts'
import type { Shelf } from './shelf.ts'

export interface FlightsParts {
  readonly inner: ObjectStore
  readonly shelf: Shelf
  readonly counts: Counts
  readonly clock: Clock
  readonly log: Log
  /** All blocks that are on their way or read from memory, together. */
  readonly memoryBytes: number
  /** The last block of an object of several has landed, and nobody has compared their content with the hash of the whole. */
  readonly onWhole: (key: string, sha256: Uint8Array) => void
}

/** A fetch is begun again at most so often, each time only if the one before brought something. */
const maxAttempts = 4

export class Flights implements AsyncDisposable {
  readonly #parts: FlightsParts
  readonly #flights = new Map<string, Flight>()
  /** They wait for memory, in order. */
  readonly #waiting = new Set<Flight>()
  readonly #running = new Set<Promise<void>>()
  /** Being fetched, also those that nobody can join any more. */
  readonly #fetching = new Set<Flight>()
  #freeBytes: number
  #landing = 0

  constructor(parts: FlightsParts) {
    this.#parts = parts
    this.#freeBytes = parts.memoryBytes
  }

  /** Half of the memory is free: there is some for blocks that nobody waits for yet. */
  get hasSpare(): boolean {
    return this.#freeBytes * 2 > this.#parts.memoryBytes
  }

  /** Memory for something else that is on its way. */
  take(bytes: number): boolean {
    if (bytes > this.#freeBytes) return false
    this.#freeBytes -= bytes
    return true
  }

  give(bytes: number): void {
    this.#freeBytes += bytes
    this.#startWaiting()
  }

  find(block: Block): Flight | undefined {
    return this.#flights.get(block.name)
  }

  /** Joins the flight of a block, or begins one. Leave it, once. */
  join(block: Block, reader: Waker, wish: Wish): Flight {
    let flight = this.#flights.get(block.name)
    if (flight === undefined) {
      flight = new Flight(block, wish)
      this.#parts.shelf.doubt(block.key)
      flight.enter(reader)
      this.#flights.set(block.name, flight)
      this.#waiting.add(flight)
      this.#startWaiting()
      return flight
    }
    flight.enter(reader)
    this.#parts.counts.joined.add()
    if (wish.isKept) this.keep(flight)
    return flight
  }

  /** It shall land on the disk after all. */
  keep(flight: Flight): void {
    if (flight.isKept || flight.isRefused) return
    flight.isKept = true
    if (flight.state === 'complete') this.#track(this.#land(flight))
  }

  leave(flight: Flight, reader: Waker): void {
    if (flight.leave(reader)) this.#settle(flight)
  }

  /** What is on its way of an object that was deleted, or came damaged, is not kept, and nobody joins it any more. */
  forget(key: string): void {
    for (const flight of this.#flights.values()) {
      if (flight.block.key !== key) continue
      flight.refuse()
      this.#drop(flight)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#flights.values(), ...this.#fetching]
    for (const flight of all) flight.abort.abort(new XpodError('SHUTTING_DOWN'))
    await Promise.allSettled(this.#running)
  }

  #track(work: Promise<void>): void {
    this.#running.add(work)
    void work.finally(() => this.#running.delete(work))
  }

  /** Begins what there is memory for; when none will come by itself, the rest is told so. */
  #startWaiting(): void {
    for (const flight of this.#waiting) {
      if (flight.block.length > this.#freeBytes && this.#landing > 0) return
      this.#waiting.delete(flight)
      if (flight.block.length > this.#freeBytes) {
        this.#parts.shelf.reject('crowded')
        this.#drop(flight)
        flight.become('crowded')
      } else {
        this.#freeBytes -= flight.block.length
        flight.become('running')
        this.#track(this.#run(flight))
      }
    }
  }

  async #run(flight: Flight): Promise<void> {
    const { clock, counts } = this.#parts
    const startMs = clock.monotonicMs()
    this.#fetching.add(flight)
    try {
      const isRight = await this.#fetch(flight)
      if (!isRight) flight.refuse()
      counts.fillSeconds.observe((clock.monotonicMs() - startMs) / 1000)
    } catch (error) {
      this.#end(flight)
      flight.become('failed', error)
      return
    } finally {
      this.#fetching.delete(flight)
    }
    flight.become('complete')
    if (flight.isKept) await this.#land(flight)
    else this.#settle(flight)
  }

  /** True when what came is all of it. An object that is shorter than was said is complete, and not kept. */
  async #fetch(flight: Flight): Promise<boolean> {
    const { block, sha256 } = flight
    const hash = flight.isCompared ? createHash('sha256') : undefined
    for (let attempt = 1; ; attempt++) {
      const before = flight.received
      try {
        await this.#fetchRest(flight, hash)
      } catch (error) {
        const goesOn = attempt < maxAttempts && flight.received > before && !flight.abort.signal.aborted
        if (!goesOn) throw error
        this.#parts.log.debug('cache.resume', { key: block.key, at: flight.received })
        continue
      }
      if (flight.received === block.length) break
      if (flight.received === before || attempt >= maxAttempts) return false
    }
    if (hash === undefined || hash.digest().equals(sha256!)) return true
    this.#parts.shelf.reject('mismatch')
    throw new XpodError('CORRUPT', 'what came is not what its hash says')
  }

  async #fetchRest(flight: Flight, hash: Hash | undefined): Promise<void> {
    const { inner, shelf, counts } = this.#parts
    const { key, number, length } = flight.block
    const start = shelf.layout.startOf(number)
    const { signal } = flight.abort
    counts.asked('get')
    const range = { start: start + flight.received, end: start + length - 1 }
    for await (const chunk of await inner.get(key, range, signal)) {
      signal.throwIfAborted()
      if (!flight.add(chunk)) throw new XpodError('CORRUPT', 'the object store sent more than was asked for')
      hash?.update(chunk)
    }
  }

  async #land(flight: Flight): Promise<void> {
    const { shelf, onWhole } = this.#parts
    const { block, sha256 } = flight
    this.#landing++
    const isHere = await shelf.keep(block, flight.chunks)
    this.#landing--
    if (isHere) {
      const isOpen = sha256 !== undefined && !flight.isCompared && !shelf.isProven(block.key)
      if (isOpen && shelf.hasAll(block.key)) onWhole(block.key, sha256)
      this.#end(flight)
      flight.become('landed')
    } else {
      flight.isKept = false
      this.#settle(flight)
      this.#startWaiting()
    }
  }

  /** After somebody left or something ended: a flight that nobody needs any more is over. */
  #settle(flight: Flight): void {
    if (flight.readers > 0) return
    if (flight.state === 'waiting') {
      this.#waiting.delete(flight)
      this.#drop(flight)
    } else if (flight.state === 'running') {
      const isWorthIt = flight.isKept && flight.received * 2 >= flight.block.length
      if (isWorthIt) return
      this.#drop(flight)
      flight.abort.abort(new XpodError('SHUTTING_DOWN', 'nobody waits for it'))
    } else if (flight.state === 'complete' && !flight.isKept) this.#end(flight)
  }

  /** Nobody finds it any more. */
  #drop(flight: Flight): void {
    if (this.#flights.get(flight.block.name) === flight) this.#flights.delete(flight.block.name)
  }

  #end(flight: Flight): void {
    this.#drop(flight)
    this.#freeBytes += flight.block.length
    this.#startWaiting()
  }
}
