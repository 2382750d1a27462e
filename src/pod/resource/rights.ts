// What a request may do, as two sets of modes in one number, so that a prepared answer can be looked up by it: what the
// agent may do and what everyone may do (WAC-Allow shows both). An ACL is read and written by Control of its subject, a
// description by the modes of its subject.

import { XpodError } from '../../base/errors.ts'
import { allows, append, type Authorizer, control, type Modes, noAccess, read, write } from '../access/modes.ts'
import { wacAllow } from '../access/wac-allow.ts'
import { type Agent, anonymous } from '../auth/agent.ts'
import type { PodHome } from '../home.ts'
import { type Path, subjectOf } from '../path.ts'

/** The agent's modes in bits 0 to 3, everyone's in bits 4 to 7. */
export type Rights = number

export function userModes(rights: Rights): Modes {
  return rights & 15
}

export function everyoneModes(rights: Rights): Modes {
  return rights >> 4
}

/** Modes on the path itself. Synchronous when the authorizer is. */
export function rightsOf(authorizer: Authorizer, home: PodHome, path: Path, agent: Agent): Rights | Promise<Rights> {
  const subject = subjectOf(path)
  const user = authorizer.modes(home.pod, subject, agent)
  const everyone = agent.webId === undefined ? user : authorizer.modes(home.pod, subject, anonymous)
  if (typeof user === 'number' && typeof everyone === 'number') return packed(user, everyone, path)
  return Promise.all([user, everyone]).then(([user, everyone]) => packed(user, everyone, path))
}

function packed(user: Modes, everyone: Modes, path: Path): Rights {
  if (!path.endsWith('.acl')) return user | (everyone << 4)
  return ofAcl(user) | (ofAcl(everyone) << 4)
}

/** Control of the subject is everything on its ACL, and nothing else is anything. */
function ofAcl(modes: Modes): Modes {
  return allows(modes, control) ? read | append | write | control : noAccess
}

/** Throws LOGIN_REQUIRED or FORBIDDEN, the same for what exists and what does not (pitfall 41). */
export function requireRead(rights: Rights, agent: Agent): void {
  if (allows(userModes(rights), read)) return
  throw new XpodError(agent.webId === undefined ? 'LOGIN_REQUIRED' : 'FORBIDDEN')
}

/** The value of WAC-Allow. */
export function wacAllowOf(rights: Rights): string {
  return wacAllow(userModes(rights), everyoneModes(rights))
}
