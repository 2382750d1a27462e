// POST (Solid Protocol, Resource Type Heuristics and Writing Resources; Linked Data Notifications receivers use it too):
// makes a child of an existing container under a name of the server, which honours a free Slug. The name is settled inside
// the commit, so two equal Slugs at once give two resources.

import { XpodError } from '../../base/errors.ts'
import type { PodResponse } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import type { Path } from '../path.ts'
import { methodNotAllowed } from '../resource/allow.ts'
import { checkWriteConditions } from '../resource/conditions.ts'
import { asksForContainer, urlOf } from '../resource/links.ts'
import type { Op, Require } from '../store/change.ts'
import { tryCommit, untilSettled } from './commit.ts'
import { describeContainer } from './container-body.ts'
import { neededMediaType, refuseEncoded, refuseTooLarge, sentMediaType, stageBytes, stageDocument } from './intake.ts'
import { authorizePost } from './rights.ts'
import { chooseName, type Name } from './slug.ts'
import { findTarget, refusePlace } from './target.ts'
import { written } from './written.ts'

export async function postResource(parts: PodParts, op: Operation): Promise<PodResponse> {
  const { headers, pod, path } = op.request
  refusePlace(pod, path)
  refuseEncoded(headers)
  refuseTooLarge(headers, parts.limits.maxBodyBytes)
  const makesContainer = asksForContainer(headers.link)
  if (makesContainer) sentMediaType(headers)
  await judge(parts, op)
  const slug = typeof headers['slug'] === 'string' ? headers['slug'] : undefined
  const name = chooseName({ pod, container: path, slug, makesContainer }, parts.random)
  return makesContainer ? postContainer(parts, op, name) : postDocument(parts, op, name)
}

/** Throws what the caller may not do or know, 404 where nothing is, 405 where no container is. */
async function judge(parts: PodParts, op: Operation): Promise<readonly Require[]> {
  const { home, request } = op
  const { aclSeq } = home
  const target = await findTarget(home, request.path)
  await authorizePost(parts, op, target)
  if (target.resource === undefined) throw new XpodError('NOT_FOUND')
  if (target.resource.kind !== 'container') throw methodNotAllowed(target)
  const conditions = checkWriteConditions(request.headers, target.entry, request.path)
  return [...conditions, { kind: 'exists', path: request.path }, { kind: 'acl', aclSeq }]
}

async function postDocument(parts: PodParts, op: Operation, name: Name): Promise<PodResponse> {
  const { headers, pod, path } = op.request
  const mediaType = neededMediaType(headers)
  await using intake = await stageDocument(parts, op, { mediaType, base: urlOf(pod, likely(path, name)) })
  return await commitPost(parts, op, { kind: 'create', container: path, ...name, mediaType, body: intake.staged })
}

async function postContainer(parts: PodParts, op: Operation, name: Name): Promise<PodResponse> {
  const { pod, path } = op.request
  const create = { kind: 'create' as const, container: path, ...name, mediaType: '', body: undefined }
  const description = await describeContainer(parts, op, `${urlOf(pod, likely(path, name))}/`)
  if (description === undefined) return commitPost(parts, op, create)
  await using staged = await stageBytes(parts, op, description)
  return await commitPost(parts, op, { ...create, meta: { mediaType: 'text/turtle', body: staged } })
}

/** Relative IRIs are only checked against this name: they are stored relative, so another name does them no harm. */
function likely(container: Path, name: Name): Path {
  return container + (name.wish ?? name.fallback)
}

function commitPost(parts: PodParts, op: Operation, create: Op): Promise<PodResponse> {
  return untilSettled(op, async () => {
    const require = await judge(parts, op)
    const committed = await tryCommit(parts, op, { require, ops: [create] })
    return committed && written(op.home, committed)
  })
}
