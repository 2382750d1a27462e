// Which keys of a pod were committed lately, so that a fill that was read before a commit is not installed after it (store
// rule 11). Bounded: of what it no longer remembers it knows only how far back its memory goes.

import type { Key } from './path.ts'

const maxKeys = 1000

export class RecentCommits {
  readonly #seqs = new Map<Key, number>()
  #floor: number

  /** `seq`: what was read at an earlier seq is never accepted. */
  constructor(seq: number) {
    this.#floor = seq
  }

  remember(key: Key, seq: number): void {
    const known = this.#seqs.get(key) ?? 0
    this.#seqs.delete(key)
    this.#seqs.set(key, Math.max(known, seq))
    if (this.#seqs.size <= maxKeys) return
    for (const [oldest, oldestSeq] of this.#seqs) {
      this.#seqs.delete(oldest)
      this.#floor = Math.max(this.#floor, oldestSeq)
      return
    }
  }

  /** Whether a row of this key read at `seq` is certainly not older than the last commit of the key. */
  accepts(key: Key, seq: number): boolean {
    return seq >= (this.#seqs.get(key) ?? this.#floor)
  }
}
