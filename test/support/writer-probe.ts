// Runs inside the writer thread of a test: at each named point it obeys what the test wrote into the shared memory. Cells:
// which point to act at, what to do there, how often it was reached, and a gate to wait at. In production there is no probe.

import type Sqlite from 'better-sqlite3'

export const points = ['none', 'opened', 'judged', 'before-commit', 'committed-not-answered'] as const
export type Point = (typeof points)[number]

const cells = { point: 0, act: 1, reached: 2, gate: 3 } as const

export const acts = ['nothing', 'hold', 'fail', 'fill', 'die'] as const
export type Act = (typeof acts)[number]

/** Whether the running batch judged a change: a batch of chores alone is none of the test's. */
let hasJudged = false

/** Called by the writer thread. */
export function atPoint(point: Point, db: Sqlite.Database, shared: SharedArrayBuffer): void {
  const memory = new Int32Array(shared)
  const isOfTest = hasJudged || point === 'judged'
  hasJudged = isOfTest && point !== 'committed-not-answered'
  if (!isOfTest || points[Atomics.load(memory, cells.point)] !== point) return
  const act = acts[Atomics.load(memory, cells.act)]
  Atomics.add(memory, cells.reached, 1)
  Atomics.notify(memory, cells.reached)
  if (act === 'hold') Atomics.wait(memory, cells.gate, 0)
  else if (act === 'fail') throw new Error('COMMIT failed as told')
  else if (act === 'die')
    process.exit(1) // in a worker this ends the thread only
  else if (act === 'fill') db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 1}`)
}

/** The test's end of the memory. */
export class ProbeControl {
  readonly shared = new SharedArrayBuffer(16)
  readonly #memory = new Int32Array(this.shared)

  get probe(): { readonly module: string; readonly shared: SharedArrayBuffer } {
    return { module: import.meta.url, shared: this.shared }
  }

  at(point: Point, act: Act): void {
    Atomics.store(this.#memory, cells.gate, 0)
    Atomics.store(this.#memory, cells.reached, 0)
    Atomics.store(this.#memory, cells.act, acts.indexOf(act))
    Atomics.store(this.#memory, cells.point, points.indexOf(point))
  }

  async reached(): Promise<void> {
    const waited = Atomics.waitAsync(this.#memory, cells.reached, 0)
    if (waited.async) await waited.value
  }

  /** Lets the thread go on and does nothing any more. */
  release(): void {
    Atomics.store(this.#memory, cells.point, 0)
    Atomics.store(this.#memory, cells.gate, 1)
    Atomics.notify(this.#memory, cells.gate)
  }
}
