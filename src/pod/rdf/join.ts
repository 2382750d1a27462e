// Matches the triple patterns of a WHERE clause against a document: a backtracking join that always goes on with the pattern
// that has the fewest candidates left. Each candidate looked at is a step of a bounded budget, because unconnected patterns
// multiply: three of them on a thousand triples would take a minute (rule 19).

import { XpodError } from '../../base/errors.ts'
import type { Dataset } from './dataset.ts'
import { idOf, type Quad, type Term } from './graph.ts'

/** Variable id (`?x`) → its value. */
export type Solution = ReadonlyMap<string, Term>

const maxPatterns = 1000

export class StepBudget {
  #left: number
  constructor(steps: number) {
    this.#left = steps
  }
  /** Throws PATCH_TOO_COMPLEX when the budget is used up. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new XpodError('PATCH_TOO_COMPLEX')
  }
}

/** Calls back with each solution, one map for all of them (copy to keep); stops when the callback returns false. */
export function solve(
  dataset: Dataset,
  patterns: readonly Quad[],
  budget: StepBudget,
  found: (solution: Solution) => boolean,
): void {
  if (patterns.length > maxPatterns) throw new XpodError('PATCH_TOO_COMPLEX', `more than ${maxPatterns} patterns`)
  const bindings = new Map<string, Term>()
  const rest = [...patterns]

  function next(): boolean {
    if (rest.length === 0) return found(bindings)
    budget.spend(rest.length)
    const best = mostSelective(dataset, rest, bindings)
    const [pattern] = rest.splice(best.index, 1)
    for (const candidate of dataset.candidates(best.position, best.id)) {
      budget.spend(1)
      const bound = bind(pattern!, candidate, bindings)
      if (bound === undefined) continue
      const goesOn = next()
      for (const variable of bound) bindings.delete(variable)
      if (!goesOn) return false
    }
    rest.splice(best.index, 0, pattern!)
    return true
  }
  next()
}

interface Choice {
  readonly index: number
  readonly position: 'subject' | 'predicate' | 'object' | undefined
  readonly id: string
}

function mostSelective(dataset: Dataset, patterns: readonly Quad[], bindings: Solution): Choice {
  let best: Choice = { index: 0, position: undefined, id: '' }
  let least = Number.POSITIVE_INFINITY
  for (const [index, pattern] of patterns.entries()) {
    let isOpen = true
    for (const position of ['subject', 'object', 'predicate'] as const) {
      const term = valueOf(pattern[position], bindings)
      if (term === undefined) continue
      isOpen = false
      const count = dataset.count(position, idOf(term))
      if (count < least) [least, best] = [count, { index, position, id: idOf(term) }]
    }
    const all = isOpen ? dataset.count(undefined, '') : least
    if (all < least) [least, best] = [all, { index, position: undefined, id: '' }]
    if (least === 0) break
  }
  return best
}

/** Binds the variables of the pattern that are still free; undefined (and nothing bound) when the triple does not fit. */
function bind(pattern: Quad, candidate: Quad, bindings: Map<string, Term>): string[] | undefined {
  const bound: string[] = []
  for (const position of ['subject', 'predicate', 'object'] as const) {
    const wanted = valueOf(pattern[position], bindings)
    if (wanted === undefined) {
      bindings.set(idOf(pattern[position]), candidate[position])
      bound.push(idOf(pattern[position]))
    } else if (idOf(wanted) !== idOf(candidate[position])) {
      for (const variable of bound) bindings.delete(variable)
      return undefined
    }
  }
  return bound
}

function valueOf(term: Term, bindings: Solution): Term | undefined {
  return term.termType === 'Variable' ? bindings.get(idOf(term)) : term
}
