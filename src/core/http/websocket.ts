// WebSockets (RFC 6455) of one HTTP server: the connections after the 101, each behind a small interface. Bounded by
// construction: messages, fragments and frames in a period have limits, nothing is compressed, whoever does not answer a
// ping within the next period is cut off, and so is a reader that takes nothing, because its pong cannot come either.
// Who may connect and what is said is decided above; any origin may ask, because nothing here looks at cookies.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { type WebSocket, WebSocketServer } from 'ws'

import { KiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { HttpAnswer } from './message.ts'

/** One open connection. Of each event it has one handler: a later one replaces the earlier. */
export interface WebSocketPeer {
  readonly remoteAddress: string
  /** Bytes handed over that the kernel has not taken. */
  readonly bufferedBytes: number
  /** Sends one text frame; calls back once its bytes left this process, or never will. */
  send(text: string, onSent?: () => void): void
  /** Besides the pings that the server sends anyway. */
  ping(): void
  /** Ends politely; cut after 5 s. */
  close(code: number, reason: string): void
  terminate(): void
  /** Text of at most `maxMessageBytes`; binary and larger messages end the connection with 1003 and 1009. */
  onMessage(handler: (text: string) => void): void
  /** The latest `ping()` was answered: whatever was sent before it has arrived. */
  onPong(handler: () => void): void
  /** Exactly once. */
  onClose(handler: () => void): void
}

export interface UpgradeRequest {
  /** As in HttpRequest. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly remoteAddress: string
}

/** What becomes of an upgrade: a refusal is an ordinary HTTP answer, sent instead of the 101. */
export type UpgradeAnswer =
  | HttpAnswer
  | {
      /** Named in the 101 if the client offered it. */
      readonly protocol?: string
      readonly open: (peer: WebSocketPeer) => void
    }

export type UpgradeHandler = (request: UpgradeRequest) => UpgradeAnswer | Promise<UpgradeAnswer>

export interface WebSocketLimits {
  /** Of one message; 4 KiB. */
  readonly maxMessageBytes: number
  /** Between two pings of the server; 30 s. Without a pong until the next one the connection is cut. */
  readonly pingEveryMs: number
  /** Messages, pings and pongs of one peer between two pings of the server; 1000. */
  readonly maxFramesAPeriod: number
  /** Between close and cut; 5 s. */
  readonly closeTimeoutMs: number
}

export const defaultWebSocketLimits: WebSocketLimits = {
  maxMessageBytes: 4 * KiB,
  pingEveryMs: 30_000,
  maxFramesAPeriod: 1000,
  closeTimeoutMs: 5000,
}

/** Each fragment may hold on to the 64 KiB it was read with. */
const maxFragments = 8
/** Pieces of one frame that came one by one; each costs far more than its bytes. */
const maxBufferedChunks = 64
/** Pongs of ours that the peer has not taken; more end the connection. */
const maxWaitingPongs = 16
/** Pings are spread over the period, so that ten thousand peers do not cost one long pause. */
const turns = 30

interface WebSocketParts {
  readonly clock: Clock
  readonly log: Log
  readonly limits: WebSocketLimits
}

interface AcceptedUpgrade {
  readonly message: IncomingMessage
  readonly socket: Duplex
  readonly remoteAddress: string
  readonly protocol: string | undefined
  readonly open: (peer: WebSocketPeer) => void
}

/** The open connections of one server. */
export class WebSockets implements Disposable {
  readonly #parts: WebSocketParts
  readonly #acceptor: WebSocketServer
  readonly #protocols = new WeakMap<IncomingMessage, string>()
  /** Peers by the turn at which they are pinged. */
  readonly #byTurn = Array.from({ length: turns }, () => new Set<Peer>())
  readonly #stopTick: () => void
  #turn = 0
  #accepted = 0
  /** How many are open. */
  size = 0

  constructor(parts: WebSocketParts) {
    this.#parts = parts
    const { maxMessageBytes, closeTimeoutMs, pingEveryMs } = parts.limits
    // Options that its types do not know yet.
    const newer = { closeTimeout: closeTimeoutMs, maxPendingAutoPongs: maxWaitingPongs }
    this.#acceptor = new WebSocketServer({
      ...newer,
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      maxFragments,
      maxBufferedChunks,
      handleProtocols: (offered, message) => {
        const wanted = this.#protocols.get(message)
        return wanted !== undefined && offered.has(wanted) ? wanted : false
      },
    })
    this.#stopTick = parts.clock.every(pingEveryMs / turns, () => this.#tick())
  }

  /** Answers 101. The request must have passed `handshakeProblem`; a client that is gone meanwhile is dropped silently. */
  accept(upgrade: AcceptedUpgrade): void {
    const { message, socket, protocol, open, remoteAddress } = upgrade
    if (protocol !== undefined) this.#protocols.set(message, protocol)
    this.#acceptor.handleUpgrade(message, socket, Buffer.alloc(0), (webSocket) => {
      const turn = this.#byTurn[this.#accepted++ % turns]!
      const peer = new Peer(webSocket, remoteAddress, this.#parts)
      turn.add(peer)
      this.size++
      webSocket.on('close', () => {
        turn.delete(peer)
        this.size--
        peer.closed()
      })
      peer.opened(open)
    })
  }

  closeAll(code: number, reason: string): void {
    for (const peers of this.#byTurn) for (const peer of peers) peer.close(code, reason)
  }

  #tick(): void {
    for (const peer of this.#byTurn[this.#turn]!) peer.beat()
    this.#turn = (this.#turn + 1) % turns
  }

  [Symbol.dispose](): void {
    this.#stopTick()
    for (const peers of this.#byTurn) for (const peer of peers) peer.terminate()
  }
}

class Peer implements WebSocketPeer {
  readonly remoteAddress: string
  readonly #webSocket: WebSocket
  readonly #parts: WebSocketParts
  #onMessage: ((text: string) => void) | undefined
  #onPong: (() => void) | undefined
  #onClose: (() => void) | undefined
  /** Pings are numbered; the number is their payload. A pong answers every ping up to its own (RFC 6455 section 5.5.3). */
  #pinged = 0
  #ponged = 0
  /** The number of the latest `ping()` that waits for its pong; 0 when none does. */
  #asked = 0
  /** The number of the last ping of the server's own. */
  #beat = 0
  /** Since the last beat. */
  #frames = 0

  constructor(webSocket: WebSocket, remoteAddress: string, parts: WebSocketParts) {
    this.#webSocket = webSocket
    this.remoteAddress = remoteAddress
    this.#parts = parts
    webSocket.on('message', (bytes, isBinary) => this.#message(bytes as Buffer, isBinary))
    webSocket.on('ping', () => this.#countFrame())
    webSocket.on('pong', (payload) => this.#pong(payload))
    // What is wrong with a frame ends the connection with the code for it; nothing is left to do.
    webSocket.on('error', (error) => parts.log.debug('websocket.error', { error, remoteAddress }))
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount
  }

  send(text: string, onSent?: () => void): void {
    this.#webSocket.send(text, onSent && (() => onSent()))
  }

  ping(): void {
    this.#asked = this.#sendPing()
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason)
  }

  terminate(): void {
    this.#webSocket.terminate()
  }

  onMessage(handler: (text: string) => void): void {
    this.#onMessage = handler
  }

  onPong(handler: () => void): void {
    this.#onPong = handler
  }

  onClose(handler: () => void): void {
    this.#onClose = handler
  }

  opened(open: (peer: WebSocketPeer) => void): void {
    this.#call(() => open(this))
  }

  closed(): void {
    this.#call(() => this.#onClose?.())
  }

  /** Its turn: whoever has not answered the last ping is gone. */
  beat(): void {
    if (this.#ponged < this.#beat) return this.terminate()
    this.#frames = 0
    this.#beat = this.#sendPing()
  }

  #sendPing(): number {
    const number = ++this.#pinged
    if (this.#isOpen) this.#webSocket.ping(String(number))
    return number
  }

  #pong(payload: Buffer): void {
    if (!this.#countFrame()) return
    const number = Number(payload.toString('latin1'))
    // Anything else is a pong that nobody asked for, which is allowed and means nothing.
    if (!(number > this.#ponged && number <= this.#pinged)) return
    this.#ponged = number
    if (this.#asked === 0 || number < this.#asked) return
    this.#asked = 0
    this.#call(() => this.#onPong?.())
  }

  #message(bytes: Buffer, isBinary: boolean): void {
    if (!this.#countFrame()) return
    if (isBinary) return this.close(1003, 'text only')
    this.#call(() => this.#onMessage?.(bytes.toString('utf8')))
  }

  /** False when nothing is to be heard from this peer any more. */
  #countFrame(): boolean {
    if (!this.#isOpen) return false
    if (++this.#frames <= this.#parts.limits.maxFramesAPeriod) return true
    this.#parts.log.info('websocket.flood', { remoteAddress: this.remoteAddress })
    this.terminate()
    return false
  }

  get #isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN
  }

  /** A handler that fails is a bug that costs one connection. */
  #call(handler: () => void): void {
    try {
      handler()
    } catch (error) {
      this.#parts.log.error('websocket.failed', { error })
      this.terminate()
    }
  }
}
