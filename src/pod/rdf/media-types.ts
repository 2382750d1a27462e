// The RDF media types that xpod reads and writes, and the parsing of media types in headers.

export type RdfType =
  | 'text/turtle'
  | 'application/ld+json'
  | 'application/n-triples'
  | 'application/n-quads'
  | 'application/trig'
  | 'text/n3'
  | 'application/rdf+xml'

/** What a type can be used for: written by conversion, read by the parser. */
export const rdfTypes: Readonly<Record<RdfType, { readonly writable: boolean; readonly quads: boolean }>> = {
  'text/turtle': { writable: true, quads: false },
  'application/ld+json': { writable: true, quads: true },
  'application/n-triples': { writable: true, quads: false },
  'application/n-quads': { writable: true, quads: true },
  'application/trig': { writable: true, quads: true },
  'text/n3': { writable: false, quads: false },
  'application/rdf+xml': { writable: false, quads: false },
}

/** `Text/Turtle; charset=UTF-8` → `text/turtle`; undefined when it is no media type (RFC 9110 section 8.3.1). */
export function essenceOf(mediaType: string): string | undefined {
  const match = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;|$)/.exec(mediaType)
  return match === null ? undefined : match[1]!.toLowerCase()
}

/** The RDF type of a media type with or without parameters, or undefined. */
export function rdfTypeOf(mediaType: string): RdfType | undefined {
  const essence = essenceOf(mediaType)
  return essence !== undefined && Object.hasOwn(rdfTypes, essence) ? (essence as RdfType) : undefined
}
