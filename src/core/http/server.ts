// The HTTP/1.1 server: node:http with every limit set. Requests have no time limit but a minimum rate, heads are at most
// 32 KiB, connections are counted, and what could be read two ways by two servers is refused. Closing drains: connections
// that carry nothing end at once, the others after their answer. A connection is answered one request at a time: what is
// pipelined waits until the answer before it has left, so a reader that takes nothing costs one answer, not many. A request
// to become a WebSocket is put to its own handler; afterwards the connection is websocket.ts's. TLS and HTTP/2 are not done here.

import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { KiB } from '../../base/bytes.ts'
import { type Clock, delay } from '../../base/clock.ts'
import { systemCode, XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { RequestBody } from './body.ts'
import { Exchange, type ExchangeParts, isLive, StalledAnswers } from './exchange.ts'
import type { HttpAnswer, HttpHandler } from './message.ts'
import { problemAnswer, rawProblem } from './problem.ts'
import { createRequestCounters, type RequestCounters } from './request-counters.ts'
import { handshakeProblem, isWebSocketUpgrade } from './upgrade.ts'
import {
  defaultWebSocketLimits,
  type UpgradeAnswer,
  type UpgradeHandler,
  type WebSocketLimits,
  WebSockets,
} from './websocket.ts'

export interface HttpServerOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly handler: HttpHandler
  /** Who may become a WebSocket. Without it such requests are answered as if they did not ask. */
  readonly upgrade?: UpgradeHandler
  readonly webSockets?: Partial<WebSocketLimits>
  readonly clock: Clock
  readonly log: Log
  /** Counts requests when given; the admin listener does not count itself. */
  readonly metrics?: Metrics
  /** One log line a request. */
  readonly accessLog?: boolean
  /** A path as the log may show it; whole unless given. */
  readonly loggedPath?: (path: string) => string
  /** More are refused by closing them. */
  readonly maxConnections?: number
  readonly headersTimeoutMs?: number
  readonly keepAliveMs?: number
  readonly minimumRate?: { readonly bytesPerSecond: number; readonly windowMs: number }
}

export interface HttpServer extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** Requests that are being answered. */
  readonly active: number
  /** Stops accepting, closes WebSockets (1012), ends live answers, lets running requests finish for at most `graceMs`, then cuts them. */
  drain(graceMs: number): Promise<void>
}

const maxHeaderBytes = 32 * KiB
const tickMs = 1000
const drainPollMs = 10
/** A connection this quiet is probed, so that a peer that vanished is noticed. */
const tcpProbeAfterMs = 60_000
/** Service Restart, of the IANA registry of close codes. */
const closeRestarting = 1012
const defaults = {
  maxConnections: 20_000,
  headersTimeoutMs: 30_000,
  keepAliveMs: 75_000,
  minimumRate: { bytesPerSecond: KiB, windowMs: 30_000 },
  loggedPath: (path: string) => path,
}

/** Throws PORT_IN_USE. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const running = new RunningServer({ ...defaults, ...options })
  await running.listen()
  return running
}

/** How many answers a connection still owes; kept on the socket, where it costs nothing to find. */
const owed = Symbol('owed')
/** Requests that wait for the answer before them. At most what one read of the socket holds: then Node stops reading. */
const queued = Symbol('queued')
/** bytesRead when the last answer ended: more since then means that a further request has begun. */
const readAt = Symbol('readAt')
interface TrackedSocket extends Socket {
  [owed]: number
  [readAt]: number
  [queued]: (() => void)[]
}

class RunningServer implements HttpServer {
  readonly #options: HttpServerOptions & typeof defaults
  readonly #server: Server
  readonly #sockets = new Set<TrackedSocket>()
  readonly #waiting = new Set<RequestBody>()
  readonly #parts: ExchangeParts
  readonly #counters: RequestCounters | undefined
  readonly #timed: boolean
  readonly #live = new Set<Exchange>()
  readonly #webSockets: WebSockets | undefined
  #stopTick: (() => void) | undefined
  #draining = false
  active = 0

