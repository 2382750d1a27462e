// N-Triples and N-Quads: one line a triple, no state. Anonymous nodes get labels that no node of the document has.

import { idOf, type Literal, type Quad, type Term } from '../graph.ts'
import { escapeIri, escapeString, labelNodes } from './terms.ts'

export function writeLines(quads: readonly Quad[], syntax: 'n-triples' | 'n-quads'): string {
  const labelOf = labelNodes(nodesOf(quads))
  const spelled = new Map<string, string>()
  const spell = (term: Term): string => {
    if (term.termType === 'Literal') return literalText(term)
    const id = idOf(term)
    let text = spelled.get(id)
    if (text === undefined) {
      text = term.termType === 'NamedNode' ? `<${escapeIri(term.value)}>` : labelOf(id)
      spelled.set(id, text)
    }
    return text
  }
  let text = ''
  for (const { subject, predicate, object, graph } of quads) {
    const isDefault = graph.termType === 'DefaultGraph'
    if (syntax === 'n-triples' && !isDefault) continue
    text += `${spell(subject)} ${spell(predicate)} ${spell(object)}${isDefault ? '' : ` ${spell(graph)}`} .\n`
  }
  return text
}

/** Every subject, object and graph. */
export function* nodesOf(quads: readonly Quad[]): Iterable<Term> {
  for (const { subject, object, graph } of quads) {
    yield subject
    yield object
    yield graph
  }
}

function literalText(term: Literal): string {
  const id = idOf(term)
  const end = id.lastIndexOf('"')
  const text = `"${escapeString(id.slice(1, end))}"`
  if (end === id.length - 1) return text
  return id[end + 1] === '@' ? text + id.slice(end + 1) : `${text}^^<${escapeIri(id.slice(end + 3))}>`
}
