// What making a representation needs, and how the results are kept: each made once, at the same time by at most one request,
// and charged to the entry it belongs to.

import type { Log } from '../../base/log.ts'
import type { Entry, PodHome } from '../home.ts'
import type { PodLimits } from '../operation.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import { etagOf } from '../resource/etag.ts'
import type { PodReader } from '../store/pod-store.ts'
import { type Coding, codings, compress, isCompressible } from './encodings.ts'
import { Negotiator } from './negotiation.ts'
import { Derived, type Variant } from './variant.ts'

export interface Source {
  readonly store: Pick<PodReader, 'children' | 'streamBody'>
  readonly rdf: Pick<RdfWorkers, 'convert' | 'parse'>
  readonly limits: Pick<PodLimits, 'maxRdfBytes'>
  readonly log: Log
  readonly negotiator: Negotiator
  /** Whether documents of this pod that a browser might run are sandboxed. */
  readonly isSandboxed: (home: PodHome) => boolean
}

export function createNegotiator(): Negotiator {
  return new Negotiator(codings)
}

/** Suffixes of ETags by media type. */
const tags: Readonly<Record<string, string>> = {
  'text/turtle': 'ttl',
  'application/ld+json': 'jsonld',
  'application/n-triples': 'nt',
  'application/n-quads': 'nq',
  'application/trig': 'trig',
  'text/html': 'html',
}

export function tagOf(mediaType: string, language = ''): string {
  return `${tags[mediaType] ?? 'x'}${language === '' ? '' : `-${language}`}`
}

/** What was derived from the entry so far. */
export function derivedOf(entry: Entry): Derived {
  return (entry.derived ??= new Derived())
}

export interface VariantParts {
  readonly tag: string
  readonly contentType: string
  readonly bytes: Uint8Array | undefined
  readonly size: number | undefined
  readonly allow: readonly string[]
  readonly stored?: boolean
  readonly language?: string
  readonly extra?: readonly string[]
}

export function makeVariant(entry: Entry, parts: VariantParts): Variant {
  return {
    etag: etagOf(entry, parts.tag),
    contentType: parts.contentType,
    coding: undefined,
    language: parts.language,
    size: parts.size,
    bytes: parts.bytes,
    stored: parts.stored ?? false,
    compressible: parts.bytes !== undefined && isCompressible(parts.contentType, parts.bytes.length),
    allow: parts.allow,
    extra: parts.extra ?? [],
    encoded: {},
    answers: new Map(),
  }
}

/** Runs `make` once for all who ask for `key` of this entry meanwhile. */
export function makeOnce(entry: Entry, key: string, make: () => Promise<Variant>): Promise<Variant> {
  const { making } = derivedOf(entry)
  const running = making.get(key)
  if (running !== undefined) return running
  const made = make().finally(() => making.delete(key))
  making.set(key, made)
  return made
}

/** The variant in the coding that the request prefers, when it is worth one. */
export function encodedVariant(
  source: Source,
  of: { readonly home: PodHome; readonly entry: Entry; readonly variant: Variant },
  acceptEncoding: string | undefined,
): Variant | Promise<Variant> {
  const { home, entry, variant } = of
  if (!variant.compressible) return variant
  const coding = source.negotiator.coding(acceptEncoding)
  if (coding === undefined) return variant
  return (
    variant.encoded[coding] ??
    makeOnce(entry, `${variant.etag}${coding}`, async () => {
      const made = await encode(variant, coding)
      variant.encoded[coding] = made
      home.charge(entry, made.bytes!.length)
      return made
    })
  )
}

async function encode(variant: Variant, coding: Coding): Promise<Variant> {
  const bytes = await compress(variant.bytes!, coding)
  // The type's place in the tag is empty for what is not converted.
  const separator = variant.etag.includes('.') ? '.' : '..'
  const etag = `${variant.etag.slice(0, -1)}${separator}${coding}"`
  return { ...variant, etag, coding, size: bytes.length, bytes, compressible: false, encoded: {}, answers: new Map() }
}
