// The headers of answers to reads, prepared once per representation and set of rights (solid.md section 4, end). What is
// prepared is complete but for the Origin, which is put into a copy.

import { allows, read } from '../access/modes.ts'
import type { PodResponse } from '../exchange.ts'
import type { Answers, Variant } from '../representation/variant.ts'
import { linkHeader } from '../resource/links.ts'
import { everyoneModes, type Rights, wacAllowOf } from '../resource/rights.ts'
import type { PodRecord, Resource } from '../store/resource.ts'
import { corsHeaders, vary } from './cors.ts'

export interface Subject {
  readonly pod: PodRecord
  readonly resource: Resource
  readonly rights: Rights
}

/** Index of the Origin in headers made by `withHole`. */
const originIndex = 1

/** The prepared answers of a variant for these rights. */
export function answersOf(variant: Variant, pod: PodRecord, resource: Resource, rights: Rights): Answers {
  const known = variant.answers.get(rights)
  if (known !== undefined) return known
  const subject = { pod, resource, rights }
  const full = representationHeaders(variant, subject)
  const short = notModifiedHeaders(variant, subject)
  const made: Answers = {
    ok: { status: 200, headers: full, body: variant.bytes },
    head: { status: 200, headers: full, body: undefined },
    notModified: { status: 304, headers: short, body: undefined },
    okHole: withHole(full),
    notModifiedHole: withHole(short),
  }
  variant.answers.set(rights, made)
  return made
}

/** A copy of prepared headers for this Origin. */
export function forOrigin(hole: readonly string[], origin: string): string[] {
  const headers = hole.slice()
  headers[originIndex] = origin
  return headers
}

/** A prepared answer for the request's Origin, when it has one. */
export function withOrigin(response: PodResponse, origin: string | undefined): PodResponse {
  if (origin === undefined) return response
  return { ...response, headers: [...corsHeaders(origin), ...response.headers] }
}

function withHole(headers: readonly string[]): string[] {
  return [...corsHeaders(''), ...headers]
}

/** Everything a 200 carries; `Content-Type` and `Content-Length` come first. */
export function representationHeaders(variant: Variant, subject: Subject): string[] {
  const { pod, resource } = subject
  const headers = ['Content-Type', variant.contentType]
  if (variant.size !== undefined) headers.push('Content-Length', String(variant.size))
  if (variant.coding !== undefined) headers.push('Content-Encoding', variant.coding)
  if (variant.language !== undefined) headers.push('Content-Language', variant.language)
  if (variant.stored) headers.push('Accept-Ranges', 'bytes')
  headers.push(...variant.allow)
  if (resource.kind !== 'container') headers.push('MS-Author-Via', 'SPARQL')
  headers.push('Link', linkHeader(pod, resource.path), ...notModifiedHeaders(variant, subject), ...variant.extra)
  return headers
}

/** What a cache needs to refresh what it holds (RFC 9110 section 15.4.5), and the rights, which change on their own. */
function notModifiedHeaders(variant: Variant, { resource, rights }: Subject): string[] {
  return [
    'ETag',
    variant.etag,
    'Last-Modified',
    new Date(resource.modifiedMs).toUTCString(),
    'Cache-Control',
    allows(everyoneModes(rights), read) ? 'no-cache' : 'private, no-cache',
    'Vary',
    variant.language === undefined ? vary : `${vary},Accept-Language`,
    'WAC-Allow',
    wacAllowOf(rights),
    'X-Content-Type-Options',
    'nosniff',
  ]
}
