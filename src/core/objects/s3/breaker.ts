// Stops asking a store that does not answer: after some failures in a row calls fail at once, for a time that doubles up to a
// bound; then one call tries, and the others follow when it is answered. Any answer counts, a refusal too: the store is there.

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Random } from '../../../base/random.ts'

export interface BreakerOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Failures in a row that open it. */
  readonly maxFailures?: number
  readonly firstPauseMs?: number
  readonly maxPauseMs?: number
}

/** Of one call; exactly one of its functions is called. */
export interface Pass {
  answered(): void
  failed(): void
  /** The caller went away before there was an answer. */
  dropped(): void
}

export class Breaker {
  readonly #options: Required<BreakerOptions>
  #failures = 0
  #pauseMs = 0
  /** By the monotonic clock; undefined while it is closed. */
  #openUntilMs: number | undefined
  #isTrying = false

  constructor(options: BreakerOptions) {
    this.#options = { maxFailures: 8, firstPauseMs: 1000, maxPauseMs: 30_000, ...options }
  }

  get isOpen(): boolean {
    return this.#openUntilMs !== undefined
  }

  /** Throws OBJECTS_UNAVAILABLE when no call may go out now. */
  enter(): Pass {
    const isTrial = this.#openUntilMs !== undefined
    if (isTrial) {
      const isResting = this.#options.clock.monotonicMs() < this.#openUntilMs!
      if (isResting || this.#isTrying) throw new XpodError('OBJECTS_UNAVAILABLE')
      this.#isTrying = true
    }
    return {
      answered: () => this.#close(),
      failed: () => this.#fail(isTrial),
      dropped: () => {
        if (isTrial) this.#isTrying = false
      },
    }
  }

  #close(): void {
    if (this.#openUntilMs !== undefined) this.#options.log.info('objects.back', {})
    this.#failures = 0
    this.#pauseMs = 0
    this.#openUntilMs = undefined
    this.#isTrying = false
  }

  #fail(isTrial: boolean): void {
    this.#failures++
    // Calls that were under way when it opened say nothing new.
    if (isTrial ? !this.#isTrying : this.isOpen || this.#failures < this.#options.maxFailures) return
    const { clock, random, log, firstPauseMs, maxPauseMs } = this.#options
    this.#isTrying = false
    this.#pauseMs = Math.min(maxPauseMs, this.#pauseMs === 0 ? firstPauseMs : this.#pauseMs * 2)
    const pauseMs = this.#pauseMs * (0.5 + random.uint32() / 2 ** 33)
    this.#openUntilMs = clock.monotonicMs() + pauseMs
    log.warn('objects.unavailable', { failures: this.#failures, pauseMs: Math.round(pauseMs) })
  }
}
