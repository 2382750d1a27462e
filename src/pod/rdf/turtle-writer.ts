// Turtle and TriG as people write them (requirement A18): the document's prefixes, IRIs relative to the document where that
// is safe, statements gathered by subject in the order in which subjects first occur, lists as ( … ), blank nodes without a
// label as [ … ]. Labels of the document stay. Deterministic: the same quads in the same order give the same text.

import { defaultGraph, idOf, isAnonymous, type Quad, type Term, type TurtleMemo } from './graph.ts'
import { rdf } from './namespaces.ts'
import { nodesOf } from './write/lines.ts'
import { findLists, type Lists } from './write/lists.ts'
import { labelNodes, type Spelling, spellTerms, type TermSpeller } from './write/terms.ts'

export interface TurtleOptions extends Spelling {
  /** Also write labelled blank nodes as [ … ] and ( … ): for sources whose syntax has nothing but labels. */
  readonly inlineLabelled?: boolean
}

/** Predicate id → the predicate and its objects, in order. */
type Statements = Map<string, { readonly predicate: Term; readonly objects: Term[] }>
type Subjects = Map<string, { readonly subject: Term; readonly quads: Quad[] }>

/** The default graph only. */
export function writeTurtle(quads: readonly Quad[], options: TurtleOptions): string {
  return writeDocument(
    quads.filter((one) => one.graph === defaultGraph || one.graph.termType === 'DefaultGraph'),
    options,
  )
}

export function writeTriG(quads: readonly Quad[], options: TurtleOptions): string {
  return writeDocument(quads, options)
}

function writeDocument(quads: readonly Quad[], options: TurtleOptions): string {
  const inlineLabelled = options.inlineLabelled ?? false
  const speller = spellTerms(options, labelNodes(nodesOf(quads)))
  const lists = findLists(quads, { anonymousOnly: !inlineLabelled })
  const graphs = gather(quads, lists)
  const nodes = planNodes(quads, graphs, { lists, inlineLabelled })
  let text = ''
  for (const [prefix, namespace] of Object.entries(options.prefixes)) {
    if (prefix !== '_') text += `@prefix ${prefix}: ${speller.iri(namespace)} .\n`
  }
  for (const [id, { graph, subjects }] of graphs) {
    const place = id === '' ? { margin: '', blocks: options.memo?.blocks } : { margin: indent, blocks: undefined }
    const writer = new GraphWriter(speller, subjects, nodes, place)
    const statements = writer.write()
    if (text !== '') text += '\n'
    text += id === '' ? statements : `${speller.term(graph)} {\n${statements}}\n`
  }
  return text
}

const indent = '    '
const maxDepth = 32

interface Nodes {
  /** Ids of blank nodes to write at the one place that refers to them; writers take out what turns out to be circular. */
  readonly inline: Set<string>
  /** Ids of anonymous nodes that nothing refers to. */
  readonly unnamed: ReadonlySet<string>
  readonly lists: Lists
}

type Graphs = Map<string, { readonly graph: Term; readonly subjects: Subjects }>

function gather(quads: readonly Quad[], lists: Lists): Graphs {
  const graphs: Graphs = new Map()
  const hasLists = lists.cells.size > 0
  let last: { graph: string; subject: string; quads: Quad[] } | undefined
  for (const one of quads) {
    const { subject, graph } = one
    const subjectId = idOf(subject)
    const graphId = idOf(graph)
    if (hasLists && lists.cells.has(subjectId)) continue
    if (last === undefined || last.subject !== subjectId || last.graph !== graphId) {
      let known = graphs.get(graphId)
      if (known === undefined) graphs.set(graphId, (known = { graph, subjects: new Map() }))
      let entry = known.subjects.get(subjectId)
      if (entry === undefined) known.subjects.set(subjectId, (entry = { subject, quads: [] }))
      last = { graph: graphId, subject: subjectId, quads: entry.quads }
    }
    last.quads.push(one)
  }
  return graphs
}

function statementsOf(quads: readonly Quad[]): Statements {
  const statements: Statements = new Map()
  for (const { predicate, object } of quads) {
    const id = idOf(predicate)
    const same = statements.get(id)
    if (same === undefined) statements.set(id, { predicate, objects: [object] })
    else same.objects.push(object)
  }
  return statements
}

/** Whether a subject's text depends on nothing but its own quads. */
function standsAlone(quads: readonly Quad[]): boolean {
  return quads.every(({ subject, object }) => subject.termType === 'NamedNode' && object.termType !== 'BlankNode')
}

function areSame(some: readonly Quad[], others: readonly Quad[]): boolean {
  return some.length === others.length && some.every((one, at) => one === others[at])
}

