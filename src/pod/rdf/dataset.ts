// The quads of one document while a patch is applied: a set in document order that remembers what was added and removed,
// with indexes of the default graph that are built at the first question and kept up to date. Not shared and not kept.

import { idOf, type ParsedRdf, type Quad, quadKey } from './graph.ts'

type Position = 'subject' | 'predicate' | 'object'
type Index = Map<string, Set<Quad>>

const positions: readonly Position[] = ['subject', 'predicate', 'object']
const nothing: ReadonlySet<Quad> = new Set()

/** So many lookups are answered by comparing with each quad; for more a map of all of them is worth its making. */
const maxScans = 8

export class Dataset {
  /** The quads of the document while they are only scanned; empty once they are in the map. */
  #source: readonly Quad[] = []
  #scans = 0
  /** Quads by key: those added to a scanned source, else all. */
  #quads = new Map<string, Quad>()
  readonly #added = new Map<string, Quad>()
  readonly #removed = new Map<string, Quad>()
  #indexes: Readonly<Record<Position, Index>> | undefined
  #defaultSize = 0

  constructor({ quads, isDistinct }: Pick<ParsedRdf, 'quads' | 'isDistinct'>) {
    this.#source = quads
    if (isDistinct !== true) this.#mapAll()
  }

  has(one: Quad): boolean {
    return this.#find(one, quadKey(one)) !== undefined
  }

  add(one: Quad): void {
    const key = quadKey(one)
    if (this.#find(one, key) !== undefined) return
    this.#quads.set(key, one)
    if (!this.#removed.delete(key)) this.#added.set(key, one)
    if (this.#indexes === undefined) return
    for (const position of positions) indexUnder(this.#indexes[position], idOf(one[position]), one)
    this.#defaultSize++
  }

  /** True when it was there. */
  delete(one: Quad): boolean {
    const key = quadKey(one)
    const known = this.#find(one, key)
    if (known === undefined) return false
    if (!this.#quads.delete(key)) this.#source = this.#source.filter((other) => other !== known)
    if (!this.#added.delete(key)) this.#removed.set(key, known)
    if (this.#indexes === undefined) return true
    for (const position of positions) this.#indexes[position].get(idOf(known[position]))?.delete(known)
    this.#defaultSize--
    return true
  }

  #find(one: Quad, key: string): Quad | undefined {
    if (this.#source.length > 0 && ++this.#scans > maxScans) this.#mapAll()
    return this.#quads.get(key) ?? this.#source.find((other) => isSame(other, one))
  }

  #mapAll(): void {
    const added = this.#quads
    this.#quads = new Map()
    for (const one of this.#source) this.#quads.set(quadKey(one), one)
    for (const [key, one] of added) this.#quads.set(key, one)
    this.#source = []
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
    return this.quads().filter((one) => one.graph.termType === 'DefaultGraph')
  }

  quads(): Quad[] {
    return [...this.#source, ...this.#quads.values()]
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
    for (const one of this.quads()) {
      if (one.graph.termType !== 'DefaultGraph') continue
      for (const position of positions) indexUnder(made[position], idOf(one[position]), one)
      this.#defaultSize++
    }
    this.#indexes = made
    return made
  }
}

function isSame(one: Quad, other: Quad): boolean {
  return (
    idOf(one.object) === idOf(other.object) &&
    idOf(one.subject) === idOf(other.subject) &&
    idOf(one.predicate) === idOf(other.predicate) &&
    idOf(one.graph) === idOf(other.graph)
  )
}

function indexUnder(index: Index, id: string, one: Quad): void {
  const known = index.get(id)
  if (known === undefined) index.set(id, new Set([one]))
  else known.add(one)
}
