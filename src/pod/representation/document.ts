// Documents, ACLs and descriptions: the stored bytes, and for RDF the other RDF types, converted once per version
// (solid.md rows 44 to 47). Bytes are kept and served as sent; a conversion has the resource's URL as its base.

import { MiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import { isInert, sandboxPolicy } from '../answer/sandbox.ts'
import type { Entry, PodHome } from '../home.ts'
import type { PodRequest } from '../exchange.ts'
import { essenceOf, rdfTypeOf, type RdfType, rdfTypes } from '../rdf/media-types.ts'
import { allowOf } from '../resource/allow.ts'
import { urlOf } from '../resource/links.ts'
import type { Resource } from '../store/resource.ts'
import type { Acceptance, Offer } from './negotiation.ts'
import { derivedOf, encodedVariant, makeOnce, makeVariant, type Source, tagOf } from './source.ts'
import type { Variant } from './variant.ts'

const writable = (Object.keys(rdfTypes) as RdfType[]).filter((type) => rdfTypes[type].writable)
/** Conversions larger than this are made for each request. */
const maxKeptConversion = 4 * MiB

export function documentVariant(
  source: Source,
  home: PodHome,
  entry: Entry,
  request: PodRequest,
): Variant | Promise<Variant> {
  const { headers } = request
  const derived = derivedOf(entry)
  const offer = (derived.offer ??= offerOf(entry.resource!, source.limits.maxRdfBytes))
  const acceptance = source.negotiator.accept(headers.accept)
  const type = acceptance.choose(offer)
  if (type === undefined) throw new XpodError('NOT_ACCEPTABLE', `available: ${offer.types.join(', ')}`)
  if (type !== offer.types[0]) return converted(source, home, entry, { type, acceptance, request })
  const main = (derived.main ??= storedVariant(source, home, entry))
  return headers.range === undefined
    ? encodedVariant(source, { home, entry, variant: main }, headers['accept-encoding'])
    : main
}

/** The stored type first; RDF below the limit also as every type that can be written. */
function offerOf(resource: Resource, maxRdfBytes: number): Offer {
  const stored = essenceOf(resource.mediaType) ?? 'application/octet-stream'
  if (rdfTypeOf(resource.mediaType) === undefined || resource.size > maxRdfBytes)
    return { name: stored, types: [stored] }
  return { name: `rdf:${stored}`, types: [stored, ...writable.filter((type) => type !== stored)] }
}

function storedVariant(source: Source, home: PodHome, entry: Entry): Variant {
  const resource = entry.resource!
  const isRisky = source.isSandboxed(home) && !isInert(resource.mediaType)
  return makeVariant(entry, {
    tag: '',
    contentType: resource.mediaType,
    bytes: entry.body,
    size: resource.size,
    stored: true,
    allow: allowOf({ path: resource.path, resource }).headers,
    extra: isRisky ? ['Content-Security-Policy', sandboxPolicy] : [],
  })
}

interface Wanted {
  readonly type: string
  readonly acceptance: Acceptance
  readonly request: PodRequest
}

function converted(source: Source, home: PodHome, entry: Entry, wanted: Wanted): Variant | Promise<Variant> {
  const known = derivedOf(entry).others.get(wanted.type)
  const acceptEncoding = wanted.request.headers['accept-encoding']
  if (known !== undefined) return encodedVariant(source, { home, entry, variant: known }, acceptEncoding)
  const made = makeOnce(entry, wanted.type, () => convert(source, home, entry, wanted.type as RdfType))
  return made.then(
    (variant) => encodedVariant(source, { home, entry, variant }, acceptEncoding),
    (error: unknown) => {
      if (!isNotConvertible(error)) throw error
      const stored = storedInstead(source, home, entry, wanted.acceptance)
      if (stored !== undefined) return stored
      throw error.code === 'NOT_ACCEPTABLE' ? error : new XpodError('NOT_ACCEPTABLE', 'it cannot be converted')
    },
  )
}

async function convert(source: Source, home: PodHome, entry: Entry, to: RdfType): Promise<Variant> {
  const resource = entry.resource!
  const from = rdfTypeOf(resource.mediaType)!
  const bytes = await home.bytes(entry, source.limits.maxRdfBytes, neverAborted)
  const base = urlOf(home.pod, resource.path)
  const result = await source.rdf.convert(bytes, { from, to, base }, neverAborted)
  const variant = makeVariant(entry, {
    tag: tagOf(to),
    contentType: to,
    bytes: result,
    size: result.length,
    allow: allowOf({ path: resource.path, resource }).headers,
  })
  if (result.length <= maxKeptConversion) {
    derivedOf(entry).others.set(to, variant)
    home.charge(entry, result.length)
  }
  return variant
}

/** An unknown JSON-LD context, or RDF that was stored unvalidated. */
function isNotConvertible(error: unknown): error is XpodError {
  return error instanceof XpodError && (error.code === 'NOT_ACCEPTABLE' || error.code === 'BODY_INVALID')
}

/** What cannot be converted is sent as stored when that will do. */
function storedInstead(source: Source, home: PodHome, entry: Entry, acceptance: Acceptance): Variant | undefined {
  const derived = derivedOf(entry)
  if (!acceptance.accepts(derived.offer!.types[0]!)) return undefined
  return (derived.main ??= storedVariant(source, home, entry))
}

/** Conversions serve all who wait for them, so no single request may abort them. */
const neverAborted = new AbortController().signal
