// What waits for the writer thread: lanes (one per pod) take turns, each keeps its order, and one chore goes last in each
// batch. Bounded by the asker (engine.ts), so this only orders.

import { MiB } from '../../../base/bytes.ts'
import { type Call, choreLane } from './procedure.ts'

export interface Queued {
  readonly id: number
  readonly call: Call
}

const maxBatchCalls = 256
const maxBatchBytes = 4 * MiB

export class FairQueue {
  /** Insertion order is the order of turns: a lane that was served goes to the end. */
  readonly #lanes = new Map<string, Queued[]>()
  readonly #chores: Queued[] = []

  get isEmpty(): boolean {
    return this.#lanes.size === 0 && this.#chores.length === 0
  }

  add(queued: Queued): void {
    const lane = queued.call[1]
    if (lane === choreLane) {
      this.#chores.push(queued)
      return
    }
    const waiting = this.#lanes.get(lane)
    if (waiting === undefined) this.#lanes.set(lane, [queued])
    else waiting.push(queued)
  }

  /** The next batch: at most 256 calls and 4 MiB, at least one call. */
  take(): Queued[] {
    const batch: Queued[] = []
    let bytes = 0
    while (this.#lanes.size > 0 && batch.length < maxBatchCalls) {
      const [lane, waiting] = this.#lanes.entries().next().value!
      const next = waiting[0]!
      bytes += next.call[2]
      if (bytes > maxBatchBytes && batch.length > 0) break
      batch.push(next)
      waiting.shift()
      this.#lanes.delete(lane)
      if (waiting.length > 0) this.#lanes.set(lane, waiting)
    }
    const chore = this.#chores.shift()
    if (chore !== undefined) batch.push(chore)
    return batch
  }

  takeAll(): Queued[] {
    const all: Queued[] = []
    while (!this.isEmpty) all.push(...this.take())
    return all
  }
}
