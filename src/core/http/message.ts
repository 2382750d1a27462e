// What a handler sees of one HTTP request and what it answers with. Above these values nothing knows node:http.

import type { IncomingHttpHeaders } from 'node:http'

export interface HttpRequest {
  readonly method: string
  /** The request target as sent: origin form, absolute form or `*`. */
  readonly target: string
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders
  /** Undefined when there is neither Content-Length nor Transfer-Encoding. May be read once. */
  readonly body: AsyncIterable<Uint8Array> | undefined
  /** Aborts when the client is gone or the server stops. A getter: who does not ask pays nothing. */
  readonly signal: AbortSignal
  /** Address of the peer: the client, or the proxy in front of it. */
  readonly remoteAddress: string
  /** Sends 100 Continue when the client waits for it. Reading the body does so as well. */
  continue(): void
}

export interface HttpAnswer {
  readonly status: number
  /** Flat list: name, value, name, value … */
  readonly headers: readonly string[]
  /** A stream that fails cuts the connection: a cut answer never looks complete. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined
}

/**
 * A body that goes on until somebody ends it. Its head leaves at once, it may be silent for hours, and it does not hold up
 * a drain: then, as when the client goes, the signal of the request aborts and `return` of its iterator is called, also
 * while a `next` is waiting; what comes after that is not sent.
 */
export interface LiveBody extends AsyncIterable<Uint8Array> {
  readonly isLive: true
}

/** Answers at once where it can: a promise costs the hot path a turn of the loop. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>
