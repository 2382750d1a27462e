// What is to be delivered, in memory: bounded, a few at a time, tried again with growing pauses when the other side fails
// for now. A letter that is lost in a crash is asked for again by its reader, so nothing is kept on disk.

import { type Clock, delay } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'

export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
}

export interface Errand {
  /** For the log. */
  readonly kind: string
  /** Called once, later; undefined when there is nobody to write to. */
  readonly write: () => Promise<readonly Letter[]>
}

/** Why a letter did not arrive; permanent: the same letter will never be taken. */
export interface Refusal {
  readonly isPermanent: boolean
  readonly reason: string
}

export interface QueueOptions {
  readonly clock: Clock
  readonly log: Log
  /** Undefined: it was taken. Does not throw. */
  readonly deliver: (letter: Letter) => Promise<Refusal | undefined>
}

export interface Queue extends AsyncDisposable {
  /** Never waits, never throws. Beyond the bound an errand is dropped and logged. */
  add(errand: Errand): void
}

const maxWaiting = 1000
const maxRunning = 2
/** The answer to the request that caused it is out before any work for it begins. */
const startDelayMs = 50
/** Within the hour that a reset link lives. */
const retryDelaysMs: readonly number[] = [10_000, 60_000, 5 * 60_000, 15 * 60_000]
const stopGraceMs = 5000

type Work = () => Promise<void>

export function createQueue(options: QueueOptions): Queue {
  return new Deliveries(options)
}

class Deliveries implements Queue {
  readonly #options: QueueOptions
  readonly #ready: Work[] = []
  readonly #pauses = new Set<() => void>()
  /** Ready, running or paused before another try. */
  #pending = 0
  #running = 0
  #isClosed = false
  #onIdle = (): void => {}

  constructor(options: QueueOptions) {
    this.#options = options
  }

  add(errand: Errand): void {
    if (this.#isClosed || this.#pending >= maxWaiting) {
      this.#options.log.warn('mail.dropped', { kind: errand.kind, pending: this.#pending })
      return
    }
    this.#pending++
    this.#pause(startDelayMs, () => this.#begin(errand))
  }

  /** What is ready is sent if it takes no longer than a few seconds; the rest is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, log } = this.#options
    this.#isClosed = true
    const isIdle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
    this.#pump()
    await Promise.race([isIdle, delay(clock, stopGraceMs)])
    for (const cancel of this.#pauses) cancel()
    this.#ready.length = 0
    if (this.#pending > 0) log.warn('mail.dropped', { pending: this.#pending })
  }

  #pump(): void {
    while (this.#running < maxRunning && this.#ready.length > 0) {
      this.#running++
      void this.#ready.shift()!().then(() => {
        this.#running--
        this.#pump()
      })
    }
    if (this.#running === 0 && this.#ready.length === 0) this.#onIdle()
  }

  #pause(ms: number, work: Work): void {
    const cancel = this.#options.clock.after(ms, () => {
      this.#pauses.delete(cancel)
      this.#ready.push(work)
      this.#pump()
    })
    this.#pauses.add(cancel)
  }

  async #begin({ kind, write }: Errand): Promise<void> {
    try {
      for (const letter of await write()) {
        this.#pending++
        this.#ready.push(() => this.#attempt(kind, letter, 0))
      }
    } catch (error) {
      this.#options.log.error('mail.failed', { kind, error })
    }
    this.#pending--
  }

  async #attempt(kind: string, letter: Letter, tries: number): Promise<void> {
    const { deliver, log } = this.#options
    const refusal = await deliver(letter)
    const fields = { kind, domain: letter.to.slice(letter.to.lastIndexOf('@') + 1), tries: tries + 1 }
    const pauseMs = retryDelaysMs[tries]
    if (refusal === undefined) log.info('mail.sent', fields)
    else if (refusal.isPermanent || pauseMs === undefined) log.error('mail.failed', { ...fields, ...refusal })
    else if (!this.#isClosed) {
      log.warn('mail.delayed', { ...fields, ...refusal, pauseMs })
      return this.#pause(pauseMs, () => this.#attempt(kind, letter, tries + 1))
    }
    this.#pending--
  }
}
