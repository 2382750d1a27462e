// A clock that stands still until a test moves it; timers fire, in order, while it moves.

import type { Clock } from '../../src/base/clock.ts'

export interface FakeClock extends Clock {
  advance(ms: number): void
  /** Moves the wall clock only, as an administrator or NTP does. */
  jump(ms: number): void
}

export function createFakeClock(startMs = 1_800_000_000_000): FakeClock {
  let wallMs = startMs
  let passedMs = 0
  const timers = new Set<{ atMs: number; everyMs: number | undefined; callback: () => void }>()

  function add(ms: number, everyMs: number | undefined, callback: () => void): () => void {
    const timer = { atMs: passedMs + ms, everyMs, callback }
    timers.add(timer)
    return () => timers.delete(timer)
  }

  return {
    nowMs: () => wallMs,
    monotonicMs: () => passedMs,
    after: (ms, callback) => add(ms, undefined, callback),
    every: (ms, callback) => add(ms, ms, callback),
    jump: (ms) => {
      wallMs += ms
    },
    advance: (ms) => {
      const endMs = passedMs + ms
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        wallMs += next.atMs - passedMs
        passedMs = next.atMs
        if (next.everyMs === undefined) timers.delete(next)
        else next.atMs += next.everyMs
        next.callback()
      }
      wallMs += endMs - passedMs
      passedMs = endMs
    },
  }
}
