// Writes the ACLs that tests need, in the form that Solid clients write them: one Authorization per subject and place.
// Grants are compact: `{ who: 'public', modes: 'RA', on: 'default' }`. The owner has all modes unless a test says not.

import { type Client, must } from './solid-client.ts'

export type Who = 'public' | 'authenticated' | { readonly agent: string } | { readonly group: string }

export interface Grant {
  readonly who: Who
  /** Any of R, W, A, C. */
  readonly modes: string
  /** accessTo: the resource itself. default: what is below it. Both when absent. */
  readonly on?: 'accessTo' | 'default'
}

const modeNames: Readonly<Record<string, string>> = { R: 'Read', W: 'Write', A: 'Append', C: 'Control' }

function subjectOf(who: Who): string {
  if (who === 'public') return 'acl:agentClass foaf:Agent'
  if (who === 'authenticated') return 'acl:agentClass acl:AuthenticatedAgent'
  return 'agent' in who ? `acl:agent <${who.agent}>` : `acl:agentGroup <${who.group}>`
}

/** The Turtle of an ACL for `subject`. Without `owner` nobody but the grants has anything. */
export function aclFor(subject: string, grants: readonly Grant[], owner?: string): string {
  const all: Grant[] = owner === undefined ? [...grants] : [{ who: { agent: owner }, modes: 'RWC' }, ...grants]
  const rules = all
    .filter((grant) => grant.modes !== '')
    .map((grant, index) => {
      const places = grant.on === undefined ? ['accessTo', 'default'] : [grant.on]
      const objects = places
        .filter((place) => place !== 'default' || subject.endsWith('/'))
        .map((place) => `acl:${place} <${subject}>`)
      const modes = grant.modes
        .split('')
        .map((letter) => `acl:${modeNames[letter]}`)
        .join(', ')
      return `<#rule${index}> a acl:Authorization; ${subjectOf(grant.who)}; ${objects.join('; ')}; acl:mode ${modes}.`
    })
  return [
    '@prefix acl: <http://www.w3.org/ns/auth/acl#>.',
    '@prefix foaf: <http://xmlns.com/foaf/0.1/>.',
    ...rules,
    '',
  ].join('\n')
}

/** Puts an ACL on a resource, keeping the owner's rights. */
export async function protect(owner: Client, subject: string, ...grants: readonly Grant[]): Promise<void> {
  must(await owner.put(`${subject}.acl`, 'text/turtle', aclFor(subject, grants, owner.webId)))
}
