// Remembers which proofs were used, so that each works once (RFC 9449 section 11.1, rule 8). A fixed amount of memory:
// 64-bit hashes with the second they end, in buckets of eight; each hash may lie in either of two buckets and goes into the
// emptier one, which keeps a table usable to three quarters. Nothing is forgotten before it ends: without room, or when
// a key has used up its share, the answer is "full". Two proofs with the same 64 bits would be taken for one.
// It is memory only: a restart forgets it, and a proof that was used less than 90 s before could be used once more.

import { hash } from 'node:crypto'

export interface ReplayOptions {
  /** Proofs that can be remembered at once; a power of two of at least 16. 12 bytes each. */
  readonly slots: number
  /** Proofs of one key that can be remembered at once. */
  readonly share: number
}

/** 12 MiB, touched as it fills: 8700 proofs a second for their 90 s. */
export const defaultReplayOptions: ReplayOptions = { slots: 2 ** 20, share: 2 ** 18 }

export type Remembered = 'new' | 'used' | 'full'

const ways = 8
/** Proofs end at most 150 s from now (60 s early, 90 s after); counted in periods of 32 s, of which 8 are kept. */
const periodSeconds = 32
const periods = 8
const maxKeys = 100_000

interface Share {
  /** How many proofs of the key end in each period, by period modulo 8. */
  readonly counts: Uint32Array
  /** The last period that `counts` is right for. */
  period: number
}

export class ReplayTable {
  readonly #share: number
  readonly #buckets: number
  readonly #high: Uint32Array
  readonly #low: Uint32Array
  readonly #ends: Uint32Array
  readonly #keys = new Map<string, Share>()
  #droppedIn = 0

  constructor(options: ReplayOptions) {
    this.#share = options.share
    this.#buckets = options.slots / ways
    this.#high = new Uint32Array(options.slots)
    this.#low = new Uint32Array(options.slots)
    this.#ends = new Uint32Array(options.slots)
  }

  /** Remembers a proof until `ends` (exclusive), in one step, so that of parallel uses only one is new. Seconds. */
  remember(proof: { readonly jkt: string; readonly jti: string }, nowSeconds: number, ends: number): Remembered {
    const digest = hash('sha256', `${proof.jkt}\n${proof.jti}`, 'buffer')
    const high = digest.readUInt32BE(0)
    const low = digest.readUInt32BE(4)
    const first = this.#look(low % this.#buckets, high, low, nowSeconds)
    const second = this.#look(high % this.#buckets, high, low, nowSeconds)
    if (first.used || second.used) return 'used'
    const slot = first.free >= second.free ? first.slot : second.slot
    const share = this.#shareOf(proof.jkt, nowSeconds)
    if (slot < 0 || share === undefined || total(share) >= this.#share) return 'full'
    share.counts[Math.floor(ends / periodSeconds) % periods]!++
    this.#high[slot] = high
    this.#low[slot] = low
    this.#ends[slot] = ends
    return 'new'
  }

  #look(bucket: number, high: number, low: number, now: number): { used: boolean; free: number; slot: number } {
    let free = 0
    let slot = -1
    for (let index = bucket * ways; index < (bucket + 1) * ways; index++) {
      if (this.#ends[index]! <= now) {
        free++
        slot = index
      } else if (this.#high[index] === high && this.#low[index] === low) {
        return { used: true, free, slot }
      }
    }
    return { used: false, free, slot }
  }

  /** The key's counts with periods that are over set to zero; undefined when too many keys are in use. */
  #shareOf(jkt: string, now: number): Share | undefined {
    const period = Math.floor(now / periodSeconds)
    let share = this.#keys.get(jkt)
    if (share === undefined) {
      if (this.#keys.size >= maxKeys) this.#dropIdle(period)
      if (this.#keys.size >= maxKeys) return undefined
      share = { counts: new Uint32Array(periods), period }
      this.#keys.set(jkt, share)
    }
    clearOver(share, period)
    return share
  }

  /** Walks all keys, so at most once a period. */
  #dropIdle(period: number): void {
    if (this.#droppedIn === period) return
    this.#droppedIn = period
    for (const [jkt, share] of this.#keys) {
      clearOver(share, period)
      if (total(share) === 0) this.#keys.delete(jkt)
    }
  }
}

/** Counts of periods before `period` are over; a clock that went back changes nothing. */
function clearOver(share: Share, period: number): void {
  for (let over = Math.max(share.period, period - periods); over < period; over++) share.counts[over % periods] = 0
  share.period = Math.max(share.period, period)
}

function total(share: Share): number {
  let sum = 0
  for (const count of share.counts) sum += count
  return sum
}
