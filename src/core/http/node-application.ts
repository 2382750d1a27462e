// Runs an application that wants node's own request and response objects (koa, express) on a request value, and gives its
// answer as a value. So limits, drain, metrics and the writing of answers stay in one place, and the application sees the
// public scheme and host whatever proxies stand in front. Its whole answer is kept in memory: for small answers only.

import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'

import type { HttpAnswer, HttpRequest } from './message.ts'

export type NodeApplication = (message: IncomingMessage, response: ServerResponse) => unknown

export interface ApplicationCall {
  readonly request: HttpRequest
  /** Path and query. */
  readonly target: string
  /** What the application takes for its own address. */
  readonly origin: string
  /** Read already: who calls judges its size. */
  readonly body: Uint8Array
}

/** Rejects with what the application rejects with. */
export function callNodeApplication(application: NodeApplication, call: ApplicationCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const message = messageOf(call)
    const response = new ServerResponse(message)
    const chunks: Buffer[] = []
    const take = (chunk: unknown): void => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string))
    }
    Object.assign(response, {
      write: (chunk: unknown) => {
        take(chunk)
        return true
      },
      end: (chunk: unknown) => {
        take(chunk)
        resolve({ status: response.statusCode, headers: headersOf(response), body: bodyOf(call.request, chunks) })
        return response
      },
    })
    Promise.resolve(application(message, response)).catch(reject)
  })
}

function messageOf({ request, target, origin, body }: ApplicationCall): IncomingMessage {
  const url = new URL(origin)
  const headers: IncomingHttpHeaders = { ...request.headers, host: url.host }
  for (const name of ['transfer-encoding', 'forwarded', 'x-forwarded-host', 'x-forwarded-proto']) delete headers[name]
  if (body.length > 0 || request.body !== undefined) headers['content-length'] = String(body.length)
  const stream = body.length === 0 ? Readable.from([]) : Readable.from([body])
  const socket = { encrypted: url.protocol === 'https:', remoteAddress: request.remoteAddress, writable: true }
  const line = { method: request.method, url: target, httpVersion: '1.1', httpVersionMajor: 1, httpVersionMinor: 1 }
  return Object.assign(stream, line, { headers, socket }) as unknown as IncomingMessage
}

function headersOf(response: ServerResponse): string[] {
  const headers: string[] = []
  for (const name of response.getHeaderNames()) {
    if (/^(?:content-length|connection|transfer-encoding)$/.test(name)) continue
    for (const value of [response.getHeader(name)].flat()) headers.push(name, String(value))
  }
  return headers
}

function bodyOf(request: HttpRequest, chunks: readonly Buffer[]): Buffer | undefined {
  return request.method === 'HEAD' || chunks.length === 0 ? undefined : Buffer.concat(chunks)
}
