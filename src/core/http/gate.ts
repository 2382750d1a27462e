// Lets a bounded number of tasks run at once and a bounded number wait, first come first served.

import { XpodError } from '../../base/errors.ts'

export type Gate = <T>(task: () => Promise<T>, signal: AbortSignal) => Promise<T>

/** A task over the bounds throws FETCH_FAILED; one whose signal aborts while it waits throws the signal's reason. */
export function createGate(options: { maxAtOnce: number; maxWaiting: number }): Gate {
  const waiting = new Set<() => void>()
  let running = 0

  async function enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (running < options.maxAtOnce) {
      running++
      return
    }
    if (waiting.size >= options.maxWaiting) throw new XpodError('FETCH_FAILED', 'too many requests are waiting')
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        waiting.delete(go)
        reject(signal.reason as Error)
      }
      const go = (): void => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiting.add(go)
    })
  }

  /** The place passes to the next in line, or becomes free. */
  function leave(): void {
    const [next] = waiting
    if (next === undefined) {
      running--
      return
    }
    waiting.delete(next)
    next()
  }

  return async (task, signal) => {
    await enter(signal)
    try {
      return await task()
    } finally {
      leave()
    }
  }
}
