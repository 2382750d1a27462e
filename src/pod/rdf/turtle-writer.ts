// Turtle and TriG as people write them (requirement A18): the document's prefixes, IRIs relative to the document where that
// is safe, statements gathered by subject in the order in which subjects first occur, lists as ( … ), blank nodes without a
// label as [ … ]. Labels of the document stay. Deterministic: the same quads in the same order give the same text.

import { defaultGraph, idOf, isAnonymous, type Quad, type Term } from './graph.ts'
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
type Subjects = Map<string, { readonly subject: Term; readonly statements: Statements }>

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
    const writer = new GraphWriter(speller, subjects, nodes, id === '' ? '' : indent)
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
  let last: { graph: string; subject: string; statements: Statements } | undefined
  for (const { subject, predicate, object, graph } of quads) {
    const subjectId = idOf(subject)
    const graphId = idOf(graph)
    if (hasLists && lists.cells.has(subjectId)) continue
    if (last === undefined || last.subject !== subjectId || last.graph !== graphId) {
      let known = graphs.get(graphId)
      if (known === undefined) graphs.set(graphId, (known = { graph, subjects: new Map() }))
      let entry = known.subjects.get(subjectId)
      if (entry === undefined) known.subjects.set(subjectId, (entry = { subject, statements: new Map() }))
      last = { graph: graphId, subject: subjectId, statements: entry.statements }
    }
    const predicateId = idOf(predicate)
    const same = last.statements.get(predicateId)
    if (same === undefined) last.statements.set(predicateId, { predicate, objects: [object] })
    else same.objects.push(object)
  }
  return graphs
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
  readonly #written = new Set<string>()
  readonly #tooDeep: string[] = []

  constructor(speller: TermSpeller, subjects: Subjects, nodes: Nodes, margin: string) {
    this.#speller = speller
    this.#subjects = subjects
    this.#nodes = nodes
    this.#margin = margin
  }

  write(): string {
    let text = ''
    for (const [id, { subject, statements }] of this.#subjects) {
      if (this.#nodes.inline.has(id) || this.#written.has(id)) continue
      text += this.#root(id, subject, statements)
    }
    text += this.#postponed()
    // What is left is referred to only from itself: written under a label.
    for (const [id, { subject, statements }] of this.#subjects) {
      if (!this.#nodes.inline.has(id) || this.#written.has(id)) continue
      this.#nodes.inline.delete(id)
      text += this.#root(id, subject, statements) + this.#postponed()
    }
    return text
  }

  /** Nodes that were too deep inside others. */
  #postponed(): string {
    let text = ''
    for (let id = this.#tooDeep.pop(); id !== undefined; id = this.#tooDeep.pop()) {
      if (this.#written.has(id)) continue
      const { subject, statements } = this.#subjects.get(id)!
      text += this.#root(id, subject, statements)
    }
    return text
  }

  #root(id: string, subject: Term, statements: Statements): string {
    this.#written.add(id)
    const name = this.#nodes.unnamed.has(id) ? '[]' : this.#speller.term(subject)
    return `${this.#margin}${name} ${this.#statements(statements, this.#margin + indent, 0)} .\n`
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
    const inner = this.#statements(own.statements, margin + indent, depth + 1)
    return own.statements.size === 1 ? `[ ${inner} ]` : `[\n${margin}${indent}${inner}\n${margin}]`
  }
}
