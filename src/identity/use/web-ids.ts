// The WebIDs of an account: those of its own pods are linked as they are, any other after its owner has proved it. Unlinking
// takes back what apps and credentials were given for it.

import { XpodError } from '../../base/errors.ts'
import type { WebIdLink } from '../account/accounts.ts'
import { requireWebId } from '../account/fields.ts'
import { requireUsable } from './log-in.ts'
import { requireOwnership } from './ownership.ts'
import type { IdentityParts, Member } from './parts.ts'
import { listPods } from './pods.ts'

/** Throws WEBID_INVALID, WEBID_TAKEN, WEBID_UNPROVEN, LOGIN_LAST, ACCOUNT_DELETING. */
export async function linkWebId(
  parts: IdentityParts,
  who: Member,
  { webId }: { readonly webId: string },
): Promise<WebIdLink> {
  await requireUsable(parts, who)
  requireWebId(webId)
  const { id } = who.account
  const holder = await parts.accounts.accountOfWebId(webId)
  if (holder === id) throw new XpodError('WEBID_TAKEN', `${webId} is already registered to this account.`)
  if (!(await isInOwnPod(parts, who, webId))) await requireOwnership(parts, { account: id, webId })
  return parts.accounts.linkWebId(id, webId)
}

/** By the id of the link. Throws WEBID_UNKNOWN. */
export async function unlinkWebId(
  parts: IdentityParts,
  { account }: Member,
  { linkId }: { readonly linkId: string },
): Promise<void> {
  const link = (await parts.accounts.webIds(account.id)).find(({ id }) => id === linkId)
  if (link === undefined) throw new XpodError('WEBID_UNKNOWN')
  await parts.accounts.unlinkWebId(account.id, link.webId)
  await parts.provider.revokeWebId(account.id, link.webId)
}

/** What apps can be given: in a pod that is deleted nobody would find the WebID. */
export async function usableWebIds(parts: IdentityParts, who: Member): Promise<readonly string[]> {
  const links = await parts.accounts.webIds(who.account.id)
  return links.map(({ webId }) => webId).filter((webId) => !parts.isWithdrawnWebId(webId))
}

/** Throws WEBID_UNKNOWN. */
export async function requireUsableWebId(parts: IdentityParts, who: Member, webId: string): Promise<void> {
  if (!(await usableWebIds(parts, who)).includes(webId)) throw new XpodError('WEBID_UNKNOWN')
}

async function isInOwnPod(parts: IdentityParts, who: Member, webId: string): Promise<boolean> {
  const pods = await listPods(parts, who)
  return pods.some(({ base }) => webId.startsWith(base))
}
