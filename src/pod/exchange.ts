// The request and the answer as values; node:http stops before this file. Headers of an answer are a flat list
// (name, value, name, value …), which is what the hot path prepares once per version and node:http writes as it is.

import type { IncomingHttpHeaders } from 'node:http'
import type { Path } from './path.ts'
import type { PodRecord } from './store/resource.ts'

/** Lower-case names, as node:http gives them. */
export type RequestHeaders = IncomingHttpHeaders

export interface PodRequest {
  /** As sent; methods are case-sensitive (RFC 9110 section 9.1). */
  readonly method: string
  readonly pod: PodRecord
  /** Canonical path inside the pod; starts with a slash. */
  readonly path: Path
  /** Lower-case names; `cookie` is never looked at (rule 14). */
  readonly headers: RequestHeaders
  /**
   * The body's bytes, or undefined when the request has none (no Content-Length and no Transfer-Encoding). Each chunk is the
   * reader's alone.
   */
  readonly body: AsyncIterable<Uint8Array> | undefined
  /** Aborts when the client is gone or the server stops. A getter: hot requests never make one. */
  readonly signal: AbortSignal
  /** Network address of the client, as the nearest trusted proxy saw it. A getter. */
  readonly clientAddress: string
  /** Sends 100 Continue when the client waits for it; called before the body is first read. */
  readonly continue: () => void
}

export interface PodResponse {
  readonly status: number
  readonly headers: readonly string[]
  /** A stream is cut, never ended, when it fails: a cut response must not look complete. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | undefined
}
