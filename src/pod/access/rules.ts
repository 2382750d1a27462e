// The rules in force for one resource, and what they give to an agent (Web Access Control, Authorization Evaluation). Pure values:
// made once per effective ACL, then asked on every request, so the common questions are a field and a map lookup.

import { KiB } from '../../base/bytes.ts'
import type { Path } from '../path.ts'
import type { Acl, Authorization, GroupName } from './acl-document.ts'
import { type Modes, noAccess } from './modes.ts'

export interface Rules {
  /** What foaf:Agent has. */
  readonly everyone: Modes
  /** What any agent with a WebID has, `everyone` included. */
  readonly authenticated: Modes
  /** By WebID; to be added to `authenticated`. */
  readonly agents: ReadonlyMap<string, Modes>
  readonly groups: readonly GroupRule[]
  /** All of them, for decisions that look at the origin. */
  readonly authorizations: readonly Authorization[]
}

export interface GroupRule {
  readonly group: GroupName
  readonly modes: Modes
}

/** Nothing for anybody: no ACL, or one that cannot be read. */
export const noRules: Rules = rulesOf([])

/** The rules of a resource's own ACL: acl:accessTo counts, acl:default does not. */
export function ownRules(acl: Acl, subject: Path): Rules {
  return rulesOf(acl.authorizations.filter((one) => one.accessTo.includes(subject)))
}

/** The rules that a container's ACL gives to what is inside: only acl:default with that container. */
export function inheritedRules(acl: Acl, container: Path): Rules {
  return rulesOf(acl.authorizations.filter((one) => one.default.includes(container)))
}

function rulesOf(authorizations: readonly Authorization[]): Rules {
  const agents = new Map<string, Modes>()
  const groups = new Map<string, GroupRule>()
  let everyone = noAccess
  let authenticated = noAccess
  for (const one of authorizations) {
    if (one.everyone) everyone |= one.modes
    if (one.everyone || one.authenticated) authenticated |= one.modes
    for (const agent of one.agents) agents.set(agent, (agents.get(agent) ?? noAccess) | one.modes)
    for (const group of one.groups) {
      groups.set(group.iri, { group, modes: (groups.get(group.iri)?.modes ?? noAccess) | one.modes })
    }
  }
  return { everyone, authenticated, agents, groups: [...groups.values()], authorizations }
}

/**
 * The part of the rules that a web page of this origin may use (Web Origin Authorization): what the public has, and the
 * authorizations that name the origin themselves.
 */
export function rulesForOrigin(rules: Rules, origin: string): Rules {
  return rulesOf(rules.authorizations.filter((one) => one.everyone || one.origins.includes(origin)))
}

/** Of a text that outlives its ACL. */
const maxTextChars = 16 * KiB

/** Beyond 16 KiB nobody has anything: whoever is not named is not told. */
export function textOf({ authorizations }: Rules): string {
  let chars = 0
  for (const { agents, groups, origins } of authorizations) {
    for (const one of [...agents, ...origins]) chars += one.length
    for (const { iri, document } of groups) chars += iri.length + document.length
  }
  return chars > maxTextChars ? '[]' : JSON.stringify(authorizations)
}

export function rulesIn(text: string): Rules {
  return rulesOf(JSON.parse(text) as readonly Authorization[])
}
