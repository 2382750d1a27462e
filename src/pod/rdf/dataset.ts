// The quads of one document while a patch is applied: a set in document order that remembers what was added and removed,
// with indexes of the default graph that are built at the first question and kept up to date. Not shared and not kept.

import { idOf, type Quad, quadKey } from './graph.ts'

type Position = 'subject' | 'predicate' | 'object'
type Index = Map<string, Set<Quad>>

const positions: readonly Position[] = ['subject', 'predicate', 'object']
const nothing: ReadonlySet<Quad> = new Set()

export class Dataset {
  readonly #quads = new Map<string, Quad>()
  readonly #added = new Map<string, Quad>()
  readonly #removed = new Map<string, Quad>()
  #indexes: Readonly<Record<Position, Index>> | undefined
  #defaultSize = 0

  constructor(quads: readonly Quad[]) {
    for (const one of quads) this.#quads.set(quadKey(one), one)
  }

  has(one: Quad): boolean {
    return this.#quads.has(quadKey(one))
  }

  add(one: Quad): void {
    const key = quadKey(one)
    if (this.#quads.has(key)) return
    this.#quads.set(key, one)
    if (!this.#removed.delete(key)) this.#added.set(key, one)
    if (this.#indexes === undefined) return
    for (const position of positions) indexUnder(this.#indexes[position], idOf(one[position]), one)
    this.#defaultSize++
  }

  /** True when it was there. */
  delete(one: Quad): boolean {
    const key = quadKey(one)
    const known = this.#quads.get(key)
    if (known === undefined) return false
    this.#quads.delete(key)
    if (!this.#added.delete(key)) this.#removed.set(key, known)
    if (this.#indexes === undefined) return true
    for (const position of positions) this.#indexes[position].get(idOf(known[position]))?.delete(known)
    this.#defaultSize--
    return true
  }

  /** Number of triples of the default graph that `candidates` would give. */
  count(position: Position | undefined, id: string): number {
    const indexes = this.#index()
    return position === undefined ? this.#defaultSize : (indexes[position].get(id)?.size ?? 0)
  }

  /** Triples of the default graph with this term at this position; all of them without a position. */
  candidates(position: Position | undefined, id: string): Iterable<Quad> {
    const indexes = this.#index()
    if (position !== undefined) return indexes[position].get(id) ?? nothing
    return [...this.#quads.values()].filter((one) => one.graph.termType === 'DefaultGraph')
  }

  quads(): Quad[] {
    return [...this.#quads.values()]
  }

  get added(): Quad[] {
    return [...this.#added.values()]
  }

  get removed(): Quad[] {
    return [...this.#removed.values()]
  }

  get isChanged(): boolean {
    return this.#added.size > 0 || this.#removed.size > 0
  }

  #index(): Readonly<Record<Position, Index>> {
    if (this.#indexes !== undefined) return this.#indexes
    const made: Record<Position, Index> = { subject: new Map(), predicate: new Map(), object: new Map() }
    for (const one of this.#quads.values()) {
      if (one.graph.termType !== 'DefaultGraph') continue
      for (const position of positions) indexUnder(made[position], idOf(one[position]), one)
      this.#defaultSize++
    }
    this.#indexes = made
    return made
  }
}

function indexUnder(index: Index, id: string, one: Quad): void {
  const known = index.get(id)
  if (known === undefined) index.set(id, new Set([one]))
  else known.add(one)
}
