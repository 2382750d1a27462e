// The ObjectStore that callers see: each operation goes to the object store first, and the cache learns of it. Only whole
// answers of the store count; what it does not have is remembered for seconds, so that a hole in it does not become a storm.

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { ObjectStore, PutOptions, ReadHints, StoredObject } from '../../objects/object-store.ts'
import { ExpiringCache } from '../expiring.ts'
import { isCacheable } from './block.ts'
import type { CacheSize, TieredObjects } from './contract.ts'
import type { Counts } from './counts.ts'
import type { Flights } from './flights.ts'
import type { Keeper } from './keeper.ts'
import { Reader } from './reader.ts'
import type { Shelf } from './shelf.ts'
import { Tray } from './tray.ts'

export interface TieredParts {
  readonly inner: ObjectStore
  readonly shelf: Shelf
  readonly flights: Flights
  readonly counts: Counts
  readonly clock: Clock
  readonly keeper: Keeper
  /** Nothing of it is kept any more, here or on its way here. */
  readonly drop: (key: string) => Promise<void>
  /** The content of an object is not what its hash says. */
  readonly onMismatch: (key: string) => Promise<void>
}

type Range = { readonly start: number; readonly end: number } | undefined

const missingMs = 5000
/** For the copy of what was just written. */
const maxWaitMs = 100
const sizeMs = 3_600_000
const maxSizes = 100_000
/** Of the limit: the largest object that is copied while it is written. */
const maxCopyShare = 0.05

export class TieredStore implements TieredObjects {
  readonly #parts: TieredParts
  /** Size by key; -1 for what the store did not have a moment ago. */
  readonly #sizes: ExpiringCache<number>
  /** Copies of what has been stored, by key, until they lie on the disk. */
  readonly #copies = new Map<string, { readonly tray: Tray; readonly done: Promise<void> }>()

  constructor(parts: TieredParts) {
    this.#parts = parts
    this.#sizes = new ExpiringCache({ clock: parts.clock, maxEntries: maxSizes, maxWeight: maxSizes, weigh: () => 1 })
  }

  get recovered(): Promise<void> {
    return this.#parts.keeper.recovered
  }

  setMaxSize(size: CacheSize): Promise<void> {
    return this.#parts.keeper.setMaxSize(size)
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: PutOptions,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly sha256: Uint8Array }> {
    const { inner, shelf, flights, counts } = this.#parts
    counts.asked('put')
    this.#sizes.delete(key)
    const maxBytes = shelf.space.limitBytes * maxCopyShare
    if (!isCacheable(key) || (options.size ?? 0) > maxBytes) return inner.put(key, body, options, signal)
    const tray = new Tray({ key, shelf, memory: flights, maxBytes })
    try {
      const stored = await inner.put(key, tray.copy(body), { ...options, ownsChunks: false }, signal)
      this.#sizes.set(key, stored.size, sizeMs)
      this.#end(tray, tray.keep(stored.size))
      return stored
    } catch (error) {
      this.#end(tray, tray.discard())
      throw error
    }
  }

  async get(key: string, range: Range, signal: AbortSignal, hints: ReadHints = {}): Promise<AsyncIterable<Uint8Array>> {
    signal.throwIfAborted()
    const { inner, counts, drop } = this.#parts
    if (hints.isFresh === true) await drop(key)
    if (hints.isFresh === true || !isCacheable(key)) {
      counts.asked('get')
      return inner.get(key, range, signal)
    }
    // What was written a moment ago is about to lie on the disk.
    if (this.#copies.has(key)) await this.#copied(key)
    const objectBytes = await this.#sizeOf(key, hints)
    signal.throwIfAborted()
    const span = {
      key,
      objectBytes,
      hints,
      start: range?.start ?? 0,
      end: range === undefined ? objectBytes : Math.min(range.end + 1, objectBytes),
    }
    return begun(new Reader(this.#parts, span, signal).read(), (error) => this.#noteMissing(key, error))
  }

  head(key: string): Promise<StoredObject | undefined> {
    this.#parts.counts.asked('head')
    return this.#parts.inner.head(key)
  }

  async delete(keys: readonly string[]): Promise<void> {
    const { inner, drop, counts } = this.#parts
    counts.asked('delete')
    await inner.delete(keys)
    for (const key of keys) {
      this.#sizes.delete(key)
      this.#copies.get(key)?.tray.giveUp()
      await drop(key)
    }
  }

  list(prefix: string, after: string | undefined, limit: number): Promise<readonly StoredObject[]> {
    this.#parts.counts.asked('list')
    return this.#parts.inner.list(prefix, after, limit)
  }

  get trouble(): string | undefined {
    return this.#parts.inner.trouble
  }

  probe(): Promise<void> {
    return this.#parts.inner.probe()
  }

  room(): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined> {
    return this.#parts.inner.room()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { flights, keeper, inner } = this.#parts
    await flights[Symbol.asyncDispose]()
    await Promise.all([...this.#copies.values()].map(({ done }) => done))
    await keeper[Symbol.asyncDispose]()
    await inner[Symbol.asyncDispose]()
  }

  /** Throws NOT_FOUND. */
  async #sizeOf(key: string, hints: ReadHints): Promise<number> {
    const known = this.#sizes.get(key)
    if (known === -1) throw new XpodError('NOT_FOUND', 'no such object')
    const size = hints.size ?? known ?? this.#parts.shelf.sizeOf(key) ?? (await this.head(key))?.size
    this.#sizes.set(key, size ?? -1, size === undefined ? missingMs : sizeMs)
    if (size === undefined) throw new XpodError('NOT_FOUND', 'no such object')
    return size
  }

  #noteMissing(key: string, error: unknown): void {
    if (error instanceof XpodError && error.code === 'NOT_FOUND') this.#sizes.set(key, -1, missingMs)
  }

  #end(tray: Tray, done: Promise<void>): void {
    const copy = { tray, done }
    this.#copies.set(tray.key, copy)
    void done.then(() => {
      if (this.#copies.get(tray.key) === copy) this.#copies.delete(tray.key)
    })
  }

  /** Resolves when the copy is complete, or when waiting for the disk takes longer than asking the store. */
  #copied(key: string): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(maxWaitMs, resolve)
      void this.#copies.get(key)!.done.then(() => {
        cancel()
        resolve()
      })
    })
  }
}

/** The stream once its first piece is here, so that what stands in its way is thrown before it. */
async function begun(
  stream: AsyncGenerator<Uint8Array, void>,
  onFailure: (error: unknown) => void,
): Promise<AsyncIterable<Uint8Array>> {
  let first: IteratorResult<Uint8Array, void> | undefined
  try {
    first = await stream.next()
  } catch (error) {
    onFailure(error)
    throw error
  }
  const iterator: AsyncIterator<Uint8Array, void> = {
    next() {
      if (first === undefined) return stream.next()
      const result = first
      first = undefined
      return Promise.resolve(result)
    },
    return: () => stream.return(),
  }
  return { [Symbol.asyncIterator]: () => iterator }
}
