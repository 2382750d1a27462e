// A bounded map whose entries end by time. Bounded by count and by weight; beyond either, the oldest entries go first.
// Time is monotonic, so a jump of the wall clock neither revives nor drops anything. It starts no timer: expired entries
// are dropped when they are asked for or pushed out.

import type { Clock } from '../../base/clock.ts'

export interface ExpiringOptions<V> {
  readonly clock: Clock
  readonly maxEntries: number
  /** Sum of the weights of all entries, in whatever unit `weigh` uses (bytes by habit). */
  readonly maxWeight: number
  readonly weigh: (key: string, value: V) => number
}

interface Kept<V> {
  readonly value: V
  readonly weight: number
  readonly endsMs: number
}

export class ExpiringCache<V> {
  readonly #options: ExpiringOptions<V>
  readonly #kept = new Map<string, Kept<V>>()
  #weight = 0

  constructor(options: ExpiringOptions<V>) {
    this.#options = options
  }

  get size(): number {
    return this.#kept.size
  }

  get(key: string): V | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    if (this.#options.clock.monotonicMs() < kept.endsMs) return kept.value
    this.delete(key)
    return undefined
  }

  set(key: string, value: V, ttlMs: number): void {
    this.delete(key)
    const weight = this.#options.weigh(key, value)
    if (ttlMs <= 0 || weight > this.#options.maxWeight) return
    this.#kept.set(key, { value, weight, endsMs: this.#options.clock.monotonicMs() + ttlMs })
    this.#weight += weight
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#options.maxEntries && this.#weight <= this.#options.maxWeight) break
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    this.#weight -= kept.weight
  }
}
