// Cross-origin requests (Solid Protocol, CORS Server; solid.md rows 56 to 60, pitfalls 38 and 39): every answer to a request
// that has an Origin echoes it, whatever the status; preflights need no authentication and have no body. Credentials are
// allowed on pods, where cookies never authenticate (rule 14).

import type { PodResponse, RequestHeaders } from '../exchange.ts'

const exposed = [
  'Accept-Patch',
  'Accept-Post',
  'Accept-Put',
  'Accept-Ranges',
  'Allow',
  'Content-Length',
  'Content-Range',
  'Date',
  'ETag',
  'Last-Modified',
  'Link',
  'Location',
  'MS-Author-Via',
  'Updates-Via',
  'Vary',
  'WAC-Allow',
  'WWW-Authenticate',
].join(', ')

export const methods = 'GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE'
export const vary = 'Accept,Accept-Encoding,Authorization,Origin'

/** What an answer to a request with this Origin carries; the origin is the second element. */
export function corsHeaders(origin: string): string[] {
  return [
    'Access-Control-Allow-Origin',
    origin,
    'Access-Control-Allow-Credentials',
    'true',
    'Access-Control-Expose-Headers',
    exposed,
  ]
}

/** A CORS preflight is an OPTIONS with an Origin and the method it asks for (Fetch, CORS-preflight request). */
export function isPreflight(headers: RequestHeaders): boolean {
  return headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

/** 204 without a body; the asked headers are echoed in their own spelling. */
export function preflight(headers: RequestHeaders): PodResponse {
  const asked = headers['access-control-request-headers']
  return {
    status: 204,
    headers: [
      ...corsHeaders(headers.origin ?? '*'),
      'Access-Control-Allow-Methods',
      methods,
      ...(asked === undefined ? [] : ['Access-Control-Allow-Headers', asked]),
      'Access-Control-Max-Age',
      '7200',
      'Vary',
      `${vary},Access-Control-Request-Method,Access-Control-Request-Headers`,
      'X-Content-Type-Options',
      'nosniff',
    ],
    body: undefined,
  }
}
