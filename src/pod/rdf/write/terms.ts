// How single terms are spelled in Turtle and TriG: prefixed names, relative IRIs, short literals. A short form is used only
// when reading it back gives exactly the same term; otherwise the full form is written.

import { idOf, isAnonymous, type Literal, type Term, type TurtleMemo } from '../graph.ts'
import { rdf, xsd } from '../namespaces.ts'

export interface Spelling {
  readonly prefixes: Readonly<Record<string, string>>
  /** URL of the document, "" to write absolute IRIs only. */
  readonly base: string
  /** Filled with what is written, and used where it has been: only for the same prefixes and base. */
  readonly memo?: TurtleMemo | undefined
}

export interface TermSpeller {
  term(term: Term): string
  /** `<…>`, relative to the base where that is safe; for declarations of prefixes. */
  iri(iri: string): string
  predicate(term: Term): string
}

/** Spells terms for one document; remembers what it spelled. */
export function spellTerms(spelling: Spelling, labelOf: (id: string) => string): TermSpeller {
  const { prefixes, base, memo } = spelling
  const spelled = memo?.terms ?? new Map<string, string>()
  const shorten = prefixShortener(prefixes)
  const relative = relativeTo(base)

  const iri = (value: string): string => `<${escapeIri(relative(value))}>`
  function named(value: string): string {
    let text = spelled.get(value)
    if (text === undefined) spelled.set(value, (text = shorten(value) ?? iri(value)))
    return text
  }
  function literal(term: Literal): string {
    const id = idOf(term)
    let text = spelled.get(id)
    if (text === undefined) spelled.set(id, (text = literalText(id, named)))
    return text
  }
  return {
    iri,
    term: (term) => {
      if (term.termType === 'NamedNode') return named(term.value)
      return term.termType === 'Literal' ? literal(term) : labelOf(idOf(term))
    },
    predicate: (term) => (term.value === rdf.type ? 'a' : named(term.value)),
  }
}

const localName =
  /^(?:[A-Za-z0-9_\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u3001-\uD7FF](?:[\w.\-\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u3001-\uD7FF]*[\w\-\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u3001-\uD7FF])?)?$/

/** Namespaces that end neither in a slash nor in a hash are tried one by one for each term, so only this many are. */
const maxOddPrefixes = 100

/** The longest namespace wins; of equal ones the first declared. */
function prefixShortener(prefixes: Readonly<Record<string, string>>): (iri: string) => string | undefined {
  const byNamespace = new Map<string, string>()
  for (const [prefix, namespace] of Object.entries(prefixes)) {
    if (namespace !== '' && !byNamespace.has(namespace)) byNamespace.set(namespace, prefix)
  }
  const odd = [...byNamespace]
    .filter(([namespace]) => !/[/#]$/.test(namespace))
    .sort(longestFirst)
    .slice(0, maxOddPrefixes)
  return (iri) => {
    const cut = Math.max(iri.lastIndexOf('/'), iri.lastIndexOf('#')) + 1
    const prefix = byNamespace.get(iri.slice(0, cut))
    if (prefix !== undefined && localName.test(iri.slice(cut))) return `${prefix}:${iri.slice(cut)}`
    for (const [namespace, name] of odd) {
      if (iri.startsWith(namespace) && localName.test(iri.slice(namespace.length))) {
        return `${name}:${iri.slice(namespace.length)}`
      }
    }
    return undefined
  }
}

function longestFirst(a: readonly [string, string], b: readonly [string, string]): number {
  return b[0].length - a[0].length
}

/** Only forms that resolve back by any reader: the document itself, its fragments, and what lies below its own folder. */
function relativeTo(base: string): (iri: string) => string {
  const document = base.replace(/#.*$/s, '')
  if (!/^https?:\/\/[^/?#]+\/[^?#]*$/.test(document)) return (iri) => iri
  const folder = document.slice(0, document.lastIndexOf('/') + 1)
  return (iri) => {
    if (!iri.startsWith(folder)) return iri
    if (iri === document) return ''
    if (iri.startsWith(document) && iri[document.length] === '#') return iri.slice(document.length)
    const rest = iri.slice(folder.length)
    if (rest === '') return './'
    return isSafeRelative(rest) ? rest : iri
  }
}

function isSafeRelative(rest: string): boolean {
  return (
    /^[^/:?#][^:?#]*(?:[?#]|$)/s.test(rest) && !/(?:^|\/)\.{0,2}(?:\/|[?#]|$)/.test(rest.replace(/\/(?=$|[?#])/, ''))
  )
}

export function escapeIri(iri: string): string {
  return /[\u0000-\u0020<>"{}|^`\\]/.test(iri) ? iri.replace(/[\u0000-\u0020<>"{}|^`\\]/g, unicodeEscape) : iri
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}

const shortForms: Readonly<Record<string, RegExp>> = {
  [xsd.boolean]: /^(?:true|false)$/,
  [xsd.integer]: /^-?(?:0|[1-9]\d*)$/,
  [xsd.decimal]: /^-?(?:0|[1-9]\d*)\.\d+$/,
  [xsd.double]: /^-?(?:0|[1-9]\d*)\.\d+[eE][+-]?\d+$/,
}

/** A literal by its id, which begins with a quotation mark and so is never an IRI. */
function literalText(id: string, named: (iri: string) => string): string {
  const end = id.lastIndexOf('"')
  const value = id.slice(1, end)
  if (end === id.length - 1) return quoted(value)
  if (id[end + 1] === '@') return quoted(value) + id.slice(end + 1)
  const datatype = id.slice(end + 3)
  if (shortForms[datatype]?.test(value)) return value
  return `${quoted(value)}^^${named(datatype)}`
}

/** Text with line breaks in the long form, as people write it. */
function quoted(value: string): string {
  if (!/["\\\u0000-\u001f\u007f]/.test(value)) return `"${value}"`
  if (!value.includes('\n')) return `"${escapeString(value)}"`
  return `"""${value.replace(/\\|"(?="|$)|[\u0000-\u0009\u000b-\u001f\u007f]/g, escapeChar)}"""`
}

const named: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
}

function escapeChar(char: string): string {
  return named[char] ?? unicodeEscape(char)
}

export function escapeString(value: string): string {
  return value.replace(/["\\\u0000-\u001f\u007f]/g, escapeChar)
}

const label = /^_:[A-Za-z0-9_\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u3001-\uD7FF](?:[\w.-]*[\w-])?$/

/**
 * Names for blank nodes: labels of the document stay; anonymous nodes, and labels that another syntax allowed, become
 * b0, b1, … around the labels in use.
 */
export function labelNodes(terms: Iterable<Term>): (id: string) => string {
  const labels = new Map<string, string>()
  let used: Set<string> | undefined
  let next = 0
  return (id) => {
    // Most documents have no blank node to name.
    used ??= labelsIn(terms)
    if (used.has(id)) return id
    let text = labels.get(id)
    if (text === undefined) {
      do text = `_:b${next++}`
      while (used.has(text))
      labels.set(id, text)
    }
    return text
  }
}

function labelsIn(terms: Iterable<Term>): Set<string> {
  const used = new Set<string>()
  for (const term of terms) {
    const id = idOf(term)
    if (term.termType === 'BlankNode' && !isAnonymous({ id }) && label.test(id)) used.add(id)
  }
  return used
}
