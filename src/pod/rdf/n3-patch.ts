// N3 Patch (Solid Protocol, Modifying Resources Using N3 Patches). One solid:InsertDeletePatch whose solid:deletes,
// solid:inserts and solid:where are flat formulas. Unparsable text is PATCH_SYNTAX, anything the protocol forbids
// PATCH_INVALID. Blank nodes: never in deletes; in inserts each becomes a new node (Editor's Draft); in where they match
// anything; one label in two formulas, or inside and outside of one, is refused.

import { Parser } from 'n3'

import { XpodError } from '../../base/errors.ts'
import { idOf, documentFactory, isAnonymous, type Quad, quad, type Term, variable } from './graph.ts'
import { rdf, solid } from './namespaces.ts'
import { makePatch, type Patch } from './patch.ts'
import { isDeep, maxNesting } from './read/nesting.ts'
import { lineOf } from './read/turtle.ts'

/** Throws PATCH_SYNTAX, PATCH_INVALID. */
export function parseN3Patch(text: string, base: string): Patch {
  const prefixes: Record<string, string> = {}
  const quads = parse(text, base, prefixes)
  const { statements, formulas } = apart(quads)
  const subject = patchSubject(statements, formulas)
  const [deletes, inserts, where] = ([solid.deletes, solid.inserts, solid.where] as const).map((property) =>
    formulaOf(statements, subject, property),
  ) as [Term | undefined, Term | undefined, Term | undefined]
  const read = (name: Term | undefined): Quad[] => (name === undefined ? [] : flatTriples(idOf(name), formulas))
  const used = new Set([deletes, inserts, where].flatMap((name) => (name === undefined ? [] : [idOf(name)])))
  if ([...formulas.keys()].some((name) => !used.has(name))) throw invalid('a formula is used elsewhere or nested')
  const clauses = { deletes: read(deletes), inserts: read(inserts), where: read(where) }
  checkLabels(statements, [...formulas])
  checkClauses(clauses)
  const step = {
    deletes: clauses.deletes,
    inserts: clauses.inserts,
    where: clauses.where.map(asPattern),
    rule: 'one',
  } as const
  const isEmpty = step.deletes.length + step.inserts.length + step.where.length === 0
  return makePatch('n3', isEmpty ? [] : [step], prefixes)
}

interface Parts {
  readonly statements: readonly Quad[]
  /** Id of a formula → its triples. */
  readonly formulas: ReadonlyMap<string, readonly Quad[]>
}

function apart(quads: readonly Quad[]): Parts {
  const statements: Quad[] = []
  const formulas = new Map<string, Quad[]>()
  for (const one of quads) {
    const known = formulas.get(idOf(one.graph))
    if (one.graph.termType === 'DefaultGraph') statements.push(one)
    else if (known === undefined) formulas.set(idOf(one.graph), [one])
    else known.push(one)
  }
  return { statements, formulas }
}

function parse(text: string, base: string, prefixes: Record<string, string>): Quad[] {
  if (isDeep(text)) throw new XpodError('PATCH_SYNTAX', `N3 nested deeper than ${maxNesting}`)
  const parser = new Parser({
    format: 'text/n3',
    baseIRI: base,
    factory: documentFactory as never,
    blankNodePrefix: '',
    formulaScopedBlankNodes: true,
  } as never)
  try {
    return parser.parse(text, null, (prefix, iri) => {
      prefixes[prefix] = typeof iri === 'string' ? iri : iri.value
    })
  } catch (error) {
    throw new XpodError('PATCH_SYNTAX', `N3${lineOf(error)}`)
  }
}

function patchSubject(statements: readonly Quad[], formulas: ReadonlyMap<string, unknown>): Term {
  const subjects = new Map<string, Term>()
  for (const { subject, predicate, object } of statements) {
    if (predicate.value === rdf.type && object.value === solid.InsertDeletePatch) subjects.set(idOf(subject), subject)
  }
  const [subject, ...others] = subjects.values()
  if (subject === undefined) throw invalid('there is no solid:InsertDeletePatch')
  if (others.length > 0) throw invalid('there is more than one solid:InsertDeletePatch')
  const isNode = subject.termType === 'NamedNode' || subject.termType === 'BlankNode'
  if (!isNode || formulas.has(idOf(subject))) throw invalid('the patch is neither an IRI nor a blank node')
  return subject
}

