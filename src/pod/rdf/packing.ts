// Graphs and patches as plain values that can cross to a thread: a table of distinct terms and four indexes a quad. Terms are
// the n3 library's ids. Objects of its classes would arrive without their methods.

import { termFromId } from 'n3'

import { idOf, type ParsedRdf, type Quad, quad, type Term } from './graph.ts'
import type { Patch, PatchStep } from './patch.ts'

export interface PackedQuads {
  readonly terms: readonly string[]
  /** Subject, predicate, object and graph of each quad. */
  readonly rows: Uint32Array<ArrayBuffer>
}

export function packQuads(quads: readonly Quad[]): PackedQuads {
  const numbers = new Map<string, number>()
  const rows = new Uint32Array(quads.length * 4)
  const numberOf = (term: Term): number => {
    const id = idOf(term)
    let number = numbers.get(id)
    if (number === undefined) numbers.set(id, (number = numbers.size))
    return number
  }
  for (const [index, one] of quads.entries()) {
    rows[index * 4] = numberOf(one.subject)
    rows[index * 4 + 1] = numberOf(one.predicate)
    rows[index * 4 + 2] = numberOf(one.object)
    rows[index * 4 + 3] = numberOf(one.graph)
  }
  return { terms: [...numbers.keys()], rows }
}

export function unpackQuads({ terms: ids, rows }: PackedQuads): Quad[] {
  const terms = ids.map((id) => termFromId(id) as unknown as Term)
  const quads: Quad[] = []
  for (let at = 0; at < rows.length; at += 4) {
    quads.push(quad(terms[rows[at]!]!, terms[rows[at + 1]!]!, terms[rows[at + 2]!]!, terms[rows[at + 3]!]!))
  }
  return quads
}

export interface PackedRdf {
  readonly quads: PackedQuads
  readonly prefixes: Readonly<Record<string, string>>
}

export function packRdf({ quads, prefixes }: ParsedRdf): PackedRdf {
  return { quads: packQuads(quads), prefixes }
}

export function unpackRdf({ quads, prefixes }: PackedRdf): ParsedRdf {
  return { quads: unpackQuads(quads), prefixes }
}

interface PackedStep {
  readonly where: PackedQuads
  readonly deletes: PackedQuads
  readonly inserts: PackedQuads
  readonly rule: PatchStep['rule']
}

export type PackedPatch = Omit<Patch, 'steps'> & { readonly steps: readonly PackedStep[] }

export function packPatch(patch: Patch): PackedPatch {
  const pack = ({ where, deletes, inserts, rule }: PatchStep): PackedStep => ({
    where: packQuads(where),
    deletes: packQuads(deletes),
    inserts: packQuads(inserts),
    rule,
  })
  return { ...patch, steps: patch.steps.map(pack) }
}

export function unpackPatch(patch: PackedPatch): Patch {
  const unpack = ({ where, deletes, inserts, rule }: PackedStep): PatchStep => ({
    where: unpackQuads(where),
    deletes: unpackQuads(deletes),
    inserts: unpackQuads(inserts),
    rule,
  })
  return { ...patch, steps: patch.steps.map(unpack) }
}