/** A node is inlined when one triple refers to it and its own triples are in that triple's graph. */
function planNodes(
  quads: readonly Quad[],
  graphs: Graphs,
  { lists, inlineLabelled }: { readonly lists: Lists; readonly inlineLabelled: boolean },
): Nodes {
  const references = new Map<string, string | undefined>()
  const graphNames = new Set<string>()
  for (const { object, graph } of quads) {
    if (object.termType === 'BlankNode') {
      const id = idOf(object)
      references.set(id, references.has(id) ? undefined : idOf(graph))
    }
    if (graph.termType === 'BlankNode') graphNames.add(idOf(graph))
  }
  const homes = new Map<string, string | undefined>()
  for (const [graphId, { subjects }] of graphs) {
    for (const [id, { subject }] of subjects) {
      if (subject.termType === 'BlankNode') homes.set(id, homes.has(id) ? undefined : graphId)
    }
  }
  const mayInline = (id: string): boolean => !graphNames.has(id) && (inlineLabelled || isAnonymous({ id }))
  const inline = new Set<string>()
  for (const [id, graphId] of references) {
    const isOnce = graphId !== undefined && (!homes.has(id) || homes.get(id) === graphId)
    if (isOnce && mayInline(id) && !lists.membersOf.has(id)) inline.add(id)
  }
  const unnamed = new Set<string>()
  for (const [id, graphId] of homes) if (graphId !== undefined && !references.has(id) && mayInline(id)) unnamed.add(id)
  return { inline, unnamed, lists }
}

class GraphWriter {
  readonly #speller: TermSpeller
  readonly #subjects: Subjects
  readonly #nodes: Nodes
  readonly #margin: string
  readonly #blocks: TurtleMemo['blocks'] | undefined
  readonly #written = new Set<string>()
  readonly #tooDeep: string[] = []

  constructor(
    speller: TermSpeller,
    subjects: Subjects,
    nodes: Nodes,
    place: { readonly margin: string; readonly blocks: TurtleMemo['blocks'] | undefined },
  ) {
    this.#speller = speller
    this.#subjects = subjects
    this.#nodes = nodes
    this.#margin = place.margin
    this.#blocks = place.blocks
  }

  write(): string {
    let text = ''
    for (const [id, { subject, quads }] of this.#subjects) {
      if (this.#nodes.inline.has(id) || this.#written.has(id)) continue
      text += this.#blocks === undefined ? this.#root(id, subject, quads) : this.#block(this.#blocks, id, quads)
    }
    text += this.#postponed()
    // What is left is referred to only from itself: written under a label.
    for (const [id, { subject, quads }] of this.#subjects) {
      if (!this.#nodes.inline.has(id) || this.#written.has(id)) continue
      this.#nodes.inline.delete(id)
      text += this.#root(id, subject, quads) + this.#postponed()
    }
    return text
  }

  /** A root that may have been written before. */
  #block(blocks: TurtleMemo['blocks'], id: string, quads: readonly Quad[]): string {
    const known = blocks.get(id)
    if (known !== undefined && areSame(known.quads, quads)) return known.text
    const text = this.#root(id, quads[0]!.subject, quads)
    if (standsAlone(quads)) blocks.set(id, { quads, text })
    else blocks.delete(id)
    return text
  }

  /** Nodes that were too deep inside others. */
  #postponed(): string {
    let text = ''
    for (let id = this.#tooDeep.pop(); id !== undefined; id = this.#tooDeep.pop()) {
      if (this.#written.has(id)) continue
      const { subject, quads } = this.#subjects.get(id)!
      text += this.#root(id, subject, quads)
    }
    return text
  }

  #root(id: string, subject: Term, quads: readonly Quad[]): string {
    this.#written.add(id)
    const name = this.#nodes.unnamed.has(id) ? '[]' : this.#speller.term(subject)
    return `${this.#margin}${name} ${this.#statements(statementsOf(quads), this.#margin + indent, 0)} .\n`
  }

  #statements(statements: Statements, margin: string, depth: number): string {
    let text = ''
    for (const { predicate, objects } of statements.values()) {
      if (text !== '') text += ` ;\n${margin}`
      text += `${this.#speller.predicate(predicate)} ${this.#objects(objects, margin, depth)}`
    }
    return text
  }

  #objects(objects: readonly Term[], margin: string, depth: number): string {
    if (objects.length === 1) return this.#object(objects[0]!, margin, depth)
    return objects.map((object) => this.#object(object, margin, depth)).join(', ')
  }

  #object(term: Term, margin: string, depth: number): string {
    if (term.termType === 'NamedNode') return term.value === rdf.nil ? '()' : this.#speller.term(term)
    if (term.termType !== 'BlankNode') return this.#speller.term(term)
    const id = idOf(term)
    const members = this.#nodes.lists.membersOf.get(id)
    if (members !== undefined) {
      return `( ${members.map((member) => this.#object(member, margin, depth + 1)).join(' ')} )`
    }
    if (!this.#nodes.inline.has(id)) return this.#speller.term(term)
    const own = this.#subjects.get(id)
    if (own === undefined) return '[]'
    if (depth >= maxDepth) {
      this.#nodes.inline.delete(id)
      this.#tooDeep.push(id)
      return this.#speller.term(term)
    }
    this.#written.add(id)
    const statements = statementsOf(own.quads)
    const inner = this.#statements(statements, margin + indent, depth + 1)
    return statements.size === 1 ? `[ ${inner} ]` : `[\n${margin}${indent}${inner}\n${margin}]`
  }
}
