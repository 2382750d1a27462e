// Turtle, N-Triples, N-Quads and TriG by the n3 library (RDF 1.1 Turtle, N-Triples, N-Quads, TriG), and text/n3 as far as
// it is plain Turtle. Errors name the line and nothing else of the document. Callers bound the size.

import { EventEmitter } from 'node:events'

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

export interface TurtleSource {
  readonly text: string
  readonly type: TurtleType
  readonly base: string
  readonly maxQuads?: number | undefined
}

/** More than `maxQuads`, say: nothing is wrong with the work, but it is not for the thread that everybody waits for. */
export class TooDear extends Error {}

/** Throws BODY_INVALID with the line of the first mistake, TooDear. */
export function readTurtle(source: TurtleSource): ParsedRdf {
  const quads: Quad[] = []
  const prefixes: Record<string, string> = {}
  const onPrefix = (prefix: string, iri: string): void => {
    prefixes[prefix] = iri
  }
  eachQuad(source, (one) => quads.push(one), onPrefix)
  return { quads, prefixes }
}

/** Keeps nothing itself. Throws as readTurtle. */
export function eachQuad(
  source: TurtleSource,
  onQuad: (one: Quad) => void,
  onPrefix: (prefix: string, iri: string) => void = () => {},
): void {
  const parser = new Parser({
    format: formats[source.type],
    baseIRI: source.base,
    factory: documentFactory as never,
    blankNodePrefix: '',
  })
  // A stream of one piece, given by hand: from a string the library would gather all tokens first, or, with callbacks,
  // work in a microtask of its own, where what some broken documents make it throw would end the process.
  const stream = new EventEmitter()
  let failure: unknown
  let left = source.maxQuads ?? Number.POSITIVE_INFINITY
  const take = (error: unknown, one: Quad | null): void => {
    if (error) failure ??= error
    else if (one) {
      if (left-- <= 0) throw new TooDear()
      onQuad(one)
    }
  }
  const takePrefix = (prefix: string, iri: string | { readonly value: string }): void => {
    onPrefix(prefix, typeof iri === 'string' ? iri : iri.value)
  }
  try {
    parser.parse(stream as never, take as never, takePrefix as never)
    stream.emit('data', source.text)
    stream.emit('end')
  } catch (error) {
    failure ??= error
  }
  if (failure instanceof TooDear) throw failure
  if (failure !== undefined) throw new XpodError('BODY_INVALID', `${names[source.type]} syntax${lineOf(failure)}`)
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
