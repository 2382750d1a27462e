// When a failed webhook is tried again, and when no more. Pure. The pause doubles from a second to a quarter of an hour, with
// chance in it, so that targets that failed together do not come back together. After a day of failing it is parked: nothing
// is sent until an operator says so. A target that says it is gone (410) is parked at once.

import type { Random } from '../../../base/random.ts'
import type { Delivery } from '../channel.ts'

/** A webhook that nothing is wrong with. */
export const faring: Delivery = Object.freeze({ failures: 0, failingSinceMs: 0, nextMs: 0, problem: '', parked: false })

const firstPauseMs = 1000
export const longestPauseMs = 15 * 60_000
const parkAfterMs = 24 * 3_600_000
/** A server that was down for a day itself has not seen the target fail for a day. */
const leastFailures = 10
const maxProblemLength = 200

export interface Failure {
  /** For operators; never shown to who subscribed, because it tells what lies inside our network. */
  readonly problem: string
  /** The target said that it will never take anything again. */
  readonly isGone: boolean
  /** What the target asked for (Retry-After); 0 when it did not. */
  readonly waitMs: number
}

export function afterFailure(before: Delivery, failure: Failure, at: { nowMs: number; random: Random }): Delivery {
  const failures = before.failures + 1
  const failingSinceMs = before.failures === 0 ? at.nowMs : before.failingSinceMs
  const isOver = failures >= leastFailures && at.nowMs - failingSinceMs >= parkAfterMs
  const waitMs = Math.max(pauseMs(failures, at.random), Math.min(failure.waitMs, longestPauseMs))
  return {
    failures,
    failingSinceMs,
    nextMs: at.nowMs + waitMs,
    problem: failure.problem.slice(0, maxProblemLength),
    parked: failure.isGone || isOver,
  }
}

/** Between half and all of 2 s, 4 s, 8 s … 15 min. */
function pauseMs(failures: number, random: Random): number {
  const wholeMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 20))
  return Math.round(wholeMs / 2 + (wholeMs / 2) * (random.uint32() / 2 ** 32))
}
