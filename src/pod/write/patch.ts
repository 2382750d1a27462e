// PATCH with N3 Patch and SPARQL Update (Solid Protocol, Modifying Resources Using N3 Patches) on documents, ACLs and
// .meta. A patch is parsed before rights are judged, because its triples say which modes it needs. Patches of one document
// run one after the other, each computed from the state the one before committed, so clients at one document never
// starve (store rule 8); a change from elsewhere in between makes it compute again.

import { MiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import { append, type Modes, read, write } from '../access/modes.ts'
import type { PodResponse } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import { isContainer } from '../path.ts'
import { essenceOf, rdfTypeOf } from '../rdf/media-types.ts'
import type { Patch, PatchResult } from '../rdf/patch.ts'
import { checkWriteConditions } from '../resource/conditions.ts'
import { urlOf } from '../resource/links.ts'
import type { Change, Require } from '../store/change.ts'
import { checkedAcl, maxAclBytes } from './acl-body.ts'
import { tryCommit, untilSettled } from './commit.ts'
import { createGraphMemo } from './graph-memo.ts'
import { isIdentity, refuseOtherIssuers } from './identity.ts'
import { neededMediaType, readBody, refuseEncoded, refuseTooLarge, stageBytes } from './intake.ts'
import { refuseProtected } from './protected-triples.ts'
import { authorizeAnyChange, authorizeChange } from './rights.ts'
import { entryAt, findTarget, refuseMisplaced, refusePlace, sizeOf, subjectOps, type Target } from './target.ts'
import { noContent, written } from './written.ts'

const graphs = createGraphMemo(32 * MiB)

const languages: ReadonlyMap<string, Patch['kind']> = new Map([
  ['text/n3', 'n3'],
  ['application/sparql-update', 'sparql'],
])

export async function patchResource(parts: PodParts, op: Operation): Promise<PodResponse> {
  const { headers, pod, path, signal } = op.request
  refusePlace(pod, path)
  refuseEncoded(headers)
  refuseTooLarge(headers, parts.limits.maxPatchBytes)
  await authorizeAnyChange(parts, op)
  const kind = languageOf(neededMediaType(headers))
  if (isContainer(path)) throw new XpodError('PATCH_TARGET', 'a container is described by its .meta')
  const body = await readBody(op.request, parts.limits.maxPatchBytes)
  const patch = await parts.rdf.readPatch(body, { kind, base: urlOf(pod, path) }, signal)
  return op.home.inOrder(path, () => untilSettled(op, () => applyOnce(parts, op, patch)))
}

function languageOf(mediaType: string): Patch['kind'] {
  const kind = languages.get(essenceOf(mediaType) ?? '')
  if (kind !== undefined) return kind
  throw new XpodError('MEDIA_TYPE_UNSUPPORTED', 'a patch is an N3 Patch or a SPARQL Update', {
    headers: ['Accept-Patch', [...languages.keys()].join(', ')],
  })
}

/** Undefined when the document or its rights changed while this was computed. */
async function applyOnce(parts: PodParts, op: Operation, patch: Patch): Promise<PodResponse | undefined> {
  const { home, request } = op
  const { aclSeq } = home
  const target = await findTarget(home, request.path)
  await authorizeChange(parts, op, target, modesFor(patch))
  const conditions = checkWriteConditions(request.headers, target.entry, request.path)
  refuseMisplaced(target)
  const after = await compute(parts, op, target, patch)
  if (after === undefined) return undefined
  const groups = await checkResult(parts, op, target, after)
  if (target.resource !== undefined && after.added.length + after.removed.length === 0) return noContent
  const spareBytes = target.auxiliary === 'acl' ? maxAclBytes : sizeOf(target)
  await using staged = await stageBytes(parts, op, after.bytes, spareBytes)
  const committed = await tryCommit(parts, op, {
    require: [...conditions, asComputed(target), { kind: 'acl', aclSeq }],
    ops: [...subjectOps(target), { kind: 'put', path: target.path, mediaType: after.mediaType, body: staged }],
    groups,
    bodies: new Map([[target.path, after.bytes]]),
  })
  if (committed !== undefined && after.parsed !== undefined) {
    graphs.keep(home.pod.id, target.path, committed.at, after.parsed)
  }
  return committed && written(home, committed, target.path)
}

/** Any patch changes something, so at least Append; deletes tell what is there, so they need Read too (pitfall 15). */
function modesFor(patch: Patch): Modes {
  return append | (patch.needsRead ? read : 0) | (patch.needsWrite ? read | write : 0)
}

function asComputed({ path, resource }: Target): Require {
  if (resource === undefined) return { kind: 'absent', path }
  return { kind: 'version', path, version: resource.version }
}

/** Undefined when the document was replaced while its bytes were read. */
async function compute(parts: PodParts, op: Operation, target: Target, patch: Patch): Promise<PatchResult | undefined> {
  const { home, request } = op
  const base = urlOf(home.pod, target.path)
  if (target.resource === undefined) return parts.rdf.patch(undefined, patch, { base }, request.signal)
  const { mediaType } = target.resource
  if (rdfTypeOf(mediaType) === undefined) throw new XpodError('PATCH_TARGET', `this is ${essenceOf(mediaType)}`)
  const bytes = await readTarget(parts, op, target)
  if (bytes === undefined) return undefined
  const parsed = graphs.find(home.pod.id, target.path, target.resource.version)
  const document = { bytes, mediaType, ...(parsed === undefined ? {} : { parsed }) }
  return parts.rdf.patch(document, patch, { base }, request.signal)
}

async function readTarget(parts: PodParts, op: Operation, target: Target): Promise<Uint8Array | undefined> {
  const { home, request } = op
  try {
    return await home.bytes(target.entry, parts.limits.maxPatchTargetBytes, request.signal)
  } catch (error) {
    const { resource } = await entryAt(home, target.path)
    if (resource?.version.seq !== target.resource!.version.seq) return undefined
    throw error
  }
}

/** What a PUT of the same kind would have been checked for. Gives the group documents that an ACL names. */
async function checkResult(
  parts: PodParts,
  op: Operation,
  target: Target,
  after: PatchResult,
): Promise<NonNullable<Change['groups']>> {
  const { pod } = op.home
  if (target.auxiliary === 'acl') return checkedAcl(parts, { ...after, pod, aclPath: target.path })
  if (target.auxiliary === 'meta') refuseProtected([...after.added, ...after.removed], urlOf(pod, target.subject))
  if (await isIdentity(parts, pod, target)) await refuseOtherIssuers(parts, op, target, after.quads)
  return []
}
