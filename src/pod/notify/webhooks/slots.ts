// How many webhooks are sent at once over this node, and whose turn it is. A receiver (one origin) has at most eight of the
// places, and receivers take turns. Whoever failed or was slow the last time, or was never tried, shares half of the places
// with its like: targets that hang until they time out cannot take the places of those that answer.

/** As many as the outgoing door lets through at once, so that nothing waits inside it with its clock running. */
const maxAtOnce = 32
const maxSlowAtOnce = 16
const maxPerReceiver = 8

export interface Turn {
  /** Origin of where it is sent. */
  readonly receiver: string
  /** It answered well and soon the last time. */
  readonly isQuick: boolean
}

/** Waiting is bounded by its users: a channel waits at most once. */
export interface Slots {
  /** Runs the work when it is its turn; the work handles its own failures. */
  run(turn: Turn, work: () => Promise<void>): void
  /** Resolves when nothing runs. What still waits runs as well. */
  idle(): Promise<void>
}

interface Lane {
  readonly max: number
  running: number
  /** By receiver; the order of the map is whose turn is next. */
  readonly waiting: Map<string, Set<() => Promise<void>>>
}

export function createSlots(): Slots {
  const quick: Lane = { max: maxAtOnce, running: 0, waiting: new Map() }
  const slow: Lane = { max: maxSlowAtOnce, running: 0, waiting: new Map() }
  const running = new Map<string, number>()
  let lanes = [slow, quick]
  let whenIdle: (() => void)[] = []

  function next(lane: Lane): { receiver: string; work: () => Promise<void> } | undefined {
    if (lane.running >= lane.max) return undefined
    // Skips at most the few receivers that have all of their places.
    for (const [receiver, works] of lane.waiting) {
      if ((running.get(receiver) ?? 0) >= maxPerReceiver) continue
      const [work] = works
      works.delete(work!)
      lane.waiting.delete(receiver)
      if (works.size > 0) lane.waiting.set(receiver, works)
      return { receiver, work: work! }
    }
    return undefined
  }

  function fill(): void {
    while (quick.running + slow.running < maxAtOnce) {
      // In turns, so that neither lane waits for the other to be empty.
      lanes = lanes.toReversed()
      const lane = lanes.find((one) => one.waiting.size > 0 && start(one))
      if (lane === undefined) break
    }
    if (quick.running + slow.running > 0) return
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }

  function start(lane: Lane): boolean {
    const turn = next(lane)
    if (turn === undefined) return false
    const { receiver, work } = turn
    lane.running++
    running.set(receiver, (running.get(receiver) ?? 0) + 1)
    void work().finally(() => {
      lane.running--
      const left = running.get(receiver)! - 1
      if (left === 0) running.delete(receiver)
      else running.set(receiver, left)
      fill()
    })
    return true
  }

  return {
    run({ receiver, isQuick }, work) {
      const { waiting } = isQuick ? quick : slow
      const works = waiting.get(receiver)
      if (works === undefined) waiting.set(receiver, new Set([work]))
      else works.add(work)
      fill()
    },
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => whenIdle.push(resolve))),
  }
}
