// Who may write what (Web Access Control, Reading and Writing Resources; decision on creation in DECISIONS of the design:
// the new name needs Append and so does the container that gains a child). Rights come from the effective ACL as it is in
// memory; the commit repeats the judgement through `require acl` (rule 5).

import { XpodError } from '../../base/errors.ts'
import { allows, append, control, type Modes, read, write } from '../access/modes.ts'
import type { Agent } from '../auth/agent.ts'
import type { Operation, PodParts } from '../operation.ts'
import { auxiliaryOf, parentOf, type Path, subjectOf } from '../path.ts'
import type { Target } from './target.ts'

export type Judges = Pick<PodParts, 'authorizer'>

/** 401 with a challenge for the public, 403 for somebody. Says nothing about what exists. */
function denied(agent: Agent): XpodError {
  return new XpodError(agent.webId === undefined ? 'LOGIN_REQUIRED' : 'FORBIDDEN')
}

async function modesOn(parts: Judges, op: Operation, path: Path): Promise<Modes> {
  return parts.authorizer.modes(op.home.pod, path, op.agent)
}

async function demand(parts: Judges, op: Operation, path: Path, wanted: Modes): Promise<void> {
  if (!allows(await modesOn(parts, op, path), wanted)) throw denied(op.agent)
}

/**
 * PUT and PATCH. `wanted` is what the change needs on an existing document; a new one needs Append as well on the
 * container that will list it (or its first missing ancestor). An ACL needs Control of its subject, and Append to make it;
 * .meta is judged as its subject.
 */
export async function authorizeChange(parts: Judges, op: Operation, target: Target, wanted: Modes): Promise<void> {
  const ofSubject = target.newContainer === undefined ? 0 : append
  await demand(parts, op, target.subject, target.auxiliary === 'acl' ? control | ofSubject : wanted)
  if (target.above !== undefined) await demand(parts, op, target.above, append)
}

/** What PUT needs on its target: Write to replace, Append to create; .meta changes what its subject says, so Write. */
export function modesToPut(target: Target): Modes {
  return target.resource !== undefined || target.auxiliary === 'meta' ? write : append
}

/** POST: Append on the container. That nothing is there is told to readers as well (404); what is there, to nobody else. */
export async function authorizePost(parts: Judges, op: Operation, target: Target): Promise<void> {
  const modes = await modesOn(parts, op, target.subject)
  const wanted = target.auxiliary === 'acl' ? control : append
  if (allows(modes, wanted)) return
  if (target.resource !== undefined || !allows(modes, read)) throw denied(op.agent)
}

/**
 * DELETE: Write on the resource and on the container that lists it, for a container Read as well. That something is
 * missing is told only to those who may read it or its parent.
 */
export async function authorizeDelete(parts: Judges, op: Operation, target: Target): Promise<void> {
  if (target.auxiliary === 'acl') {
    await demand(parts, op, target.subject, control)
    if (target.resource === undefined) throw new XpodError('NOT_FOUND')
    return
  }
  const modes = await modesOn(parts, op, target.subject)
  const parent = target.auxiliary === undefined ? parentOf(target.path) : undefined
  const onParent = parent === undefined ? write : await modesOn(parts, op, parent)
  if (target.resource === undefined) {
    const mayKnow = allows(modes, read) || (parent !== undefined && allows(onParent, read))
    throw mayKnow ? new XpodError('NOT_FOUND') : denied(op.agent)
  }
  const wanted = target.resource.kind === 'container' ? read | write : write
  if (!allows(modes, wanted) || !allows(onParent, write)) throw denied(op.agent)
}

/** Refuses before the body is read whoever could not make any change at all. */
export async function authorizeAnyChange(parts: Judges, op: Operation): Promise<void> {
  const isAcl = auxiliaryOf(op.request.path) === 'acl'
  await demand(parts, op, subjectOf(op.request.path), isAcl ? control : append)
}
