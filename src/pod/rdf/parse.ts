// Bytes → triples, for every RDF type that xpod reads; the base IRI is the resource's URL. What comes out has only well-formed
// terms. Bounded: the terms of a document may not grow far beyond its own size by prefixes, contexts or entities.

import { XpodError } from '../../base/errors.ts'
import { MiB } from '../../base/bytes.ts'
import { idOf, type ParsedRdf } from './graph.ts'
import { type RdfType, rdfTypeOf } from './media-types.ts'
import { readJsonLd, type UnknownContext } from './read/jsonld.ts'
import { isTurtleType, readTurtle } from './read/turtle.ts'
import { readRdfXml } from './read/xml.ts'

export interface RdfSource {
  /** With or without parameters. */
  readonly mediaType: string
  /** URL of the resource. */
  readonly base: string
}

/** Terms may hold this much plus eight times the document's own length. */
const freeTermChars = 64 * MiB

/** Throws BODY_INVALID with the line of the mistake, MEDIA_TYPE_UNSUPPORTED when the type is not RDF. */
export async function readRdf(bytes: Uint8Array, source: RdfSource): Promise<ParsedRdf | UnknownContext> {
  const type = readableType(source.mediaType)
  const text = decode(bytes)
  const parsed = await readText(text, type, source.base)
  if (!('unknownContext' in parsed)) checkTerms(parsed, text.length)
  return parsed
}

async function readText(text: string, type: RdfType, base: string): Promise<ParsedRdf | UnknownContext> {
  if (isTurtleType(type)) return readTurtle(text, type, base)
  return type === 'application/ld+json' ? readJsonLd(text, base) : readRdfXml(text, base)
}

/** As readRdf, but an unknown JSON-LD context is NOT_ACCEPTABLE naming it. */
export async function parseRdf(bytes: Uint8Array, source: RdfSource): Promise<ParsedRdf> {
  const parsed = await readRdf(bytes, source)
  if ('unknownContext' in parsed) throw unknownContextError(parsed)
  return parsed
}

function unknownContextError({ unknownContext }: UnknownContext): XpodError {
  return new XpodError('NOT_ACCEPTABLE', `the JSON-LD context ${unknownContext} is not known here`, {
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

function checkTerms({ quads }: ParsedRdf, length: number): void {
  let chars = 0
  for (const { subject, predicate, object, graph } of quads) {
    if (object.termType === ('Quad' as string) || subject.termType === ('Quad' as string)) {
      throw new XpodError('BODY_INVALID', 'triple terms of RDF 1.2 are not supported')
    }
    chars += idOf(subject).length + idOf(predicate).length + idOf(object).length + idOf(graph).length
  }
  if (chars > freeTermChars + 8 * length) throw new XpodError('BODY_INVALID', 'its terms expand too far')
}
