// Changes on their way to the commit function: one queue a pod, pods take turns, and a pod is in at most one batch in flight.
// A batch takes from each pod the first changes that do not meet (footprint.ts), so that what waits keeps its order. A batch
// that fails because of one of its changes is run again one by one. Bounded; what comes beyond it is refused.

import { MiB } from '../../../base/bytes.ts'
import { XpodError } from '../../../base/errors.ts'
import type { PodId } from '../resource.ts'
import type { Taken } from './footprint.ts'

/** What became of one change of a batch; 'again' comes back into the next one. */
export type Result<R> = { readonly reply: R } | { readonly error: unknown } | 'again'

export interface Entry<R> {
  readonly pod: PodId
  readonly bytes: number
  /** Takes this change into a batch in which others of its pod are. */
  take(taken: Taken): boolean
  resolve(reply: R): void
  reject(error: unknown): void
}

export interface BatchOptions<R, E extends Entry<R>> {
  /** Runs one batch; rejects when all of it failed. */
  readonly run: (batch: readonly E[]) => Promise<readonly Result<R>[]>
  readonly startTaking: (first: E) => Taken
  /** Batches in flight at once, for different pods. */
  readonly maxInFlight: number
}

/** The function joins what it was sent with itself: beyond this a change costs more than in two batches [measured]. */
const maxBatchChanges = 64
const maxBatchBytes = 4 * MiB
const maxWaiting = 10_000
const maxWaitingBytes = 64 * MiB

export class Batches<R, E extends Entry<R>> {
  readonly #options: BatchOptions<R, E>
  /** Insertion order is the order of turns: a pod that was served goes to the end. */
  readonly #lanes = new Map<PodId, E[]>()
  readonly #busy = new Set<PodId>()
  #inFlight = 0
  #isPumping = false
  #waiting = 0
  #waitingBytes = 0

  constructor(options: BatchOptions<R, E>) {
    this.#options = options
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Throws OVERLOADED when too much waits. */
  add(entry: E): void {
    if (this.#waiting >= maxWaiting || this.#waitingBytes + entry.bytes > maxWaitingBytes) {
      throw new XpodError('OVERLOADED', 'too many changes wait')
    }
    const lane = this.#lanes.get(entry.pod)
    if (lane === undefined) this.#lanes.set(entry.pod, [entry])
    else lane.push(entry)
    this.#count(1, entry.bytes)
    this.#pumpSoon()
  }

  /** What is submitted in one go can go in one batch. */
  #pumpSoon(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    queueMicrotask(() => {
      this.#isPumping = false
      while (this.#inFlight < this.#options.maxInFlight) {
        const batch = this.#takeBatch()
        if (batch.length === 0) return
        this.#inFlight++
        void this.#runBatch(batch)
      }
    })
  }

  #takeBatch(): E[] {
    const batch: E[] = []
    const taking = new Map<PodId, Taken>()
    let open = [...this.#lanes.keys()].filter((pod) => !this.#busy.has(pod))
    let bytes = 0
    while (open.length > 0 && batch.length < maxBatchChanges) {
      const still: PodId[] = []
      for (const pod of open) {
        const lane = this.#lanes.get(pod)!
        const next = lane[0]!
        if (batch.length >= maxBatchChanges || (batch.length > 0 && bytes + next.bytes > maxBatchBytes)) break
        const taken = taking.get(pod) ?? this.#options.startTaking(next)
        if (!next.take(taken)) continue
        taking.set(pod, taken)
        batch.push(next)
        bytes += next.bytes
        lane.shift()
        if (lane.length > 0) still.push(pod)
      }
      open = still
    }
    for (const pod of taking.keys()) {
      this.#busy.add(pod)
      this.#toTheEnd(pod)
    }
    for (const entry of batch) this.#count(-1, -entry.bytes)
    return batch
  }

  #toTheEnd(pod: PodId): void {
    const lane = this.#lanes.get(pod)!
    this.#lanes.delete(pod)
    if (lane.length > 0) this.#lanes.set(pod, lane)
  }

  async #runBatch(batch: readonly E[]): Promise<void> {
    const results = await this.#attempt(batch)
    const again: E[] = []
    for (const [index, result] of results.entries()) {
      const entry = batch[index]!
      if (result === 'again') again.push(entry)
      else if ('error' in result) entry.reject(result.error)
      else entry.resolve(result.reply)
    }
    for (const entry of again.toReversed()) this.#putBack(entry)
    for (const { pod } of batch) this.#busy.delete(pod)
    this.#inFlight--
    this.#pumpSoon()
  }

  /** Ahead of what came later. */
  #putBack(entry: E): void {
    const lane = this.#lanes.get(entry.pod)
    if (lane === undefined) this.#lanes.set(entry.pod, [entry])
    else lane.unshift(entry)
    this.#count(1, entry.bytes)
  }

  /** What the database says of itself concerns all of a batch, what it says of a statement perhaps one change only. */
  async #attempt(batch: readonly E[]): Promise<readonly Result<R>[]> {
    try {
      return await this.#options.run(batch)
    } catch (error) {
      if (error instanceof XpodError || batch.length === 1) return batch.map(() => ({ error }))
      const results: Result<R>[] = []
      for (const entry of batch) results.push(...(await this.#attempt([entry])))
      return results
    }
  }

  #count(changes: number, bytes: number): void {
    this.#waiting += changes
    this.#waitingBytes += bytes
  }
}
