// A patch as a value, whichever language it came in, and applying it to a document (Solid Protocol, Modifying Resources Using
// N3 Patches; SPARQL 1.1 Update). The result is written in the document's own type with the document's prefixes; statements
// that the patch does not touch keep their order. A patch that changes nothing gives back the very bytes it was given.

import { XpodError } from '../../base/errors.ts'
import { writeRdf } from './convert.ts'
import { Dataset } from './dataset.ts'
import { anonymousNode, idOf, noRdf, type ParsedRdf, type Quad, quad, type Term, type TurtleMemo } from './graph.ts'
import { solve, type Solution, StepBudget } from './join.ts'
import { rdfTypeOf } from './media-types.ts'
import { parseRdf } from './parse.ts'
import type { Contexts } from './read/contexts.ts'

export interface PatchStep {
  /** Triple patterns; blank nodes of the clause are variables whose id starts with `?~`. Empty: one empty solution. */
  readonly where: readonly Quad[]
  readonly deletes: readonly Quad[]
  /** Blank nodes become new ones for each solution. */
  readonly inserts: readonly Quad[]
  /** N3: exactly one solution, and all deletes present. SPARQL: each solution, absent deletes are no error. */
  readonly rule: 'one' | 'each'
}

export interface Patch {
  readonly kind: 'n3' | 'sparql'
  readonly steps: readonly PatchStep[]
  /** For a document that the patch creates. */
  readonly prefixes: Readonly<Record<string, string>>
  /** What the agent must be allowed to do (WAC, Modifying Resources): deletes ask for Read and Write. */
  readonly needsRead: boolean
  readonly needsAppend: boolean
  readonly needsWrite: boolean
}

export interface PatchDocument {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** What the bytes say, when the caller has kept it from an earlier read or patch. */
  readonly parsed?: ParsedRdf
  /** For JSON-LD, besides the bundled ones. */
  readonly contexts?: Contexts | undefined
}

export interface PatchResult {
  readonly bytes: Uint8Array
  /** The document's own, parameters included; text/turtle for a new one. */
  readonly mediaType: string
  /** All quads after the patch. */
  readonly quads: Quad[]
  readonly removed: Quad[]
  readonly added: Quad[]
  /** What `bytes` says: may be kept with the new version and passed to the next patch. Absent for large documents. */
  readonly parsed: ParsedRdf | undefined
}

export function makePatch(kind: Patch['kind'], steps: readonly PatchStep[], prefixes: Patch['prefixes']): Patch {
  const needsWrite = steps.some((step) => step.deletes.length > 0)
  return {
    kind,
    steps,
    prefixes,
    needsRead: needsWrite || steps.some((step) => step.where.length > 0),
    needsAppend: steps.some((step) => step.inserts.length > 0),
    needsWrite,
  }
}

export const maxJoinSteps = 1_000_000

export interface PatchRun {
  readonly base: string
  readonly maxSteps: number
}

/**
 * `parsed` is what the document says; undefined when there is no document. Throws PATCH_CONFLICT, PATCH_TARGET when the
 * document's type cannot be written, PATCH_TOO_COMPLEX.
 */
export function applyPatch(
  document: PatchDocument | undefined,
  parsed: ParsedRdf | undefined,
  patch: Patch,
  run: PatchRun,
): PatchResult {
  const before = parsed ?? noRdf
  const dataset = new Dataset(before)
  const budget = new StepBudget(run.maxSteps)
  for (const step of patch.steps) applyStep(dataset, step, budget)
  const isNew = document === undefined || (before.quads.length === 0 && Object.keys(before.prefixes).length === 0)
  const quads = dataset.quads()
  const memo = isNew ? newMemo() : stillUseful(before.memo, quads.length)
  const after: ParsedRdf = { quads, prefixes: isNew ? patch.prefixes : before.prefixes, isDistinct: true, memo }
  const mediaType = document?.mediaType ?? 'text/turtle'
  return {
    bytes: document !== undefined && !dataset.isChanged ? document.bytes : write(after, mediaType, run.base),
    mediaType,
    quads: after.quads,
    removed: dataset.removed,
    added: dataset.added,
    parsed: after,
  }
}

function newMemo(): TurtleMemo {
  return { terms: new Map(), blocks: new Map() }
}

