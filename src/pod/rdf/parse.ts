// Bytes → triples, for every RDF type that xpod reads; the base IRI is the resource's URL. What comes out has only well-formed
// terms. Bounded: the terms of a document may not grow far beyond its own size by prefixes, contexts or entities.

import { XpodError } from '../../base/errors.ts'
import { MiB } from '../../base/bytes.ts'
import { hasLanguageTag, idOf, type ParsedRdf, type Quad, type Term } from './graph.ts'
import { type RdfType, rdfTypeOf } from './media-types.ts'
import type { Contexts } from './read/contexts.ts'
import type { UnknownContext } from './read/jsonld.ts'
import { isPlainTurtle } from './read/plain-turtle.ts'
import { eachQuad, isTurtleType, readTurtle } from './read/turtle.ts'

export interface RdfSource {
  /** With or without parameters. */
  readonly mediaType: string
  /** URL of the resource. */
  readonly base: string
  /** For JSON-LD, besides the bundled ones. */
  readonly contexts?: Contexts | undefined
  /** Turtle and its kin: more of them are TooDear. */
  readonly maxQuads?: number | undefined
}

/** Terms may hold this much plus eight times the document's own length. */
const freeTermChars = 64 * MiB

/** Throws BODY_INVALID with the line of the mistake, MEDIA_TYPE_UNSUPPORTED when the type is not RDF. */
export async function readRdf(bytes: Uint8Array, source: RdfSource): Promise<ParsedRdf | UnknownContext> {
  const type = readableType(source.mediaType)
  const text = decode(bytes)
  const parsed = await readText(text, type, source)
  if ('unknownContext' in parsed) return parsed
  const guard = new TermGuard(text.length)
  for (const one of parsed.quads) guard.look(one)
  guard.throwWhatWasSeen()
  return parsed
}

/** JSON-LD with an unknown context is stored, and served in its own type only. */
export type Checked = { readonly convertible: true } | ({ readonly convertible: false } & UnknownContext)

/** As readRdf, but keeps no triples where the syntax allows that: a body may be 64 MiB. */
export async function checkRdf(bytes: Uint8Array, source: RdfSource): Promise<Checked> {
  const type = readableType(source.mediaType)
  if (type === 'text/turtle' && isPlainTurtle(bytes)) return { convertible: true }
  if (!isTurtleType(type)) {
    const read = await readRdf(bytes, source)
    return 'unknownContext' in read ? { convertible: false, ...read } : { convertible: true }
  }
  const text = decode(bytes)
  const guard = new TermGuard(text.length)
  eachQuad({ ...source, text, type }, (one) => guard.look(one))
  guard.throwWhatWasSeen()
  return { convertible: true }
}

async function readText(text: string, type: RdfType, source: RdfSource): Promise<ParsedRdf | UnknownContext> {
  const { base, contexts, maxQuads } = source
  if (isTurtleType(type)) return readTurtle({ text, type, base, maxQuads })
  // Their libraries are read when somebody needs them.
  if (type === 'application/ld+json') return (await import('./read/jsonld.ts')).readJsonLd(text, base, contexts)
  return (await import('./read/xml.ts')).readRdfXml(text, base)
}

/** As readRdf, but an unknown JSON-LD context is NOT_ACCEPTABLE naming it. */
export async function parseRdf(bytes: Uint8Array, source: RdfSource): Promise<ParsedRdf> {
  const parsed = await readRdf(bytes, source)
  if ('unknownContext' in parsed) throw unknownContextError(parsed)
  return parsed
}

function unknownContextError({ unknownContext }: UnknownContext): XpodError {
  return new XpodError('NOT_ACCEPTABLE', `the JSON-LD context ${unknownContext.slice(0, 200)} is not known here`, {
    hint: 'Ask for application/ld+json, or store the document with an inline context.',
  })
}

function readableType(mediaType: string): RdfType {
  const type = rdfTypeOf(mediaType)
  if (type === undefined) throw new XpodError('MEDIA_TYPE_UNSUPPORTED', 'it is not an RDF type')
  return type
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

export function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new XpodError('BODY_INVALID', 'it is not UTF-8', { cause: error })
  }
}

/** Looks at each quad of a document for what is refused of any syntax. */
class TermGuard {
  #left: number
  #failure: string | undefined

  constructor(length: number) {
    this.#left = freeTermChars + 8 * length
  }

  look({ subject, predicate, object, graph }: Quad): void {
    const isTriple = object.termType === ('Quad' as string) || subject.termType === ('Quad' as string)
    if (isTriple) this.#failure ??= 'triple terms of RDF 1.2 are not supported'
    else if (hasDirection(object)) this.#failure ??= 'base directions of RDF 1.2 are not supported'
    else if (!hasLanguageTag(object)) this.#failure ??= 'a language tag is not valid'
    else this.#left -= idOf(subject).length + idOf(predicate).length + idOf(object).length + idOf(graph).length
    if (this.#left < 0) this.#failure ??= 'its terms expand too far'
  }

  /** Throws BODY_INVALID. */
  throwWhatWasSeen(): void {
    if (this.#failure !== undefined) throw new XpodError('BODY_INVALID', this.#failure)
  }
}

/** `"text"@he--rtl` */
function hasDirection(term: Term): boolean {
  if (term.termType !== 'Literal') return false
  const id = idOf(term)
  return !id.endsWith('"') && id.indexOf('--', id.lastIndexOf('"')) > 0 && id[id.lastIndexOf('"') + 1] === '@'
}
