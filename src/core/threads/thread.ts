// A worker thread as something to ask: requests with ids, replies in any order. Requests gather for a turn of the event loop,
// and while the thread works until it next replies: waking a thread costs more than most requests. The queue is bounded by number and by bytes. A crash of the thread rejects everything that waits; it
// is not started again here, because what a crash means is the owner's to say.

import assert from 'node:assert/strict'
import { Worker, type ResourceLimits, type Transferable } from 'node:worker_threads'

import type { ErrorCode } from '../../base/error-codes.ts'
import { XpodError } from '../../base/errors.ts'
import { threadEntry } from './entry.ts'
import { errorFromValue, type FromThread, type RequestLine, type ThreadBoot, type ThreadRole } from './messages.ts'

export interface ThreadOptions {
  /** Structured-cloned into the thread. */
  readonly data?: unknown
  /** Requests without a reply; more is OVERLOADED. */
  readonly maxWaiting: number
  /** Bytes of requests without a reply, as told by `ask`; more is OVERLOADED. */
  readonly maxWaitingBytes?: number
  /** What requests fail with that wait when the thread dies; INTERNAL when left out. */
  readonly crashCode?: ErrorCode
  /** What the thread says unasked. */
  readonly onEvent?: (event: unknown) => void
  /** The thread died on its own; all waiting requests are rejected. */
  readonly onCrash?: (error: unknown) => void
}

export interface AskOptions {
  readonly bytes?: number
  readonly transfer?: readonly Transferable[]
}

export interface Thread<Request, Reply> extends AsyncDisposable {
  /** Throws what the thread threw, OVERLOADED when too many wait, INTERNAL when the thread is gone. */
  ask(request: Request, options?: AskOptions): Promise<Reply>
  readonly waiting: number
}

interface Waiting {
  readonly resolve: (reply: never) => void
  readonly reject: (error: unknown) => void
  readonly bytes: number
}

const resourceLimits: Readonly<Record<ThreadRole, ResourceLimits>> = {
  'sqlite-writer': { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 },
  'sqlite-checkpoint': { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  rdf: { maxOldGenerationSizeMb: 2048 },
}
const booted = new Map<ThreadRole, Worker>()

/** Loads what a thread will need, beside whatever else happens until it is started. */
export function bootThread(role: ThreadRole): void {
  const worker = newWorker(role)
  booted.set(role, worker)
  // Whoever starts it boots another one, and hears why it does not work.
  worker.on('error', () => booted.delete(role))
}

function newWorker(role: ThreadRole): Worker {
  const workerData: ThreadBoot = { role }
  return new Worker(threadEntry(), { name: role, workerData, resourceLimits: resourceLimits[role] })
}

/** Starts a thread; it works once it has loaded, requests wait for that. */
export function startThread<Request, Reply>(role: ThreadRole, options: ThreadOptions): Thread<Request, Reply> {
  return new WorkerThread<Request, Reply>(role, options)
}

class WorkerThread<Request, Reply> implements Thread<Request, Reply> {
  readonly #options: ThreadOptions
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #waitingBytes = 0
  #lines: RequestLine[] = []
  #transfer: Transferable[] = []
  #lastId = 0
  #gone: XpodError | undefined

  constructor(role: ThreadRole, options: ThreadOptions) {
    this.#options = options
    this.#worker = booted.get(role) ?? newWorker(role)
    booted.delete(role)
    this.#worker.postMessage(options.data)
    this.#worker.on('message', (message: FromThread) => this.#receive(message))
    this.#worker.on('error', (error) => this.#crash(error))
    this.#worker.on('exit', () => this.#crash(new Error(`thread ${role} ended`)))
  }

  get waiting(): number {
    return this.#waiting.size
  }

  ask(request: Request, options: AskOptions = {}): Promise<Reply> {
    const bytes = options.bytes ?? 0
    if (this.#gone !== undefined) return Promise.reject(this.#gone)
    if (this.#waiting.size >= this.#options.maxWaiting) return Promise.reject(new XpodError('OVERLOADED'))
    // One request larger than the bound still gets its turn when nothing else waits.
    const tooMany = this.#waitingBytes + bytes > (this.#options.maxWaitingBytes ?? Number.POSITIVE_INFINITY)
    if (tooMany && this.#waiting.size > 0) return Promise.reject(new XpodError('OVERLOADED'))
    const id = ++this.#lastId
    // After everything that this turn of the loop has read: one message, and one batch in the thread, for all of it.
    if (this.#lines.length === 0 && this.#waiting.size === 0) setImmediate(() => this.#flush())
    this.#lines.push([id, request])
    if (options.transfer !== undefined) this.#transfer.push(...options.transfer)
    this.#waitingBytes += bytes
    return new Promise<Reply>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, bytes })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone ??= new XpodError('SHUTTING_DOWN')
    await this.#worker.terminate()
    this.#rejectAll(this.#gone)
  }

  #flush(): void {
    if (this.#gone !== undefined || this.#lines.length === 0) return
    this.#worker.postMessage(this.#lines, this.#transfer)
    this.#lines = []
    this.#transfer = []
  }

  #receive(message: FromThread): void {
    if ('event' in message) {
      this.#options.onEvent?.(message.event)
      return
    }
    for (const [id, failed, reply] of message.replies) {
      const one = this.#waiting.get(id)
      assert(one !== undefined, 'a reply answers a request')
      this.#waiting.delete(id)
      this.#waitingBytes -= one.bytes
      if (failed) one.reject(errorFromValue(reply))
      else one.resolve(reply as never)
    }
    // The thread goes on while the replies are worked on here.
    this.#flush()
  }

  #crash(cause: unknown): void {
    if (this.#gone !== undefined) return
    this.#gone = new XpodError(this.#options.crashCode ?? 'INTERNAL', '', { cause })
    this.#options.onCrash?.(cause)
    this.#rejectAll(this.#gone)
  }

  #rejectAll(error: XpodError): void {
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const one of waiting) one.reject(error)
  }
}