/** What went with removed triples piles up; then it begins anew. */
function stillUseful(memo: TurtleMemo | undefined, quads: number): TurtleMemo {
  const { terms, blocks } = memo ?? newMemo()
  return { terms: terms.size > 4 * quads + 1000 ? new Map() : terms, blocks: blocks.size > quads ? new Map() : blocks }
}

function write(parsed: ParsedRdf, mediaType: string, base: string): Uint8Array {
  const type = rdfTypeOf(mediaType)
  if (type === undefined || type === 'application/rdf+xml') throw patchTarget(mediaType)
  return Buffer.from(writeRdf(parsed, { type, base }))
}

function patchTarget(mediaType: string): XpodError {
  const isXml = rdfTypeOf(mediaType) === 'application/rdf+xml'
  return new XpodError('PATCH_TARGET', isXml ? 'RDF/XML documents are read only; PUT another RDF type' : '')
}

/** Throws PATCH_TARGET when the document is no RDF that can be read here, TooDear. */
export async function parseTarget(document: PatchDocument, base: string, maxQuads?: number): Promise<ParsedRdf> {
  const { bytes, mediaType, contexts } = document
  try {
    return await parseRdf(bytes, { mediaType, base, contexts, maxQuads })
  } catch (error) {
    if (!(error instanceof XpodError) || error.status >= 500) throw error
    throw patchTarget(document.mediaType)
  }
}

function applyStep(dataset: Dataset, step: PatchStep, budget: StepBudget): void {
  const solutions = step.rule === 'one' ? [onlySolution(dataset, step, budget)] : everySolution(dataset, step, budget)
  const deletes: Quad[] = []
  const inserts: Quad[] = []
  for (const solution of solutions) {
    budget.spend(step.where.length === 0 ? 0 : step.deletes.length + step.inserts.length)
    instantiate(step.deletes, solution, step.rule, deletes)
    instantiate(step.inserts, solution, step.rule, inserts)
  }
  if (step.rule === 'one' && !deletes.every((one) => dataset.has(one))) {
    throw new XpodError('PATCH_CONFLICT', 'a triple to delete is not there')
  }
  for (const one of deletes) dataset.delete(one)
  for (const one of inserts) dataset.add(one)
}

const emptySolution: Solution = new Map()

function everySolution(dataset: Dataset, step: PatchStep, budget: StepBudget): Solution[] {
  if (step.where.length === 0) return [emptySolution]
  const solutions: Solution[] = []
  solve(dataset, step.where, budget, (solution) => {
    budget.spend(solution.size)
    solutions.push(new Map(solution))
    return true
  })
  return solutions
}

/** Solutions that agree on every named variable count once. */
function onlySolution(dataset: Dataset, step: PatchStep, budget: StepBudget): Solution {
  if (step.where.length === 0) return emptySolution
  let only: Solution | undefined
  let isAmbiguous = false
  solve(dataset, step.where, budget, (solution) => {
    only ??= new Map(solution)
    isAmbiguous = [...solution].some(([id, term]) => !id.startsWith('?~') && idOf(only!.get(id)!) !== idOf(term))
    return !isAmbiguous
  })
  if (only === undefined) throw new XpodError('PATCH_CONFLICT', 'the where clause matches nothing')
  if (isAmbiguous) throw new XpodError('PATCH_CONFLICT', 'the where clause matches more than once')
  return only
}

function instantiate(template: readonly Quad[], solution: Solution, rule: PatchStep['rule'], into: Quad[]): void {
  const fresh = new Map<string, Term>()
  const valueOf = (term: Term): Term | undefined => {
    if (term.termType === 'Variable') return solution.get(idOf(term))
    if (term.termType !== 'BlankNode') return term
    let node = fresh.get(idOf(term))
    if (node === undefined) fresh.set(idOf(term), (node = anonymousNode()))
    return node
  }
  for (const pattern of template) {
    const subject = valueOf(pattern.subject)
    const predicate = valueOf(pattern.predicate)
    const object = valueOf(pattern.object)
    // A template triple with an unbound variable is left out (SPARQL 1.1 Update, 3.1.3).
    if (subject === undefined || predicate === undefined || object === undefined) continue
    if (subject.termType !== 'Literal' && predicate.termType === 'NamedNode')
      into.push(quad(subject, predicate, object))
    else if (rule === 'one') throw new XpodError('PATCH_CONFLICT', 'a variable stands for a literal where none may be')
  }
}
