// PUT (Solid Protocol, Writing Resources; RFC 9110 section 9.3.4): replaces or creates a document, an ACL or a .meta, and
// creates a container. Existing containers are never replaced: preconditions first (412), then 409. Bytes are kept as sent.

import { XpodError } from '../../base/errors.ts'
import type { PodResponse } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import { isContainer, metaOf } from '../path.ts'
import { checkWriteConditions } from '../resource/conditions.ts'
import { asksForContainer, urlOf } from '../resource/links.ts'
import type { Op, Require } from '../store/change.ts'
import { checkedAcl, maxAclBytes } from './acl-body.ts'
import { tryCommit, untilSettled } from './commit.ts'
import { describeContainer } from './container-body.ts'
import { isIdentity, refuseOtherIssuers } from './identity.ts'
import {
  neededMediaType,
  neededRdfType,
  readBody,
  readTriples,
  refuseEncoded,
  refuseTooLarge,
  sentMediaType,
  stageBytes,
  stageDocument,
} from './intake.ts'
import { refuseProtected } from './protected-triples.ts'
import { authorizeChange, modesToPut } from './rights.ts'
import { findTarget, refuseMisplaced, refusePlace, sizeOf, subjectOps, type Target } from './target.ts'
import { written } from './written.ts'

export async function putResource(parts: PodParts, op: Operation): Promise<PodResponse> {
  refuseHeaders(parts, op)
  const judged = await judge(parts, op)
  if (isContainer(op.request.path)) return putContainer(parts, op, judged)
  const { auxiliary } = judged.target
  if (auxiliary === 'acl') return putAcl(parts, op)
  return auxiliary === 'meta' ? putMeta(parts, op, judged) : putDocument(parts, op, judged)
}

function refuseHeaders(parts: PodParts, { request }: Operation): void {
  const { headers, path, pod } = request
  refusePlace(pod, path)
  if (headers['content-range'] !== undefined) throw new XpodError('CONTENT_RANGE_REFUSED')
  refuseEncoded(headers)
  refuseTooLarge(headers, parts.limits.maxBodyBytes)
  if (isContainer(path)) return void sentMediaType(headers)
  if (asksForContainer(headers.link)) {
    throw new XpodError('LINK_INVALID', 'a container URL ends in a slash')
  }
}

interface Judged {
  readonly target: Target
  /** Repeats the judgement inside the commit. */
  readonly require: readonly Require[]
}

async function judge(parts: PodParts, op: Operation): Promise<Judged> {
  const { home, request } = op
  const { aclSeq } = home
  const target = await findTarget(home, request.path)
  await authorizeChange(parts, op, target, modesToPut(target))
  const conditions = checkWriteConditions(request.headers, target.entry, request.path)
  if (target.resource?.kind === 'container') throw new XpodError('CONTAINER_EXISTS')
  refuseMisplaced(target)
  return { target, require: [...conditions, asFound(target), { kind: 'acl', aclSeq }] }
}

/** What was judged as a creation stays one, what was judged as a replacement too: they need different rights. */
function asFound({ path, resource }: Target): Require {
  if (resource === undefined) return { kind: 'absent', path }
  return { kind: 'exists', path }
}

/** The commit repeats what was judged before the body came; only when that no longer holds is it judged again. */
function commitPut(parts: PodParts, op: Operation, judged: Judged, ops: readonly Op[]): Promise<PodResponse> {
  let first: Judged | undefined = judged
  return untilSettled(op, async () => {
    const { target, require } = first ?? (await judge(parts, op))
    first = undefined
    const committed = await tryCommit(parts, op, { require, ops: [...subjectOps(target), ...ops] })
    return committed && written(op.home, committed, target.path)
  })
}

async function putDocument(parts: PodParts, op: Operation, judged: Judged): Promise<PodResponse> {
  const { target } = judged
  const { pod, path, headers } = op.request
  const mediaType = neededMediaType(headers)
  await using intake = await stageDocument(parts, op, {
    mediaType,
    base: urlOf(pod, path),
    spareBytes: sizeOf(target),
  })
  const put: Op = { kind: 'put', path, mediaType, body: intake.staged }
  if (!(await isIdentity(parts, pod, target))) return await commitPut(parts, op, judged, [put])
  return await putIdentity(parts, op, put, intake.rdf)
}

/** The document of an owner's WebID: its login providers are compared with the very version that is replaced. */
async function putIdentity(
  parts: PodParts,
  op: Operation,
  put: Extract<Op, { kind: 'put' }>,
  rdf: Uint8Array | undefined,
): Promise<PodResponse> {
  const { pod, path, signal } = op.request
  const source = { mediaType: put.mediaType, base: urlOf(pod, path) }
  const after = rdf === undefined ? [] : (await readTriples(parts, rdf, source, signal)).quads
  return untilSettled(op, async () => {
    const { target, require } = await judge(parts, op)
    await refuseOtherIssuers(parts, op, target, after)
    const committed = await tryCommit(parts, op, { require: [...require, ...sameVersion(target)], ops: [put] })
    return committed && written(op.home, committed)
  })
}

function sameVersion({ path, resource }: Target): Require[] {
  return resource === undefined ? [] : [{ kind: 'version', path, version: resource.version }]
}

/** The old ACL stays in force unless the new one is valid (pitfall 8). */
async function putAcl(parts: PodParts, op: Operation): Promise<PodResponse> {
  const { pod, path, headers } = op.request
  const mediaType = neededRdfType(headers)
  const bytes = await readBody(op.request, maxAclBytes)
  const groups = await checkedAcl(parts, { bytes, mediaType, pod, aclPath: path })
  await using staged = await stageBytes(parts, op, bytes, maxAclBytes)
  const put: Op = { kind: 'put', path, mediaType, body: staged }
  return await untilSettled(op, async () => {
    const { target, require } = await judge(parts, op)
    const committed = await tryCommit(parts, op, { require, ops: [...subjectOps(target), put], groups })
    return committed && written(op.home, committed, path)
  })
}

async function putMeta(parts: PodParts, op: Operation, judged: Judged): Promise<PodResponse> {
  const { target } = judged
  const { pod, path, headers, signal } = op.request
  const mediaType = neededRdfType(headers)
  const bytes = await readBody(op.request, parts.limits.maxPatchTargetBytes)
  const { quads } = await readTriples(parts, bytes, { mediaType, base: urlOf(pod, path) }, signal)
  refuseProtected(quads, urlOf(pod, target.subject))
  await using staged = await stageBytes(parts, op, bytes, sizeOf(target))
  return await commitPut(parts, op, judged, [{ kind: 'put', path, mediaType, body: staged }])
}

/** The body of a new container is its description and becomes its .meta in the same commit. */
async function putContainer(parts: PodParts, op: Operation, judged: Judged): Promise<PodResponse> {
  const { pod, path } = op.request
  const description = await describeContainer(parts, op, urlOf(pod, path))
  if (description === undefined) return commitPut(parts, op, judged, [{ kind: 'container', path }])
  await using staged = await stageBytes(parts, op, description)
  const meta: Op = { kind: 'put', path: metaOf(path), mediaType: 'text/turtle', body: staged }
  return await commitPut(parts, op, judged, [{ kind: 'container', path }, meta])
}
