// Failures as answers: application/problem+json (RFC 9457) from an XpodError, a page for people's browsers. Nothing of the
// request is echoed, and the cause stays in the log. A HEAD gets the same headers without the body.

import type { XpodError } from '../../base/errors.ts'
import type { PodResponse, RequestHeaders } from '../exchange.ts'
import { corsHeaders, vary } from './cors.ts'
import { problemPage, problemPolicy } from './problem-page.ts'

export interface FailedRequest {
  readonly method: string
  readonly headers: RequestHeaders
}

/** Seconds until a retry makes sense, for 429 and 503. */
const retryAfterSeconds = 1

/** `extra` is a flat list of further headers; those of the error itself come first. */
export function problemResponse(error: XpodError, request: FailedRequest, extra: readonly string[] = []): PodResponse {
  const forPeople = wantsPage(request.headers.accept)
  const bytes = Buffer.from(forPeople ? problemPage(error) : problemJson(error))
  const { origin } = request.headers
  const headers = [
    'Content-Type',
    forPeople ? 'text/html; charset=utf-8' : 'application/problem+json',
    'Content-Length',
    String(bytes.length),
    ...error.headers,
    ...extra,
    'Cache-Control',
    'private, no-cache',
    'Vary',
    vary,
    'X-Content-Type-Options',
    'nosniff',
  ]
  if (forPeople) headers.push('Content-Security-Policy', problemPolicy)
  if (error.retryable && (error.status === 429 || error.status === 503))
    headers.push('Retry-After', String(retryAfterSeconds))
  if (origin !== undefined) headers.push(...corsHeaders(origin))
  return { status: error.status, headers, body: request.method === 'HEAD' ? undefined : bytes }
}

function problemJson(error: XpodError): string {
  return JSON.stringify({
    ...error.members,
    title: error.title,
    status: error.status,
    ...(error.detail === '' ? {} : { detail: error.detail }),
    code: error.code,
    hint: error.hint,
  })
}

/** Browsers name text/html first; clients that list it behind other types get JSON. */
function wantsPage(accept: string | undefined): boolean {
  return accept?.startsWith('text/html') ?? false
}
