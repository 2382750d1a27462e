// Turtle, N-Triples, N-Quads and TriG by the n3 library (RDF 1.1 Turtle, N-Triples, N-Quads, TriG), and text/n3 as far as
// it is plain Turtle. Errors name the line and nothing else of the document. Synchronous; callers bound the size.

import { Parser } from 'n3'

import { XpodError } from '../../../base/errors.ts'
import { documentFactory, type ParsedRdf, type Quad } from '../graph.ts'
import type { RdfType } from '../media-types.ts'

/** What the n3 library calls each syntax; N3 bodies are read as Turtle. */
const formats = {
  'text/turtle': 'text/turtle',
  'text/n3': 'text/turtle',
  'application/n-triples': 'application/n-triples',
  'application/n-quads': 'application/n-quads',
  'application/trig': 'application/trig',
} as const

export type TurtleType = keyof typeof formats

export function isTurtleType(type: RdfType): type is TurtleType {
  return Object.hasOwn(formats, type)
}

/** Throws BODY_INVALID with the line of the first mistake. */
export function readTurtle(text: string, type: TurtleType, base: string): ParsedRdf {
  const prefixes: Record<string, string> = {}
  const parser = new Parser({
    format: formats[type],
    baseIRI: base,
    factory: documentFactory as never,
    blankNodePrefix: '',
  })
  let quads: Quad[]
  try {
    quads = parser.parse(text, null, (prefix, iri) => {
      prefixes[prefix] = typeof iri === 'string' ? iri : iri.value
    })
  } catch (error) {
    throw new XpodError('BODY_INVALID', `${names[type]} syntax${lineOf(error)}`)
  }
  return { quads, prefixes }
}

const names: Readonly<Record<TurtleType, string>> = {
  'text/turtle': 'Turtle',
  'text/n3': 'Turtle (text/n3)',
  'application/n-triples': 'N-Triples',
  'application/n-quads': 'N-Quads',
  'application/trig': 'TriG',
}

/** ` error on line 7` from an error of n3 or sparqljs; the rest of their messages quotes the document. */
export function lineOf(error: unknown): string {
  const match = /\bon line (\d+)/.exec(error instanceof Error ? error.message : '')
  return match === null ? ' error' : ` error on line ${match[1]}`
}
