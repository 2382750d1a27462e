// The Slug header of a POST becomes one path segment, byte for byte where a URL allows it (RFC 5023 section 9.7; pitfall
// 34). A hint that cannot be a name (empty, dots, too long, control characters) gives a name of the server; one that asks
// for something else than a child of this container is refused. Whether the name is free is judged inside the commit.

import { XpodError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'
import { auxiliaryOf, canonicalPath, keyOf, maxPathBytes, nameOf, type Path } from '../path.ts'
import type { PodRecord } from '../store/resource.ts'
import { isReserved } from './target.ts'

export interface Name {
  /** Taken when free in both slash forms; one encoded segment. */
  readonly wish: string | undefined
  /** Never taken before: a random one. */
  readonly fallback: string
}

export interface SlugRequest {
  readonly pod: PodRecord
  readonly container: Path
  /** The header as node:http gives it: bytes as Latin-1. */
  readonly slug: string | undefined
  /** Whether the Link header asks for a container. */
  readonly makesContainer: boolean
}

/** Throws SLUG_INVALID (an inner slash, or `c/` for a document), SLUG_RESERVED (an auxiliary or reserved name). */
export function chooseName(request: SlugRequest, random: Random): Name {
  const wish = request.slug === undefined ? undefined : wishOf(request.slug.trim(), request)
  const id = random.uuid()
  const longer = wish === undefined ? undefined : asSegment(`${wish}-${id}`)
  return { wish: fits(wish, request) ? wish : undefined, fallback: fits(longer, request) ? longer! : id }
}

function wishOf(slug: string, request: SlugRequest): string | undefined {
  const bare = slug.endsWith('/') ? slug.slice(0, -1) : slug
  if (bare !== slug && !request.makesContainer) {
    throw new XpodError('SLUG_INVALID', 'a trailing slash needs a Link that asks for a container')
  }
  if (bare.includes('/')) throw new XpodError('SLUG_INVALID', 'it has a slash')
  const wish = asSegment(
    toUtf8(bare)
      .replace(/%(?![0-9a-fA-F]{2})/g, '%25')
      .replaceAll('\\', '%5C'),
  )
  if (wish === undefined) return undefined
  const path = request.container + wish
  if (auxiliaryOf(path) !== undefined || isReserved(request.pod, path)) throw new XpodError('SLUG_RESERVED')
  return wish
}

/** Browsers and fetch send a Slug of code points up to 255 as single bytes, others send UTF-8: both as UTF-8 bytes. */
function toUtf8(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  const isEncoded = Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes)
  return isEncoded ? latin1 : Buffer.from(latin1, 'utf8').toString('latin1')
}

/** The canonical form of one segment, or undefined when it cannot be one. */
function asSegment(raw: string): string | undefined {
  if (raw === '') return undefined
  try {
    return nameOf(keyOf(canonicalPath(`/${raw}`)))
  } catch (error) {
    if (error instanceof XpodError) return undefined
    throw error
  }
}

function fits(segment: string | undefined, request: SlugRequest): boolean {
  return segment !== undefined && request.container.length + segment.length + '/.meta'.length <= maxPathBytes
}
