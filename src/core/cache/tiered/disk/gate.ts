// The way to the disk: few operations at once and each with a deadline, so that a disk that hangs takes neither the callers nor
// the threads that the rest of the program needs. An operation that is late keeps its place until it really ends; when all
// places are taken by late ones, nobody waits any more. Nothing is thrown: an outcome says what happened.

import type { Clock } from '../../../../base/clock.ts'
import { systemCode } from '../../../../base/errors.ts'
import type { DiskHealth } from './health.ts'

/** missing: no such file · full: no room · busy: too many are waiting · late: past the deadline · broken: anything else. */
export type Failure = 'missing' | 'full' | 'busy' | 'late' | 'broken'
export type Outcome<T> =
  | { readonly value: T; readonly failure?: never }
  | { readonly failure: Exclude<Failure, 'late'>; readonly why?: string }
  /** It goes on; what becomes of it is told later. */
  | { readonly failure: 'late'; readonly ended: Promise<Outcome<T>> }

export interface GateOptions {
  readonly clock: Clock
  readonly health: DiskHealth
  /** Below the four threads that file operations and more share. */
  readonly places: number
  readonly readDeadlineMs: number
  readonly writeDeadlineMs: number
}

const maxWaiting = 1000
/** A deadline is counted in so many. */
const ticks = 5
/** Of the process or of a race, not of the disk. */
const busyCodes = ['EMFILE', 'ENFILE', 'ENOMEM', 'EEXIST']

export class DiskGate {
  readonly #options: GateOptions
  /** Each is called with whether it may go in. */
  readonly #waiting = new Set<(mayEnter: boolean) => void>()
  #taken = 0
  #late = 0

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** All places are held by operations that do not end. */
  get isHung(): boolean {
    return this.#late >= this.#options.places
  }

  /** Nobody wants anything of the disk. */
  get isIdle(): boolean {
    return this.#taken === 0
  }

  async run<T>(kind: 'read' | 'write', work: () => Promise<T>): Promise<Outcome<T>> {
    const deadlineMs = kind === 'read' ? this.#options.readDeadlineMs : this.#options.writeDeadlineMs
    if (!(await this.#enter(deadlineMs))) return { failure: 'busy' }
    const outcome = await this.#within(work(), deadlineMs)
    if (outcome.failure === 'broken' || outcome.failure === 'late') {
      this.#options.health.failed(kind, outcome.failure === 'late' ? 'late' : (outcome.why ?? ''))
      if (this.isHung) this.#giveUp()
    }
    return outcome
  }

  async #enter(deadlineMs: number): Promise<boolean> {
    if (this.isHung) return false
    if (this.#taken < this.#options.places) {
      this.#taken++
      return true
    }
    if (this.#waiting.size >= maxWaiting) return false
    return new Promise((resolve) => {
      const enter = (mayEnter: boolean): void => {
        cancel()
        resolve(mayEnter)
      }
      const cancel = afterTicks(this.#options.clock, deadlineMs, () => {
        this.#waiting.delete(enter)
        resolve(false)
      })
      this.#waiting.add(enter)
    })
  }

  /** Nobody gets in for an unknown time. */
  #giveUp(): void {
    this.#options.health.fall('hung')
    for (const enter of this.#waiting) {
      this.#waiting.delete(enter)
      enter(false)
    }
  }

  /** The place goes to who waits longest. */
  #leave(): void {
    for (const enter of this.#waiting) {
      this.#waiting.delete(enter)
      return enter(true)
    }
    this.#taken--
  }

  #within<T>(running: Promise<T>, deadlineMs: number): Promise<Outcome<T>> {
    let isLate = false
    const end = (outcome: Outcome<T>): Outcome<T> => {
      if (isLate) this.#late--
      this.#leave()
      return outcome
    }
    const ended = running.then(
      (value) => end({ value }),
      (error: unknown) => end({ failure: failureOf(error), why: systemCode(error) ?? String(error) }),
    )
    return new Promise((resolve) => {
      const cancel = afterTicks(this.#options.clock, deadlineMs, () => {
        isLate = true
        this.#late++
        resolve({ failure: 'late', ended })
      })
      void ended.then((outcome) => {
        cancel()
        resolve(outcome)
      })
    })
  }
}

/**
 * Calls back after the time, tick by tick: after each, what has ended meanwhile is heard first, so a program that is busy for
 * seconds does not take its disk for slow.
 */
function afterTicks(clock: Clock, ms: number, callback: () => void): () => void {
  let left = ticks
  let isCancelled = false
  let cancel = clock.after(ms / ticks, tick)
  function tick(): void {
    setImmediate(() => {
      if (isCancelled) return
      if (--left === 0) return callback()
      cancel = clock.after(ms / ticks, tick)
    })
  }
  return () => {
    isCancelled = true
    cancel()
  }
}

function failureOf(error: unknown): Exclude<Failure, 'late'> {
  const code = systemCode(error) ?? ''
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full'
  return busyCodes.includes(code) ? 'busy' : 'broken'
}
