// What a new pod starts with, as a value: the root container and its ACL, and, when no WebID from elsewhere owns it, a
// profile that is the WebID. Everything about the pod itself is written with relative IRIs, so a change of its base costs
// nothing. The owner may do everything; the public may list the root container itself and read the profile, nothing else
// (as Community Solid Server does). Inbox, settings and type indexes are made by the apps that want them.

import { createHash } from 'node:crypto'

import { XpodError } from '../base/errors.ts'
import type { NewPod, Op, StagedBody } from './store/change.ts'
import type { PodId } from './store/resource.ts'

export interface PodWish {
  readonly id: PodId
  readonly name: string
  /** Base URL of the pod with a trailing slash. */
  readonly base: string
  /** The owner; absent: the pod's own profile becomes the WebID. */
  readonly webId?: string
  /** The login provider stated in the profile. */
  readonly issuer: string
  readonly nowMs: number
  readonly quotaBytes?: number
  readonly quotaResources?: number
}

const defaultQuotaBytes = 1e9
const defaultQuotaResources = 100_000
const profilePath = '/profile/card'

export function planPod(wish: PodWish): NewPod {
  checkPodName(wish.name)
  const owner = wish.webId ?? `${wish.base}${profilePath.slice(1)}#me`
  checkWebId(owner)
  return {
    record: {
      id: wish.id,
      name: wish.name,
      base: wish.base,
      aliases: [],
      owners: [owner],
      shownOwners: [],
      quotaBytes: wish.quotaBytes ?? defaultQuotaBytes,
      quotaResources: wish.quotaResources ?? defaultQuotaResources,
      createdMs: wish.nowMs,
    },
    ops: [
      { kind: 'container', path: '/' },
      put('/.acl', rootAcl(wish.webId ?? 'profile/card#me')),
      ...(wish.webId === undefined ? profileOps(wish) : []),
    ],
  }
}

function profileOps(wish: PodWish): Op[] {
  return [put(profilePath, profile(wish)), put(`${profilePath}.acl`, profileAcl)]
}

function put(path: string, turtle: string): Op {
  return { kind: 'put', path, mediaType: 'text/turtle', body: inline(turtle) }
}

function inline(text: string): StagedBody {
  const bytes = Buffer.from(text)
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest(), inline: bytes, blob: undefined }
}

function rootAcl(owner: string): string {
  return `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>.

# The owner may do everything, here and below.
<#owner>
    a acl:Authorization;
    acl:agent <${owner}>;
    acl:accessTo <./>;
    acl:default <./>;
    acl:mode acl:Read, acl:Write, acl:Control.

# Everybody may read this container, but not what is in it.
<#public>
    a acl:Authorization;
    acl:agentClass foaf:Agent;
    acl:accessTo <./>;
    acl:mode acl:Read.
`
}

const profileAcl = `@prefix acl: <http://www.w3.org/ns/auth/acl#>.
@prefix foaf: <http://xmlns.com/foaf/0.1/>.

<#owner>
    a acl:Authorization;
    acl:agent <card#me>;
    acl:accessTo <card>;
    acl:mode acl:Read, acl:Write, acl:Control.

<#public>
    a acl:Authorization;
    acl:agentClass foaf:Agent;
    acl:accessTo <card>;
    acl:mode acl:Read.
`

function profile({ issuer, name }: PodWish): string {
  return `@prefix foaf: <http://xmlns.com/foaf/0.1/>.
@prefix pim: <http://www.w3.org/ns/pim/space#>.
@prefix solid: <http://www.w3.org/ns/solid/terms#>.

<>
    a foaf:PersonalProfileDocument;
    foaf:maker <#me>;
    foaf:primaryTopic <#me>.

<#me>
    a foaf:Person;
    foaf:name "${name}";
    pim:storage <../>;
    solid:oidcIssuer <${issuer}>.
`
}

const podName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * Names that mean something to browsers, mail, certificate authorities, name services or this server when they stand as a
 * host label or first path segment (rule 3).
 */
const reservedNames: ReadonlySet<string> = new Set(
  `abuse account accounts admin administrator api app assets auth autoconfig autodiscover billing blog broadcasthost
  center cluster cdn console dashboard db dev dns docs edge ftp git help hostmaster id idp imap info internal invite
  isatap issuer localdomain localhost login logout mail mailer-daemon metrics mx news noc node nodes nobody noreply
  no-reply ns ns1 ns2 ns3 ns4 oauth oidc pod pods pop pop3 postmaster public register root security settings setup
  signup smtp ssl ssladmin ssladministrator sslwebmaster staging static status support sysadmin system test tls tunnel
  usenet uucp webdav webmail webmaster wpad www xpod`.split(/\s+/),
)

/** Whether a pod may be called so. */
export function isPodName(name: string): boolean {
  return podName.test(name) && !isReservedName(name)
}

function isReservedName(name: string): boolean {
  return name.startsWith('xn--') || reservedNames.has(name)
}

/** Throws POD_NAME_INVALID, POD_NAME_RESERVED. */
export function checkPodName(name: string): void {
  if (!podName.test(name)) throw new XpodError('POD_NAME_INVALID')
  if (isReservedName(name)) throw new XpodError('POD_NAME_RESERVED', `${name} is reserved`)
}

/** Throws USAGE: a WebID goes into Turtle as it is. */
function checkWebId(webId: string): void {
  const isIri = /^https?:\/\/[^\s<>"{}|\\^`]+$/.test(webId) && URL.canParse(webId)
  if (!isIri) throw new XpodError('USAGE', 'the WebID must be an http or https URL')
}
