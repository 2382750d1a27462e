// One request and its answer on node:http: the request as handlers see it, and the writing of what they answer. The head
// goes out in one call with the body where the body is bytes; streams are written under backpressure. Whatever fails after
// the head destroys the connection, so that a cut answer never looks complete. A live body may be silent for hours; it ends
// with its client or with the server.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'

import { freeGiven, KiB, MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { type MinimumRate, RequestBody } from './body.ts'
import type { HttpAnswer, HttpRequest, LiveBody } from './message.ts'

/** Above this, bytes are written in slices, so that a slow reader is noticed by the slice. */
const sliceBytes = 256 * KiB
/** Of a refused body, this much is read and thrown away to keep the connection; more closes it. */
const maxDrainBytes = 64 * KiB
/** How long a connection that will close stays open, so that a client still sending can read its answer first. */
const lingerMs = 1000

/** What exchanges of one server share. */
export interface ExchangeParts {
  readonly clock: Clock
  readonly rate: MinimumRate
  /** Bodies somebody waits for; judged by the server's tick. */
  readonly waiting: Set<RequestBody>
  /** Answers that wait for their readers. */
  readonly stalled: StalledAnswers
  /** Answers with a live body; the server stops them. */
  readonly live: Set<Exchange>
}

/** Together the readers that do not keep up may hold this much; beyond it the one that waits longest is cut off. */
const maxStalledBytes = 256 * MiB

export class StalledAnswers {
  readonly #bytes = new Map<ServerResponse, number>()
  #sum = 0

  add(response: ServerResponse): void {
    const bytes = response.writableLength
    this.#bytes.set(response, bytes)
    this.#sum += bytes
    for (const oldest of this.#bytes.keys()) {
      if (this.#sum <= maxStalledBytes) break
      this.remove(oldest)
      oldest.destroy()
    }
  }

  remove(response: ServerResponse): void {
    this.#sum -= this.#bytes.get(response) ?? 0
    this.#bytes.delete(response)
  }
}

export class Exchange implements HttpRequest {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly #parts: ExchangeParts
  readonly #expectsContinue: boolean
  #continued = false
  #body: RequestBody | undefined
  #abort: AbortController | undefined
  /** Of a live answer: no more is sent. */
  #isOver = false
  #stopWaiting: (() => void) | undefined

  constructor(message: IncomingMessage, response: ServerResponse, parts: ExchangeParts, expectsContinue: boolean) {
    this.message = message
    this.response = response
    this.#parts = parts
    this.#expectsContinue = expectsContinue
  }

  get method(): string {
    return this.message.method!
  }
  get target(): string {
    return this.message.url!
  }
  get headers(): IncomingHttpHeaders {
    return this.message.headers
  }
  get remoteAddress(): string {
    return this.message.socket.remoteAddress ?? ''
  }

  get body(): RequestBody | undefined {
    if (this.#body !== undefined || !hasBody(this.message.headers)) return this.#body
    const { clock, rate, waiting } = this.#parts
    this.#body = new RequestBody(this.message, { clock, rate, waiting, begin: () => this.continue() })
    return this.#body
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController()
      this.#abort = abort
      if (this.response.destroyed) abort.abort(clientGone())
      else {
        this.response.once('close', () => {
          if (!this.response.writableFinished) abort.abort(clientGone())
        })
      }
    }
    return this.#abort.signal
  }

  continue(): void {
    if (!this.#expectsContinue || this.#continued) return
    this.#continued = true
    this.response.writeContinue()
  }

  /** Writes the answer. A promise only when it is a stream, is large, or leaves an unread body behind. */
  answer(answer: HttpAnswer, close: boolean): void | Promise<void> {
    const unread = this.#leavesUnread()
    if (close || unread) this.response.shouldKeepAlive = false
    const { body } = answer
    const isHead = this.message.method === 'HEAD'
    this.response.writeHead(answer.status, withLength(answer, isHead))
    if (unread) return this.#endAfterLinger(isHead ? undefined : body)
    if (body === undefined || isHead) this.response.end()
    else if (body instanceof Uint8Array && body.length <= sliceBytes) this.response.end(body)
    else return this.#stream(body)
  }

  /** True when the rest of the body is not worth reading, or will never come. */
  #leavesUnread(): boolean {
    const { message } = this
    if (message.complete || !hasBody(message.headers)) return false
    if (this.#expectsContinue && !this.#continued) return true
    const length = message.headers['content-length']
    return length === undefined || Number(length) - (this.#body?.taken ?? 0) > maxDrainBytes
  }

  async #endAfterLinger(body: HttpAnswer['body']): Promise<void> {
    const { message, response } = this
    // At once for bytes: a broken rest of the same request is noticed right after this.
    if (body instanceof Uint8Array) response.write(body)
    else if (body !== undefined) await this.#write(body)
    else response.flushHeaders()
    let drained = 0
    message.on('data', (chunk: Buffer) => {
      drained += chunk.length
      if (drained > maxDrainBytes) message.pause()
    })
    message.on('error', () => response.destroy())
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(lingerMs, resolve)
      const end = (): void => {
        cancel()
        resolve()
      }
      message.once('end', end)
      response.once('close', end)
    })
    response.end()
  }

  async #stream(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    await this.#write(body)
    this.response.end()
  }

  async #write(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { response } = this
    if (isLive(body)) return this.#writeLive(body)
    for await (const chunk of slicesOf(body)) {
      if (response.destroyed) return
      if (response.write(chunk)) continue
      await this.#drained(chunk.length)
      // Drained, and not only gone: no byte of it is needed any more.
      if (!response.destroyed) freeGiven(chunk)
    }
  }

  async #writeLive(body: LiveBody): Promise<void> {
    const { response } = this
    const { live } = this.#parts
    const iterator = body[Symbol.asyncIterator]()
    live.add(this)
    response.once('close', () => this.#endLive())
    response.flushHeaders()
    try {
      for (;;) {
        const step = await this.#nextUnlessOver(iterator)
        if (step === undefined || step.done === true) return
        if (!response.write(step.value)) await this.#drained(step.value.length)
      }
    } finally {
      live.delete(this)
      // What it says to that, perhaps much later, is about an answer that is over.
      iterator.return?.().then(undefined, () => undefined)
    }
  }

  #nextUnlessOver(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array> | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return resolve(undefined)
      this.#stopWaiting = () => resolve(undefined)
      iterator.next().then(resolve, reject)
    })
  }

  #endLive(): void {
    this.#isOver = true
    this.#stopWaiting?.()
  }

  /** Ends a live answer now; one whose reader is behind is cut. */
  stop(): void {
    this.#abort?.abort(new XpodError('SHUTTING_DOWN'))
    this.#endLive()
    if (this.response.writableNeedDrain) this.response.destroy()
  }

  /** Resolves when the connection takes more or is gone; a reader slower than the minimum rate is cut off. */
  #drained(bytes: number): Promise<void> {
    const { response } = this
    const { clock, rate, stalled } = this.#parts
    stalled.add(response)
    return new Promise((resolve) => {
      const patienceMs = Math.max(rate.windowMs, (bytes / rate.bytesPerSecond) * 1000)
      const cancel = clock.after(patienceMs, () => response.destroy())
      const done = (): void => {
        cancel()
        stalled.remove(response)
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.on('drain', done)
      response.on('close', done)
    })
  }
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
}

export function isLive(body: HttpAnswer['body']): body is LiveBody {
  return body !== undefined && 'isLive' in body
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes)
}

function slicesOf(body: Uint8Array | AsyncIterable<Uint8Array>): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return body instanceof Uint8Array ? slices(body) : body
}

/** Node frames a body as chunks unless its length stands in the head that is written before it. */
function withLength(answer: HttpAnswer, isHead: boolean): string[] {
  const headers = answer.headers as string[]
  const { body, status } = answer
  if (isHead || status === 204 || status === 304 || (body !== undefined && !(body instanceof Uint8Array)))
    return headers
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!
    if (name.length === 14 && name.toLowerCase() === 'content-length') return headers
  }
  return [...headers, 'Content-Length', String(body === undefined ? 0 : body.length)]
}

/** The reason that whoever works for a request sees when nobody waits for its answer: no failure of the server. */
function clientGone(): XpodError {
  return new XpodError('BODY_INCOMPLETE', 'the client is gone')
}
