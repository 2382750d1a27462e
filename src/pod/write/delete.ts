// DELETE (Solid Protocol, Deleting Resources): a resource goes with its auxiliary resources and its line in the listing.
// The root of a pod and its ACL are never deleted (405), a container only when it is empty (409).

import { XpodError } from '../../base/errors.ts'
import type { PodResponse } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import { methodNotAllowed } from '../resource/allow.ts'
import { checkWriteConditions } from '../resource/conditions.ts'
import type { Change, Require } from '../store/change.ts'
import { tryCommit, untilSettled } from './commit.ts'
import { isIdentity, refuseOtherIssuers } from './identity.ts'
import { authorizeDelete } from './rights.ts'
import { findTarget, refusePlace, type Target } from './target.ts'

/** Not 204, which @ldo/connected-solid takes for a failure after which it does not write what it meant to overwrite. */
const deleted: PodResponse = { status: 205, headers: [], body: undefined }

export async function deleteResource(parts: PodParts, op: Operation): Promise<PodResponse> {
  const { pod, path } = op.request
  refusePlace(pod, path)
  return untilSettled(op, async () => {
    const judged = await judge(parts, op)
    const committed = await tryCommit(parts, op, { ...judged, ops: [{ kind: 'delete', path }] })
    return committed && deleted
  })
}

async function judge(parts: PodParts, op: Operation): Promise<Pick<Change, 'require' | 'ended'>> {
  const { home, request } = op
  const { aclSeq } = home
  const { path } = request
  const target = await findTarget(home, path)
  if (path === '/' || path === '/.acl') throw methodNotAllowed(target)
  await authorizeDelete(parts, op, target)
  const { resource } = target
  if (resource === undefined) throw new XpodError('NOT_FOUND')
  const conditions = checkWriteConditions(request.headers, target.entry, path)
  const require: Require[] = [...conditions, { kind: 'exists', path }, { kind: 'acl', aclSeq }]
  const ended = await endedAcl(parts, op, target)
  if (!(await isIdentity(parts, home.pod, target))) return { require, ...ended }
  await refuseOtherIssuers(parts, op, target, [])
  return { require: [...require, { kind: 'version', path, version: resource.version }], ...ended }
}

/** Whoever listens by the rules of an ACL that goes is judged by them a last time. */
async function endedAcl(
  { authorizer }: PodParts,
  { home }: Operation,
  { subject, auxiliary }: Target,
): Promise<Pick<Change, 'ended'>> {
  if (auxiliary === 'meta') return {}
  const rules = await authorizer.ownRules(home.pod, subject)
  return rules === undefined ? {} : { ended: { subject, rules } }
}
