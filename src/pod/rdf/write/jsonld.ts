// JSON-LD in expanded, flattened form: absolute IRIs and no context, so that every reader agrees on it (JSON-LD 1.1 API,
// Serialize RDF as JSON-LD). Lists become @list, named graphs @graph. Written here because the streaming serializer neither
// gathers statements by subject nor finds lists.

import { idOf, type Literal, type Quad, type Term } from '../graph.ts'
import { rdf, xsd } from '../namespaces.ts'
import { findLists, type Lists } from './lists.ts'
import { nodesOf } from './lines.ts'
import { labelNodes } from './terms.ts'

interface Node {
  '@id': string
  '@type'?: string[]
  '@graph'?: Node[]
  [predicate: string]: unknown
}

export function writeJsonLd(quads: readonly Quad[]): string {
  const labelOf = labelNodes(nodesOf(quads))
  const lists = findLists(quads, { anonymousOnly: false })
  const nameOf = (term: Term): string => (term.termType === 'BlankNode' ? labelOf(idOf(term)) : term.value)
  const graphs = new Map<string, Map<string, Node>>()
  const nodeIn = (graph: string, id: string): Node => {
    let nodes = graphs.get(graph)
    if (nodes === undefined) graphs.set(graph, (nodes = new Map()))
    let node = nodes.get(id)
    if (node === undefined) nodes.set(id, (node = { '@id': id }))
    return node
  }
  for (const one of quads) {
    if (lists.cells.has(idOf(one.subject))) continue
    const node = nodeIn(one.graph.termType === 'DefaultGraph' ? '' : nameOf(one.graph), nameOf(one.subject))
    addValue(node, one, valueOf(one.object, lists, nameOf))
  }
  const top = [...(graphs.get('')?.values() ?? [])]
  for (const [graph, nodes] of graphs) {
    if (graph === '') continue
    const holder = graphs.get('')?.get(graph)
    if (holder === undefined) top.push({ '@id': graph, '@graph': [...nodes.values()] })
    else holder['@graph'] = [...nodes.values()]
  }
  return JSON.stringify(top)
}

function addValue(node: Node, { predicate, object }: Quad, value: unknown): void {
  const isType =
    predicate.value === rdf.type && object.termType !== 'Literal' && !(value as object).hasOwnProperty('@list')
  const key = isType ? '@type' : predicate.value
  const values = (Object.hasOwn(node, key) ? node[key] : undefined) as unknown[] | undefined
  const entry = isType ? (value as { '@id': string })['@id'] : value
  if (values !== undefined) values.push(entry)
  else Object.defineProperty(node, key, { value: [entry], enumerable: true, configurable: true, writable: true })
}

function valueOf(term: Term, lists: Lists, nameOf: (term: Term) => string): unknown {
  if (term.termType === 'Literal') return literalValue(term)
  const members = term.value === rdf.nil ? [] : lists.membersOf.get(idOf(term))
  if (members === undefined) return { '@id': nameOf(term) }
  return { '@list': members.map((member) => valueOf(member, lists, nameOf)) }
}

function literalValue(term: Literal): unknown {
  const id = idOf(term)
  const end = id.lastIndexOf('"')
  const value = id.slice(1, end)
  if (id[end + 1] === '@') return { '@value': value, '@language': id.slice(end + 2) }
  const datatype = end === id.length - 1 ? xsd.string : id.slice(end + 3)
  return datatype === xsd.string ? { '@value': value } : { '@value': value, '@type': datatype }
}
