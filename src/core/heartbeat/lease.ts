// How long this process may answer from memory (store rule 12): less than ten seconds since it sent its last beat that the
// database took, by the monotonic and by the wall clock, because the first stands still while a machine sleeps and the second
// may be set. Whoever takes its pods over waits longer than that. Only arithmetic: heartbeat.ts does the beating.

import type { Clock } from '../../base/clock.ts'

const leaseMs = 10_000

export interface Sent {
  readonly monotonicMs: number
  readonly wallMs: number
  /** How often the lease had been dropped. */
  readonly drops: number
}

const never: Sent = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: 0, drops: 0 }

export class Lease {
  readonly #clock: Clock
  #sent = never
  #term = 0
  #drops = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isHeld(): boolean {
    const { monotonicMs, wallMs } = this.#sent
    return this.#clock.monotonicMs() - monotonicMs < leaseMs && Math.abs(this.#clock.nowMs() - wallMs) < leaseMs
  }

  /** 0 while it is not held; one number for as long as it was never lost in between. */
  get term(): number {
    return this.isHeld ? this.#term : 0
  }

  /** Taken before a beat leaves. */
  now(): Sent {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.nowMs(), drops: this.#drops }
  }

  /**
   * The beat that was sent then has been taken, before the lease was dropped or after it: false, nothing is renewed.
   * `isOther`: whatever was known under it is to be looked at again, although it was held all the time.
   */
  renew(sent: Sent, isOther: boolean): boolean {
    if (sent.drops !== this.#drops) return false
    if (isOther || !this.isHeld) this.#term++
    this.#sent = sent
    return true
  }

  /** Until a beat that is sent from now on has been taken. */
  drop(): void {
    this.#drops++
    this.#sent = never
  }
}
