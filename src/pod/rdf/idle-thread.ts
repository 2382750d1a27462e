// One worker thread for RDF: started at the first request, closed after a while without any, started again when it crashed
// (a document that needs more memory than the thread may have ends the thread, not the server). One job runs, at most 63
// more and 128 MiB wait; a job whose caller gave up leaves the queue at once. A job that takes very long ends with its
// thread: a document that is dear by design is its writer's trouble, not that of everybody who waits behind it.

import assert from 'node:assert/strict'

import { MiB } from '../../base/bytes.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import { startThread, type Thread } from '../../core/threads/thread.ts'
import type { RdfReply, RdfRequest } from './thread.ts'

export interface IdleThreadOptions {
  readonly log: Log
  readonly metrics?: Metrics
  readonly clock?: Clock
  /** Milliseconds without work after which the thread ends; 30 000. */
  readonly idleMs?: number
}

const maxJobs = 64
const maxBytes = 128 * MiB
/** Ten times what reading and writing the slowest syntax takes on a machine that has time. */
const jobMs = 10_000
const jobMsPerMiB = 20_000

interface Job {
  readonly request: RdfRequest
  readonly bytes: number
  readonly signal: AbortSignal
  readonly onAbort: () => void
  readonly resolve: (reply: RdfReply) => void
  readonly reject: (error: unknown) => void
}

export class IdleThread implements AsyncDisposable {
  readonly #options: IdleThreadOptions
  readonly #clock: Clock
  readonly #queue = new Set<Job>()
  #bytes = 0
  #running: Job | undefined
  #thread: Thread<RdfRequest, RdfReply> | undefined
  #cancelIdle: (() => void) | undefined
  #isClosed = false

  constructor(options: IdleThreadOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    options.metrics?.gaugeFrom('xpod_rdf_jobs', 'RDF jobs on or waiting for the worker thread.', () => this.jobs)
  }

  /** Jobs that run or wait. */
  get jobs(): number {
    return this.#queue.size + (this.#running === undefined ? 0 : 1)
  }

  get isRunning(): boolean {
    return this.#thread !== undefined
  }

  /** Throws what the job threw, OVERLOADED, SHUTTING_DOWN, or the signal's reason. */
  ask(request: RdfRequest, bytes: number, signal: AbortSignal): Promise<RdfReply> {
    if (this.#isClosed) return Promise.reject(new XpodError('SHUTTING_DOWN'))
    const isFull = this.jobs >= maxJobs || (this.jobs > 0 && this.#bytes + bytes > maxBytes)
    if (isFull) return Promise.reject(new XpodError('OVERLOADED', 'too much RDF waits to be read'))
    return new Promise((resolve, reject) => {
      const job: Job = { request, bytes, signal, resolve, reject, onAbort: () => this.#abort(job) }
      signal.addEventListener('abort', job.onAbort, { once: true })
      this.#bytes += bytes
      this.#queue.add(job)
      this.#next()
    })
  }

  #abort(job: Job): void {
    if (this.#queue.delete(job)) this.#bytes -= job.bytes
    job.reject(job.signal.reason)
  }

  #next(): void {
    if (this.#running !== undefined) return
    const [job] = this.#queue
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
    if (job === undefined) {
      this.#cancelIdle = this.#clock.after(this.#options.idleMs ?? 30_000, () => void this.#stop())
      return
    }
    this.#queue.delete(job)
    this.#running = job
    void this.#run(job)
  }

  async #run(job: Job): Promise<void> {
    this.#thread ??= startThread('rdf', { maxWaiting: 1, onCrash: (error) => this.#crashed(error) })
    const cancel = this.#clock.after(jobMs + (job.bytes / MiB) * jobMsPerMiB, () => this.#cut(job))
    try {
      job.resolve(await this.#thread.ask(job.request))
    } catch (error) {
      job.reject(error)
    } finally {
      cancel()
      assert(this.#running === job, 'one job runs at a time')
      job.signal.removeEventListener('abort', job.onAbort)
      this.#bytes -= job.bytes
      this.#running = undefined
      if (!this.#isClosed) this.#next()
    }
  }

  /** The thread can only be ended; the next job starts another. */
  #cut({ request: { kind }, bytes, reject }: Job): void {
    this.#options.log.warn('rdf.thread.cut', { kind, bytes })
    const isPatch = kind === 'patch' || kind === 'read-patch'
    reject(new XpodError(isPatch ? 'PATCH_TOO_COMPLEX' : 'BODY_INVALID', 'it takes too long to read'))
    void this.#stop()
  }

  #crashed(error: unknown): void {
    this.#options.log.error('rdf.thread.crash', { error })
    this.#thread = undefined
  }

  async #stop(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#cancelIdle?.()
    for (const job of this.#queue) {
      job.signal.removeEventListener('abort', job.onAbort)
      job.reject(new XpodError('SHUTTING_DOWN'))
    }
    this.#queue.clear()
    await this.#stop()
  }
}
