// Whether two graphs say the same: equal but for the names of blank nodes. Colours nodes by what surrounds them and then
// tries the mappings that the colours leave open; for the small graphs of tests.

import { idOf, type Quad, type Term } from '../../../src/pod/rdf/graph.ts'

type Names = ReadonlyMap<string, string>

export function areIsomorphic(left: readonly Quad[], right: readonly Quad[]): boolean {
  const a = new Map(left.map((one) => [lineOf(one, new Map()), one]))
  const b = new Map(right.map((one) => [lineOf(one, new Map()), one]))
  if (a.size !== b.size) return false
  const leftColours = colours([...a.values()])
  const rightColours = colours([...b.values()])
  if (leftColours.size !== rightColours.size) return false
  const wanted = new Set(b.keys())
  const nodes = [...leftColours.keys()]

  function assign(index: number, names: Map<string, string>): boolean {
    if (index === nodes.length) return [...a.values()].every((one) => wanted.has(lineOf(one, names)))
    const node = nodes[index]!
    for (const [candidate, colour] of rightColours) {
      if (colour !== leftColours.get(node) || [...names.values()].includes(candidate)) continue
      names.set(node, candidate)
      if (assign(index + 1, names)) return true
      names.delete(node)
    }
    return false
  }
  return assign(0, new Map())
}

function colours(quads: readonly Quad[]): Map<string, string> {
  let known = new Map<string, string>()
  for (const one of quads) {
    for (const term of termsOf(one)) if (term.termType === 'BlankNode') known.set(idOf(term), 'x')
  }
  for (let round = 0; round < 8; round++) {
    const next = new Map<string, string[]>([...known.keys()].map((id) => [id, []]))
    for (const one of quads) {
      for (const [position, term] of termsOf(one).entries()) {
        if (term.termType === 'BlankNode') next.get(idOf(term))!.push(`${position} ${lineOf(one, known, idOf(term))}`)
      }
    }
    const palette = new Map<string, string>()
    const texts = [...next].map(([id, lines]) => [id, lines.sort().join('\n')] as const)
    for (const text of [...new Set(texts.map(([, line]) => line))].sort()) palette.set(text, `c${palette.size}`)
    known = new Map(texts.map(([id, text]) => [id, palette.get(text)!]))
  }
  return known
}

function lineOf(one: Quad, names: Names, self = ''): string {
  return termsOf(one)
    .map((term) => (idOf(term) === self && self !== '' ? 'self' : (names.get(idOf(term)) ?? idOf(term))))
    .join(' ')
}

function termsOf(one: Quad): Term[] {
  return [one.subject, one.predicate, one.object, one.graph] as Term[]
}
