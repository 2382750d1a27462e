// Triples that only the server may state: containment, the times, sizes and types of resources, and what a storage is
// (Solid Protocol, Contained Resource Metadata; pitfalls 2 and 3). They may neither come in nor be taken out through
// .meta or the body of a new container. A node with a fragment is a thing that a document speaks of, and free.

import { XpodError } from '../../base/errors.ts'
import type { Quad } from '../rdf/graph.ts'
import { dcterms, ldp, mediaTypeClass, pim, rdf, stat } from '../rdf/namespaces.ts'

const predicates: ReadonlySet<string> = new Set([ldp.contains, dcterms.modified, stat.mtime, stat.size])
const [typePrefix, typeSuffix] = mediaTypeClass('\n').split('\n') as [string, string]

/** Throws PROTECTED_TRIPLES; `subjectUrl` is what the .meta describes. */
export function refuseProtected(quads: readonly Quad[], subjectUrl: string): void {
  const found = quads.find((quad) => isProtected(quad, subjectUrl))
  if (found === undefined) return
  throw new XpodError('PROTECTED_TRIPLES', `${found.predicate.value} of this resource is managed by the server`)
}

function isProtected({ subject, predicate, object }: Quad, subjectUrl: string): boolean {
  if (predicate.value !== rdf.type && !predicates.has(predicate.value)) return false
  if (!isManaged(subject.value, subjectUrl)) return false
  return predicate.value !== rdf.type || isManagedType(object.value)
}

/** The resource itself, or what a container contains. */
function isManaged(subject: string, subjectUrl: string): boolean {
  if (subject === subjectUrl) return true
  return subjectUrl.endsWith('/') && subject.startsWith(subjectUrl) && !subject.includes('#')
}

function isManagedType(type: string): boolean {
  return type === pim.Storage || (type.startsWith(typePrefix) && type.endsWith(typeSuffix))
}
