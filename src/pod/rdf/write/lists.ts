// Finds well-formed RDF lists: chains of blank nodes with exactly one rdf:first and one rdf:rest, each referred to once,
// ending in rdf:nil, all in one graph. Writers spell them as ( … ) or @list; anything else stays as triples.

import { idOf, isAnonymous, type Quad, type Term } from '../graph.ts'
import { rdf } from '../namespaces.ts'

export interface Lists {
  /** Ids of the blank nodes that are cells of a list. */
  readonly cells: ReadonlySet<string>
  /** Id of a list's first cell → its members. */
  readonly membersOf: ReadonlyMap<string, readonly Term[]>
}

interface Cell {
  readonly node: Term
  readonly graph: string
  readonly first: Term | undefined
  readonly rest: Term | undefined
}

const none: Lists = { cells: new Set(), membersOf: new Map() }

export function findLists(quads: readonly Quad[], options: { readonly anonymousOnly: boolean }): Lists {
  if (!quads.some((one) => one.predicate.value === rdf.rest)) return none
  const cells = findCells(quads, options.anonymousOnly)
  const referrer = new Map<string, Quad | undefined>()
  for (const one of quads) {
    const id = idOf(one.object)
    if (cells.has(id)) referrer.set(id, referrer.has(id) ? undefined : one)
  }
  const chains = new Map<string, readonly Cell[]>()
  const headOf = new Map<string, string>()
  for (const end of cells.values()) {
    if (end.rest!.value !== rdf.nil) continue
    const chain = chainUpFrom(end, cells, referrer)
    if (chain === undefined) continue
    const head = idOf(chain[0]!.node)
    for (const cell of chain) headOf.set(idOf(cell.node), head)
    chains.set(head, chain)
  }
  const found: { cells: Set<string>; membersOf: Map<string, readonly Term[]> } = {
    cells: new Set(),
    membersOf: new Map(),
  }
  for (const [head, chain] of chains) {
    if (isTooDeep(head, headOf, referrer)) continue
    for (const cell of chain) found.cells.add(idOf(cell.node))
    found.membersOf.set(
      head,
      chain.map((cell) => cell.first!),
    )
  }
  return found
}

const maxDepth = 32

/** Writers recurse into lists of lists; deeper ones, and a list that holds itself, stay triples. */
function isTooDeep(
  head: string,
  headOf: ReadonlyMap<string, string>,
  referrer: ReadonlyMap<string, Quad | undefined>,
): boolean {
  let above: string | undefined = head
  for (let depth = 0; depth < maxDepth; depth++) {
    const from = referrer.get(above)
    above = from === undefined ? undefined : headOf.get(idOf(from.subject))
    if (above === undefined) return false
  }
  return true
}

/** From the last cell up to the first; undefined when the list has no single place where it is used. */
function chainUpFrom(
  end: Cell,
  cells: ReadonlyMap<string, Cell>,
  referrer: ReadonlyMap<string, Quad | undefined>,
): Cell[] | undefined {
  const chain = [end]
  const seen = new Set([idOf(end.node)])
  for (let cell = end; ; ) {
    const from = referrer.get(idOf(cell.node))
    if (from === undefined || idOf(from.graph) !== cell.graph) return undefined
    if (from.predicate.value !== rdf.rest) return chain.toReversed()
    const above = cells.get(idOf(from.subject))
    if (above === undefined || seen.has(idOf(from.subject))) return undefined
    seen.add(idOf(from.subject))
    chain.push(above)
    cell = above
  }
}

function findCells(quads: readonly Quad[], anonymousOnly: boolean): Map<string, Cell> {
  const cells = new Map<string, Cell>()
  const spoiled = new Set<string>()
  for (const { subject, predicate, object, graph } of quads) {
    if (graph.termType === 'BlankNode') spoiled.add(idOf(graph))
    if (subject.termType !== 'BlankNode') continue
    const id = idOf(subject)
    const known = cells.get(id)
    const slot = predicate.value === rdf.first ? 'first' : predicate.value === rdf.rest ? 'rest' : undefined
    const fits =
      slot !== undefined && known?.[slot] === undefined && (known === undefined || known.graph === idOf(graph))
    if (!fits || (anonymousOnly && !isAnonymous({ id })) || (slot === 'rest' && object.termType === 'Literal'))
      spoiled.add(id)
    else cells.set(id, { node: subject, graph: idOf(graph), first: known?.first, rest: known?.rest, [slot]: object })
  }
  for (const [id, { first, rest }] of cells) {
    if (spoiled.has(id) || first === undefined || rest === undefined) cells.delete(id)
  }
  return cells
}
