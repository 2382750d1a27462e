// The login provider of a WebID that this pod's owners or accounts here use (rule 7): who may write the profile must not be able to take the
// identity. The set of solid:oidcIssuer triples of such a document changes through account pages and command line only, so
// a PUT or PATCH that would change it, and a DELETE that would drop it, is 409. Making the document in the first place is
// free: without it nobody can log in with that WebID.

import { XpodError } from '../../base/errors.ts'
import type { Operation, PodParts } from '../operation.ts'
import type { Quad } from '../rdf/graph.ts'
import { rdfTypeOf } from '../rdf/media-types.ts'
import { solid } from '../rdf/namespaces.ts'
import { urlOf } from '../resource/links.ts'
import type { PodRecord } from '../store/resource.ts'
import type { Target } from './target.ts'

/**
 * Whether a WebID of the pod's owners or of an account lives in the document that is there, under any base of the pod.
 * Making it is free, so of what is missing nothing is asked.
 */
export async function isIdentity(
  { isLogin }: Pick<PodParts, 'isLogin'>,
  pod: PodRecord,
  { path, resource }: Target,
): Promise<boolean> {
  if (resource === undefined) return false
  for (const base of [pod.base, ...pod.aliases]) {
    const url = base + path.slice(1)
    if (pod.owners.some((webId) => webId === url || webId.startsWith(`${url}#`)) || (await isLogin(url))) return true
  }
  return false
}

/** Throws ISSUER_PROTECTED when `after` states other login providers than the document as it is. */
export async function refuseOtherIssuers(
  parts: Pick<PodParts, 'rdf' | 'limits'>,
  op: Operation,
  target: Target,
  after: readonly Quad[],
): Promise<void> {
  const before = await currentIssuers(parts, op, target)
  const wanted = issuersIn(after)
  if (before.size !== wanted.size || [...before].some((issuer) => !wanted.has(issuer))) {
    throw new XpodError('ISSUER_PROTECTED')
  }
}

async function currentIssuers(
  parts: Pick<PodParts, 'rdf' | 'limits'>,
  op: Operation,
  target: Target,
): Promise<Set<string>> {
  const { mediaType } = target.resource!
  if (rdfTypeOf(mediaType) === undefined) return new Set()
  const { signal } = op.request
  const bytes = await op.home.bytes(target.entry, parts.limits.maxPatchTargetBytes, signal)
  const source = { mediaType, base: urlOf(op.home.pod, target.path) }
  return issuersIn((await parts.rdf.parse(bytes, source, signal)).quads)
}

/** Whoever logs somebody in reads the default graph: a triple that moves to another one is taken away. */
function issuersIn(quads: readonly Quad[]): Set<string> {
  const stated = quads.filter(({ predicate }) => predicate.value === solid.oidcIssuer)
  return new Set(stated.map(({ subject, object, graph }) => `${subject.value} ${object.value} ${graph.value}`))
}