function formulaOf(statements: readonly Quad[], subject: Term, property: string): Term | undefined {
  const values = statements.filter((one) => idOf(one.subject) === idOf(subject) && one.predicate.value === property)
  const short = `solid:${property.slice(property.indexOf('#') + 1)}`
  if (values.length > 1) throw invalid(`${short} is given more than once`)
  const value = values[0]?.object
  if (value === undefined) return undefined
  // An empty formula has no triples, so all that can be seen of it is a blank node that is used nowhere else.
  const isFormula =
    value.termType === 'BlankNode' &&
    isAnonymous(value as never) &&
    !statements.some((one) => idOf(one.subject) === idOf(value))
  if (!isFormula) throw invalid(`${short} is not a formula`)
  return value
}

function flatTriples(name: string, formulas: ReadonlyMap<string, readonly Quad[]>): Quad[] {
  return (formulas.get(name) ?? []).map(({ subject, predicate, object }) => {
    for (const term of [subject, predicate, object]) {
      if (formulas.has(idOf(term))) throw invalid('formulas cannot be nested')
      if (!['NamedNode', 'BlankNode', 'Literal', 'Variable'].includes(term.termType)) {
        throw invalid('triple terms are not supported')
      }
    }
    if ((subject.termType as string) === 'Literal') throw invalid('a literal is no subject')
    if (predicate.termType !== 'NamedNode' && predicate.termType !== 'Variable') throw invalid('a predicate is an IRI')
    return quad(subject, predicate, object)
  })
}

/** The parser scopes labels: inside formula F, `_:x` is `F.x`. Looked at unscoped, a label may occur in one place only. */
function checkLabels(statements: readonly Quad[], formulas: readonly (readonly [string, readonly Quad[]])[]): void {
  const placeOf = new Map<string, string>()
  for (const [place, quads] of [['', statements] as const, ...formulas]) {
    for (const one of quads) {
      for (const term of [one.subject, one.predicate, one.object]) {
        const label = (term as Term).termType === 'BlankNode' ? labelIn(place, idOf(term)) : undefined
        if (label === undefined) continue
        const known = placeOf.get(label)
        if (known !== undefined && known !== place) throw invalid('a blank node label is used in two places')
        placeOf.set(label, place)
      }
    }
  }
}

function labelIn(place: string, id: string): string | undefined {
  if (place !== '' && id.startsWith(`${place}.`)) return id.slice(place.length + 1)
  return isAnonymous({ id }) ? undefined : id.slice(2)
}

interface Clauses {
  readonly deletes: readonly Quad[]
  readonly inserts: readonly Quad[]
  readonly where: readonly Quad[]
}

function checkClauses({ deletes, inserts, where }: Clauses): void {
  const known = new Set<string>()
  for (const term of termsOf(where)) if (term.termType === 'Variable') known.add(idOf(term))
  for (const term of termsOf([...deletes, ...inserts])) {
    if (term.termType === 'Variable' && !known.has(idOf(term))) throw invalid('a variable is not in solid:where')
  }
  for (const term of termsOf(deletes)) {
    if (term.termType === 'BlankNode') throw invalid('solid:deletes holds a blank node')
  }
}

function* termsOf(quads: readonly Quad[]): Iterable<Term> {
  for (const one of quads) {
    yield one.subject
    yield one.predicate
    yield one.object
  }
}

/** Blank nodes of a where clause stand for anything. */
export function asPattern({ subject, predicate, object }: Quad): Quad {
  const open = (term: Term): Term => (term.termType === 'BlankNode' ? variable(`~${idOf(term).slice(2)}`) : term)
  return quad(open(subject), open(predicate), open(object))
}

function invalid(detail: string): XpodError {
  return new XpodError('PATCH_INVALID', detail)
}
