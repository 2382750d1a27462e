// Failures as RFC 9457 problem documents: the code of the table in base/error-codes.ts is the stable part.

import { STATUS_CODES } from 'node:http'

import { toXpodError, type XpodError } from '../../base/errors.ts'
import type { HttpAnswer } from './message.ts'

/** The members of the problem document; what a client may rely on are `status` and `code`. */
export function problemOf(error: XpodError): Record<string, unknown> {
  return {
    type: 'about:blank',
    title: error.title,
    status: error.status,
    ...(error.detail === '' ? {} : { detail: error.detail }),
    code: error.code,
    hint: error.hint,
    ...error.members,
  }
}

export function problemAnswer(cause: unknown, headers: readonly string[] = []): HttpAnswer {
  const error = toXpodError(cause)
  return {
    status: error.status,
    headers: [
      'Content-Type',
      'application/problem+json',
      'Cache-Control',
      'no-store',
      ...(error.retryable ? ['Retry-After', '1'] : []),
      ...error.headers,
      ...headers,
    ],
    body: Buffer.from(JSON.stringify(problemOf(error))),
  }
}

/** The same as raw bytes, for connections that have no parsed request to answer. Always the last answer of its connection. */
export function rawProblem(error: XpodError, status = error.status): string {
  const body = JSON.stringify({ ...problemOf(error), status })
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/problem+json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
  )
}
