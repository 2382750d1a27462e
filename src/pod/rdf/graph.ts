// RDF in memory: quads of the n3 library, whose terms carry an `id` string that is equal exactly when the terms are.
// Blank nodes keep the label of their document; nodes without a label ([], lists, fresh nodes of a patch) get one that
// starts with "~", which no syntax allows, so that they never meet a label of a document and writers can tell them apart.
// Triple terms of RDF 1.2 are refused by the readers and occur nowhere.

import {
  type BlankNode,
  DataFactory,
  type Literal,
  type NamedNode,
  type Quad as N3Quad,
  type Quad_Graph,
  type Term as N3Term,
} from 'n3'

import { threadNumber } from '../../core/threads/entry.ts'

export type Quad = N3Quad
export type Term = N3Term
export type { BlankNode, Literal, NamedNode }

export interface ParsedRdf {
  /** In the order of the document. */
  readonly quads: Quad[]
  /** Prefix → IRI as the document declares them, in order. */
  readonly prefixes: Readonly<Record<string, string>>
  /** No quad stands twice: the result of a patch. */
  readonly isDistinct?: boolean
  /** Kept from one patch to the next, for the same prefixes and document. */
  readonly memo?: TurtleMemo
}

/** What was written of a document before, for writing it again with few changes. */
export interface TurtleMemo {
  /** Term id → its spelling. */
  readonly terms: Map<string, string>
  /** Id of a subject without blank nodes around it → what was written of these quads. */
  readonly blocks: Map<string, { readonly quads: readonly Quad[]; readonly text: string }>
}

export const noRdf: ParsedRdf = { quads: [], prefixes: {} }

let lastAnonymous = 0

/** A blank node that is new in every thread and differs from every label of any document. */
export function anonymousNode(): BlankNode {
  return DataFactory.blankNode(`~${threadNumber}.${(++lastAnonymous).toString(36)}`) as BlankNode
}

export function isAnonymous(term: { readonly id: string }): boolean {
  return term.id.startsWith('_:~')
}

export function namedNode(iri: string): NamedNode {
  return DataFactory.namedNode(iri) as NamedNode
}

export function variable(name: string): Term {
  return DataFactory.variable(name) as Term
}

/** The document's default graph. */
export const defaultGraph = DataFactory.defaultGraph()

export function quad(subject: Term, predicate: Term, object: Term, graph: Term = defaultGraph): Quad {
  return DataFactory.quad(subject as never, predicate as never, object as never, graph as Quad_Graph)
}

/** The factory for readers: labelled blank nodes keep their label, others become anonymous. */
export const documentFactory = {
  ...DataFactory,
  blankNode: (label?: string): BlankNode =>
    label === undefined || label === '' ? anonymousNode() : (DataFactory.blankNode(label) as BlankNode),
}

/** Equal exactly for equal quads. */
export function quadKey(one: Quad): string {
  return `${idOf(one.subject)}\n${idOf(one.predicate)}\n${idOf(one.object)}\n${idOf(one.graph)}`
}

/** The n3 library's internal id of a term; every term here is one of n3's own. */
export function idOf(term: { readonly termType: string }): string {
  return (term as unknown as { readonly id: string }).id
}

/** False for a literal whose language is no language tag, which some readers let pass and no syntax of ours can say. */
export function hasLanguageTag(term: { readonly termType: string }): boolean {
  if (term.termType !== 'Literal') return true
  const id = idOf(term)
  if (id.endsWith('"')) return true
  const end = id.lastIndexOf('"') + 1
  return id[end] !== '@' || /^[a-z]{1,8}(?:-[a-z0-9]{1,8})*$/i.test(id.slice(end + 1))
}
