// Answers of the provider's endpoints as values: JSON for apps, OAuth errors (RFC 6749 section 5.2), and what any origin may
// read. Token, key, registration and discovery endpoints answer every origin and never allow credentials (rule 14).

import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'

export interface OAuthError {
  readonly error: string
  readonly detail: string
  /** 400 when absent; invalid_client is 401. */
  readonly status?: number
  readonly headers?: readonly string[]
}

const exposed = 'WWW-Authenticate, Retry-After'

export function jsonAnswer(body: unknown, status = 200, headers: readonly string[] = []): HttpAnswer {
  return { status, headers: ['Content-Type', 'application/json; charset=utf-8', ...headers], body: json(body) }
}

export function tokenAnswer(body: Readonly<Record<string, unknown>>): HttpAnswer {
  return jsonAnswer(body, 200, ['Cache-Control', 'no-store'])
}

export function oauthError(request: HttpRequest, { error, detail, status, headers = [] }: OAuthError): HttpAnswer {
  const isClient = error === 'invalid_client'
  const challenge =
    isClient && request.headers.authorization !== undefined ? ['WWW-Authenticate', `Basic error="${error}"`] : []
  const all = ['Cache-Control', 'no-store', ...challenge, ...headers]
  return jsonAnswer({ error, error_description: detail }, status ?? (isClient ? 401 : 400), all)
}

/** Readable from any page, without credentials; whatever was said about that before is dropped. */
export function forAnyOrigin(answer: HttpAnswer): HttpAnswer {
  const headers = ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', exposed]
  for (let index = 0; index < answer.headers.length; index += 2) {
    const name = answer.headers[index]!
    if (!/^(?:access-control-|vary$)/i.test(name)) headers.push(name, answer.headers[index + 1]!)
  }
  return { ...answer, headers }
}

export function anyOriginPreflight(request: HttpRequest, methods: string): HttpAnswer {
  const asked = request.headers['access-control-request-headers']
  const headers = [
    'Access-Control-Allow-Origin',
    '*',
    'Access-Control-Allow-Methods',
    methods,
    ...(asked === undefined ? [] : ['Access-Control-Allow-Headers', asked]),
    'Access-Control-Max-Age',
    '7200',
    'Allow',
    methods,
  ]
  return { status: 204, headers, body: undefined }
}

function json(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body))
}
