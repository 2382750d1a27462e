// One RDF syntax → another. The Turtle and N-Triples views are the default graph; JSON-LD, TriG and N-Quads carry all graphs.
// Conversion to the type that the bytes already have is the caller's to avoid: stored bytes are served as they are.

import { XpodError } from '../../base/errors.ts'
import type { ParsedRdf } from './graph.ts'
import { type RdfType, rdfTypeOf, rdfTypes } from './media-types.ts'
import { parseRdf } from './parse.ts'
import type { Contexts } from './read/contexts.ts'
import { writeTriG, writeTurtle } from './turtle-writer.ts'
import { writeJsonLd } from './write/jsonld.ts'
import { writeLines } from './write/lines.ts'

export interface Conversion {
  readonly from: string
  readonly to: string
  /** URL of the resource. */
  readonly base: string
  /** For JSON-LD, besides the bundled ones. */
  readonly contexts?: Contexts | undefined
  /** As of RdfSource. */
  readonly maxQuads?: number | undefined
}

/** Throws BODY_INVALID, MEDIA_TYPE_UNSUPPORTED, and NOT_ACCEPTABLE naming a JSON-LD context that is not bundled. */
export async function convertRdf(bytes: Uint8Array, { from, to, ...read }: Conversion): Promise<Uint8Array> {
  const target = writableType(to)
  const source = await parseRdf(bytes, { mediaType: from, ...read })
  const onlyLabels = from.startsWith('application/n-')
  return Buffer.from(writeRdf(source, { type: target, base: read.base, inlineLabelled: onlyLabels }))
}

export function writableType(mediaType: string): RdfType {
  const type = rdfTypeOf(mediaType)
  if (type === undefined || !rdfTypes[type].writable) {
    throw new XpodError('NOT_ACCEPTABLE', 'RDF is written as Turtle, JSON-LD, N-Triples, N-Quads or TriG')
  }
  return type
}

export interface Writing {
  readonly type: RdfType
  readonly base: string
  readonly inlineLabelled?: boolean
}

type Writer = (parsed: ParsedRdf, options: Pick<Writing, 'base' | 'inlineLabelled'>) => string

const turtle: Writer = ({ quads, prefixes, memo }, options) => writeTurtle(quads, { prefixes, memo, ...options })

const writers: Readonly<Record<RdfType, Writer | undefined>> = {
  'text/turtle': turtle,
  'text/n3': turtle,
  'application/trig': ({ quads, prefixes, memo }, options) => writeTriG(quads, { prefixes, memo, ...options }),
  'application/n-triples': ({ quads }) => writeLines(quads, 'n-triples'),
  'application/n-quads': ({ quads }) => writeLines(quads, 'n-quads'),
  'application/ld+json': ({ quads }) => writeJsonLd(quads),
  'application/rdf+xml': undefined,
}

/** Text of the graph in a type that is written; text/n3 is written as the Turtle that it is. */
export function writeRdf(parsed: ParsedRdf, { type, base, inlineLabelled = false }: Writing): string {
  const writer = writers[type]
  if (writer === undefined) throw new XpodError('NOT_ACCEPTABLE', 'RDF/XML is read, never written')
  return writer(parsed, { base, inlineLabelled })
}