  constructor(options: HttpServerOptions & typeof defaults) {
    this.#options = options
    const { clock, log, metrics, minimumRate: rate } = options
    this.#parts = { clock, rate, waiting: this.#waiting, stalled: new StalledAnswers(), live: this.#live }
    this.#counters = metrics === undefined ? undefined : createRequestCounters(metrics)
    this.#timed = this.#counters !== undefined || options.accessLog === true
    if (options.upgrade !== undefined) {
      const webSockets = new WebSockets({ clock, log, limits: { ...defaultWebSocketLimits, ...options.webSockets } })
      metrics?.gaugeFrom('xpod_websockets', 'Open WebSockets', () => webSockets.size)
      this.#webSockets = webSockets
    }
    this.#server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: 0,
      keepAliveTimeout: options.keepAliveMs,
      connectionsCheckingInterval: Math.min(5000, options.headersTimeoutMs),
      insecureHTTPParser: false,
      requireHostHeader: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: tcpProbeAfterMs,
      shouldUpgradeCallback: (message) => this.#webSockets !== undefined && isWebSocketUpgrade(message),
    })
    this.#server.maxConnections = options.maxConnections
    // Node would drop the headers beyond a count without a word; their bytes are bounded already.
    this.#server.maxHeadersCount = 0
    this.#server.timeout = 2 * rate.windowMs
    this.#wire()
  }

  get host(): string {
    return this.#options.host
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, backlog: 4096 }, resolve)
    }).catch((cause: unknown) => {
      throw listenError(cause, `${host}:${port}`)
    })
    this.#server.on('error', (error) => this.#options.log.error('http.listener', { error }))
    this.#stopTick = this.#options.clock.every(Math.min(tickMs, this.#options.minimumRate.windowMs / 2), () => {
      const nowMs = this.#options.clock.monotonicMs()
      for (const body of this.#waiting) body.judge(nowMs)
    })
  }

  #wire(): void {
    this.#server.on('connection', (socket: TrackedSocket) => {
      socket[owed] = 0
      socket[readAt] = 0
      socket[queued] = []
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      if (this.#draining) socket.destroy()
    })
    this.#server.on('request', (message, response) => this.#serve(message, response, false))
    this.#server.on('checkContinue', (message, response) => this.#serve(message, response, true))
    if (this.#webSockets !== undefined) {
      this.#server.on('upgrade', (message, socket, head) => this.#upgrade(message, socket as TrackedSocket, head))
    }
    this.#server.on('connect', (_message, socket) => refuse(socket, new XpodError('METHOD_UNKNOWN', 'CONNECT')))
    this.#server.on('clientError', (error, socket) => this.#refuseBroken(error, socket as TrackedSocket))
    // A quiet connection is ours to keep while an answer is being worked on; a reader that takes nothing is not.
    this.#server.on('timeout', (socket) => {
      if ((socket as TrackedSocket)[owed] === 0 || socket.writableLength > 0) socket.destroy()
    })
  }

  #serve(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const socket = message.socket as TrackedSocket
    if (socket[owed]++ === 0) this.#begin(message, response, expectsContinue)
    else {
      // Read only when its turn comes; until then its body holds the socket back.
      socket[queued].push(() => this.#begin(message, response, expectsContinue))
    }
  }

  #begin(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const startedMs = this.#timed ? this.#options.clock.monotonicMs() : 0
    const exchange = new Exchange(message, response, this.#parts, expectsContinue)
    this.active++
    let answer: HttpAnswer | Promise<HttpAnswer>
    // Node loses what is pipelined behind an Upgrade that is not made, so nothing may follow it.
    let close = this.#draining || message.headers.upgrade !== undefined
    try {
      const refusal = ambiguity(message)
      if (refusal !== undefined) close = true
      answer = refusal === undefined ? this.#options.handler(exchange) : problemAnswer(refusal)
    } catch (error) {
      answer = this.#failed(error)
    }
    if (answer instanceof Promise) {
      void answer.then(
        (settled) => this.#answer(exchange, settled, startedMs, close),
        (error: unknown) => this.#answer(exchange, this.#failed(error), startedMs, close),
      )
    } else this.#answer(exchange, answer, startedMs, close)
  }

  #upgrade(message: IncomingMessage, socket: TrackedSocket, head: Buffer): void {
    // Its answer would come before one that is still owed.
    if (socket[owed] > 0) return socket.destroySoon()
    socket[owed]++
    this.active++
    socket.on('error', destroyItself)
    const startedMs = this.#timed ? this.#options.clock.monotonicMs() : 0
    const exchange = new Exchange(message, new ServerResponse(message), this.#parts, false)
    const settle = (settled: UpgradeAnswer): void => this.#settleUpgrade(exchange, settled, startedMs)
    let answer: UpgradeAnswer | Promise<UpgradeAnswer>
    try {
      const refusal = ambiguity(message) ?? handshakeProblem(message, head)
      answer = refusal === undefined ? this.#options.upgrade!(exchange) : problemAnswer(refusal)
    } catch (error) {
      answer = this.#failed(error)
    }
    if (answer instanceof Promise) void answer.then(settle, (error: unknown) => settle(this.#failed(error)))
    else settle(answer)
  }

  #settleUpgrade(exchange: Exchange, answer: UpgradeAnswer, startedMs: number): void {
    const { message, response, remoteAddress } = exchange
    const { socket } = message
    if ('open' in answer && !this.#draining) {
      const { protocol, open } = answer
      this.#webSockets!.accept({ message, socket, remoteAddress, protocol, open })
      // It owes until it closes: neither idle nor finished.
      this.active--
      return this.#record(exchange, 101, startedMs)
    }
    const refusal = 'open' in answer ? problemAnswer(new XpodError('SHUTTING_DOWN')) : answer
    response.assignSocket(socket)
    response.once('finish', () => socket.destroySoon())
    this.#answer(exchange, refusal, startedMs, true)
  }

  #answer(exchange: Exchange, answer: HttpAnswer, startedMs: number, close: boolean): void {
    let writing: void | Promise<void> = undefined
    try {
      writing = exchange.answer(answer, close || this.#draining || answer.status === 408)
    } catch (error) {
      this.#cut(exchange, error)
    }
    // How long a live answer went on says nothing about the server: what counts is when it began.
    const isRecorded = writing === undefined || isLive(answer.body)
    if (writing === undefined) this.#done(exchange)
    else {
      void writing
        .catch((error: unknown) => this.#cut(exchange, error))
        .then(() => {
          this.#done(exchange)
          if (!isRecorded) this.#record(exchange, answer.status, startedMs)
        })
    }
    if (isRecorded) this.#record(exchange, answer.status, startedMs)
  }

  #done(exchange: Exchange): void {
    const socket = exchange.message.socket as TrackedSocket
    socket[owed]--
    socket[readAt] = socket.bytesRead
    this.active--
    if (socket[queued].length > 0) this.#beginNext(socket, exchange.response)
  }

  #record(exchange: Exchange, status: number, startedMs: number): void {
    if (!this.#timed) return
    const { clock, accessLog, log, loggedPath } = this.#options
    const tookMs = clock.monotonicMs() - startedMs
    this.#counters?.count(exchange.method, status, tookMs / 1000)
    if (accessLog !== true) return
    const { method, remoteAddress } = exchange
    const path = loggedPath(exchange.target.split('?', 1)[0]!)
    log.info('http.request', { method, path, status, tookMs, remoteAddress })
  }

  /** After the answer before it is with the kernel. What waits behind an answer that ends the connection is forgotten. */
  #beginNext(socket: TrackedSocket, before: ServerResponse): void {
    const begin = (): void => {
      if (!socket.destroyed && before.shouldKeepAlive) socket[queued].shift()?.()
    }
    if (before.writableFinished) begin()
    else before.once('finish', begin)
  }

  #failed(error: unknown): HttpAnswer {
    this.#options.log.error('http.failed', { error })
    return problemAnswer(new XpodError('INTERNAL'))
  }

  #cut(exchange: Exchange, error: unknown): void {
    if (!exchange.response.destroyed) this.#options.log.warn('http.cut', { error })
    exchange.response.destroy()
  }

  /** Answers what is not HTTP, unless another answer is owed on the connection: then nothing can be said any more. */
  #refuseBroken(error: Error, socket: TrackedSocket): void {
    const code = systemCode(error)
    if (code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else if (socket[owed] > 0) socket.destroySoon()
    else if (code === 'HPE_HEADER_OVERFLOW') refuse(socket, new XpodError('HEADER_INVALID', 'over 32 KiB'), 431)
    else if (code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse(socket, new XpodError('TOO_SLOW'))
    else refuse(socket, new XpodError('HEADER_INVALID', 'this is not HTTP/1.1'))
  }

  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    // http.Server.close would also destroy connections whose answer has not reached the client yet.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(this.#server, () => resolve()))
    const { clock } = this.#options
    const untilMs = clock.monotonicMs() + graceMs
    this.#webSockets?.closeAll(closeRestarting, 'restarting')
    this.#endIdle()
    while (this.#sockets.size > 0 && clock.monotonicMs() < untilMs) {
      await delay(clock, drainPollMs)
      this.#endIdle()
    }
    for (const socket of this.#sockets) socket.destroy()
    this.#webSockets?.[Symbol.dispose]()
    await closed
    this.#stopTick?.()
    this.#server.close()
  }

  #endIdle(): void {
    for (const exchange of this.#live) exchange.stop()
    for (const socket of this.#sockets) {
      if (socket[owed] === 0 && socket.bytesRead === socket[readAt]) socket.destroySoon()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.drain(0)
  }
}

/**
 * Node refuses most of what two servers could read differently (RFC 9112 section 11.2). What it lets pass: a second Host,
 * of which it keeps the first, and transfer codings before `chunked`, which it would hand on undecoded.
 */
function ambiguity(message: IncomingMessage): XpodError | undefined {
  const coding = message.headers['transfer-encoding']
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || message.httpVersionMinor === 0)) {
    return new XpodError('HEADER_INVALID', 'Transfer-Encoding must be chunked')
  }
  const raw = message.rawHeaders
  let hosts = 0
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1 ? new XpodError('HEADER_INVALID', 'Host is given twice') : undefined
}

function destroyItself(this: Socket): void {
  this.destroy()
}

function refuse(socket: Duplex, error: XpodError, status?: number): void {
  socket.on('error', () => socket.destroy())
  socket.end(rawProblem(error, status))
}

function listenError(cause: unknown, address: string): unknown {
  const code = systemCode(cause)
  if (code === 'EADDRINUSE') return new XpodError('PORT_IN_USE', address, { cause })
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new XpodError('CONFIG_INVALID', `cannot listen on ${address} (${code})`, { cause })
  }
  return cause
}
