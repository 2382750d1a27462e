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

export function createQueue({ clock, log, deliver }: QueueOptions): Queue {
  const ready: Work[] = []
  /** Ready, running or paused before another try. */
  let pending = 0
  let running = 0
  let isClosed = false
  const pauses = new Set<() => void>()
  let onIdle = (): void => {}

  function pump(): void {
    while (running < maxRunning && ready.length > 0) {
      running++
      void ready.shift()!().then(() => {
        running--
        pump()
      })
    }
    if (running === 0 && ready.length === 0) onIdle()
  }

  function pause(ms: number, work: Work): void {
    const cancel = clock.after(ms, () => {
      pauses.delete(cancel)
      ready.push(work)
      pump()
    })
    pauses.add(cancel)
  }

  async function begin({ kind, write }: Errand): Promise<void> {
    try {
      const letters = await write()
      for (const letter of letters) {
        pending++
        ready.push(() => attempt(kind, letter, 0))
      }
    } catch (error) {
      log.error('mail.failed', { kind, error })
    }
    pending--
  }

  async function attempt(kind: string, letter: Letter, tries: number): Promise<void> {
    const refusal = await deliver(letter)
    const fields = { kind, domain: letter.to.slice(letter.to.lastIndexOf('@') + 1), tries: tries + 1 }
    const pauseMs = retryDelaysMs[tries]
    if (refusal === undefined) log.info('mail.sent', fields)
    else if (refusal.isPermanent || pauseMs === undefined) log.error('mail.failed', { ...fields, ...refusal })
    else if (!isClosed) {
      log.warn('mail.delayed', { ...fields, ...refusal, pauseMs })
      return pause(pauseMs, () => attempt(kind, letter, tries + 1))
    }
    pending--
  }

  return {
    add(errand) {
      if (isClosed || pending >= maxWaiting) return log.warn('mail.dropped', { kind: errand.kind, pending })
      pending++
      pause(startDelayMs, () => begin(errand))
    },
    /** What is ready is sent if it takes no longer than a few seconds; the rest is dropped. */
    async [Symbol.asyncDispose]() {
      isClosed = true
      const isIdle = new Promise<void>((resolve) => {
        onIdle = resolve
      })
      pump()
      await Promise.race([isIdle, delay(clock, stopGraceMs)])
      for (const cancel of pauses) cancel()
      ready.length = 0
      if (pending > 0) log.warn('mail.dropped', { pending })
    },
  }
}
