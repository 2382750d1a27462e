// Tasks of one path run one after the other, in the order they came (store rule 8); tasks of different paths at once.

import type { Clock } from '../base/clock.ts'
import { XpodError } from '../base/errors.ts'
import type { Histogram } from '../base/metrics.ts'
import { keyOf, type Key, type Path } from './path.ts'

/** How many may wait behind the one that runs. */
const maxWaiting = 64

export interface PathQueueParts {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Seconds that those waited who did not come first. */
  readonly waits: Histogram
}

export class PathQueue {
  readonly #parts: PathQueueParts
  readonly #tails = new Map<Key, { last: Promise<unknown>; count: number }>()

  constructor(parts: PathQueueParts) {
    this.#parts = parts
  }

  /** Throws POD_BUSY when too many wait for this path. */
  async run<T>(path: Path, task: () => Promise<T>): Promise<T> {
    const key = keyOf(path)
    const line = this.#tails.get(key) ?? { last: Promise.resolve(), count: 0 }
    if (line.count > maxWaiting) throw new XpodError('POD_BUSY', 'too many changes of one resource are waiting')
    this.#tails.set(key, line)
    const isFirst = line.count++ === 0
    const before = line.last
    const mine = (async () => {
      if (!isFirst) await this.#turn(before)
      return task()
    })()
    // The next in line waits for the end of this one, whichever way it ends.
    line.last = mine.then(ignore, ignore)
    try {
      return await mine
    } finally {
      line.count--
      if (line.count === 0) this.#tails.delete(key)
    }
  }

  async #turn(before: Promise<unknown>): Promise<void> {
    const { clock, waits } = this.#parts
    const startMs = clock.monotonicMs()
    await before
    waits.observe((clock.monotonicMs() - startMs) / 1000)
  }
}

function ignore(): void {}
