// How the disk of the cache fares. normal: everything. unstable, after three failures within a minute: what is there is read,
// nothing is written. down, after three failed reads more, or when told: the disk is left alone. A probe that went well lifts
// it one step. A full disk and a missing file are not failures.

import type { Clock } from '../../../../base/clock.ts'

export type DiskState = 'normal' | 'unstable' | 'down'

const maxFailures = 3
const withinMs = 60_000

export class DiskHealth {
  readonly #clock: Clock
  readonly #onChange: (state: DiskState, reason: string) => void
  #state: DiskState = 'down'
  /** When the latest failures happened. */
  #failuresMs: number[] = []

  /** Starts down, until the directory could be opened. */
  constructor(clock: Clock, onChange: (state: DiskState, reason: string) => void) {
    this.#clock = clock
    this.#onChange = onChange
  }

  get state(): DiskState {
    return this.#state
  }

  failed(kind: 'read' | 'write', reason: string): void {
    if (this.#state === 'down' || (this.#state === 'unstable' && kind === 'write')) return
    const nowMs = this.#clock.monotonicMs()
    this.#failuresMs = [...this.#failuresMs.filter((atMs) => nowMs - atMs < withinMs), nowMs]
    if (this.#failuresMs.length < maxFailures) return
    this.#become(this.#state === 'normal' ? 'unstable' : 'down', reason)
  }

  fall(reason: string): void {
    if (this.#state !== 'down') this.#become('down', reason)
  }

  recovered(): void {
    if (this.#state !== 'normal') this.#become(this.#state === 'down' ? 'unstable' : 'normal', 'probe')
  }

  /** The directory is open and well. */
  start(): void {
    if (this.#state !== 'normal') this.#become('normal', 'opened')
  }

  #become(state: DiskState, reason: string): void {
    this.#state = state
    this.#failuresMs = []
    this.#onChange(state, reason)
  }
}
