// JSON-LD 1.1 by the streaming parser, with a loader that knows the contexts that are bundled or
// given and never fetches (rule 13).
// The text is first parsed as JSON, for the line of a mistake and to bound nesting. A document with another context
// is valid but cannot be turned into triples: that is UnknownContext, not an error of the document.

import { JsonLdParser } from 'jsonld-streaming-parser'

import { XpodError } from '../../../base/errors.ts'
import { documentFactory, hasLanguageTag, idOf, namedNode, type ParsedRdf, type Quad } from '../graph.ts'
import { bundledContext, type Contexts } from './contexts.ts'
import { parseJson } from './json.ts'

export interface UnknownContext {
  /** The context's URL. */
  readonly unknownContext: string
}

/** Throws BODY_INVALID. */
export async function readJsonLd(text: string, base: string, contexts?: Contexts): Promise<ParsedRdf | UnknownContext> {
  const prefixes = prefixesOf(parseJson(text))
  let unknown: string | undefined
  const parser = new JsonLdParser({
    baseIRI: base,
    dataFactory: factory as never,
    rdfstar: false,
    documentLoader: {
      load: async (url) => {
        const context = bundledContext(url) ?? contexts?.get(url)
        if (context === undefined) {
          unknown ??= url
          throw new Error('context is not known')
        }
        return context as never
      },
    },
  })
  const quads: Quad[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('data', (one: Quad) => {
        if (isWellFormed(one)) quads.push(one)
      })
      parser.on('error', reject)
      parser.on('end', resolve)
      parser.end(text)
    })
  } catch (error) {
    if (unknown !== undefined) return { unknownContext: unknown }
    throw new XpodError('BODY_INVALID', `JSON-LD error${codeOf(error)}`, { cause: error })
  }
  return { quads, prefixes }
}

/** The standard's error code ("invalid local context"), which quotes nothing of the document. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[a-z @A-Z]{1,60}$/.test(code) ? `: ${code}` : ''
}

/** Simple prefixes of an inline context, so that other syntaxes can use them. */
function prefixesOf(value: unknown): Record<string, string> {
  const prefixes: Record<string, string> = {}
  const root: unknown = Array.isArray(value) ? value[0] : value
  const contexts = [
    root !== null && typeof root === 'object' && '@context' in root ? root['@context'] : undefined,
  ].flat()
  for (const context of contexts) {
    if (typeof context !== 'object' || context === null) continue
    for (const [name, iri] of Object.entries(context)) {
      const isPrefix =
        typeof iri === 'string' && /^[a-z][a-z0-9+.-]*:.*[/#]$/i.test(iri) && /^[A-Za-z][\w-]*$/.test(name)
      if (isPrefix && !illegal.test(iri)) prefixes[name] = iri
    }
  }
  return prefixes
}

// JSON-LD to RDF leaves out what is not a well-formed absolute IRI. Terms are judged where they are made; a quad that
// holds the mark is dropped (JSON-LD 1.1 API, Deserialize JSON-LD to RDF, steps 1.1 and following).
const malformed = namedNode(' ')
const illegal = /[\u0000-\u0020<>"{}|^`\\]/
const absolute = /^[a-z][a-z0-9+.-]*:/i

type LiteralKind = string | { readonly termType: string } | { readonly language: string } | null | undefined

/** Base directions have no place in RDF 1.1; the language stays. */
function withoutDirection(kind: LiteralKind): unknown {
  if (kind === null || kind === undefined || typeof kind === 'string' || !('language' in kind)) return kind ?? undefined
  return kind.language === '' ? undefined : kind.language
}

const factory = {
  ...documentFactory,
  namedNode: (iri: string) => (illegal.test(iri) || !absolute.test(iri) ? malformed : namedNode(iri.toWellFormed())),
  blankNode: (label?: string) => documentFactory.blankNode(label?.startsWith('~') ? `~~${label}` : label),
  literal: (value: string, kind: LiteralKind) =>
    documentFactory.literal(value.toWellFormed(), withoutDirection(kind) as never),
}

function isWellFormed(one: Quad): boolean {
  return (
    one.subject !== malformed &&
    one.predicate !== malformed &&
    one.graph !== malformed &&
    one.object !== malformed &&
    one.predicate.termType === 'NamedNode' &&
    !idOf(one.object).endsWith('^^ ') &&
    hasLanguageTag(one.object)
  )
}
