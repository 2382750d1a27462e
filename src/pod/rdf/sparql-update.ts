// SPARQL 1.1 Update, as much of it as can be said of one document: INSERT DATA, DELETE DATA, DELETE WHERE and DELETE/INSERT
// with a basic graph pattern, in sequence, with PREFIX and BASE. Everything else that parses (GRAPH, LOAD, CLEAR, FILTER,
// property paths, USING, …) is PATCH_INVALID; what does not parse, and queries, are PATCH_SYNTAX.

import sparqljs from 'sparqljs'

import { XpodError } from '../../base/errors.ts'
import { documentFactory, namedNode, type Quad, quad, type Term } from './graph.ts'
import { asPattern } from './n3-patch.ts'
import { makePatch, type Patch, type PatchStep } from './patch.ts'
import { isDeep, maxNesting } from './read/nesting.ts'
import { lineOf } from './read/turtle.ts'
import { resolveIri } from './read/relative.ts'

/** Throws PATCH_SYNTAX, PATCH_INVALID. */
export function parseSparqlUpdate(text: string, base: string): Patch {
  const { updates, prefixes } = parse(text, base)
  return makePatch('sparql', updates.map(readUpdate), prefixes)
}

// sparqljs resolves relative IRIs without removing dot segments. Under this base it leaves them as they are written, and
// they are resolved here.
const relative = 'as-written:'

interface ParsedUpdate {
  readonly type?: string
  readonly updateType?: string
  readonly graph?: unknown
  readonly using?: unknown
  readonly insert?: readonly Group[]
  readonly delete?: readonly Group[]
  readonly where?: readonly Group[]
}

interface Group {
  readonly type: string
  readonly triples?: readonly { readonly subject: Term; readonly predicate: Term; readonly object: Term }[]
}

function parse(text: string, base: string): { updates: readonly ParsedUpdate[]; prefixes: Record<string, string> } {
  if (isDeep(text)) throw new XpodError('PATCH_SYNTAX', `SPARQL nested deeper than ${maxNesting}`)
  const resolve = (iri: string): string =>
    iri.startsWith(relative) ? resolveIri(iri.slice(relative.length), base) : iri
  const factory = { ...documentFactory, namedNode: (iri: string) => namedNode(checked(resolve(iri))) }
  const parser = new sparqljs.Parser({ baseIRI: relative, factory: factory as never })
  let parsed: { type?: string; updates?: readonly ParsedUpdate[]; prefixes?: Record<string, string> }
  try {
    parsed = parser.parse(text) as never
  } catch (error) {
    if (error instanceof XpodError) throw error
    throw new XpodError('PATCH_SYNTAX', `SPARQL Update${lineOf(error)}`)
  }
  if (parsed.type === 'query') throw new XpodError('PATCH_SYNTAX', 'it is a query, not an update')
  const prefixes: Record<string, string> = {}
  for (const [prefix, iri] of Object.entries(parsed.prefixes ?? {})) prefixes[prefix] = resolve(iri)
  return { updates: parsed.updates ?? [], prefixes }
}

function checked(iri: string): string {
  if (/[\u0000-\u0020<>"{}|^`\\]/.test(iri))
    throw new XpodError('PATCH_SYNTAX', 'an IRI has a character that none may have')
  return iri
}

function readUpdate(update: ParsedUpdate): PatchStep {
  if (update.updateType === undefined)
    throw invalid(`${update.type?.toUpperCase() ?? 'this operation'} is not supported`)
  if (update.graph !== undefined) throw invalid('WITH is not supported')
  if (update.using !== undefined) throw invalid('USING is not supported')
  const deletes = triplesOf(update.delete ?? [])
  const where = update.updateType === 'deletewhere' ? deletes : triplesOf(update.where ?? [])
  return { deletes, inserts: triplesOf(update.insert ?? []), where: where.map(asPattern), rule: 'each' }
}

function triplesOf(groups: readonly Group[]): Quad[] {
  const quads: Quad[] = []
  for (const { type, triples } of groups) {
    if (type !== 'bgp' || triples === undefined) throw invalid(`${type.toUpperCase()} is not supported`)
    for (const { subject, predicate, object } of triples) {
      if (predicate.termType === undefined) throw invalid('property paths are not supported')
      quads.push(quad(subject, predicate, object))
    }
  }
  return quads
}

function invalid(detail: string): XpodError {
  return new XpodError('PATCH_INVALID', detail, {
    hint: 'Use INSERT DATA, DELETE DATA, DELETE WHERE, or DELETE/INSERT with plain triple patterns.',
  })
}
