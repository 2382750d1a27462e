// What a person decides while an app waits for a login: with which WebID, whether to let the app in, or not at all. The
// provider checks again that who decides is who chose the WebID.

import { XpodError } from '../../base/errors.ts'
import type { Interaction, Member as Chooser } from '../provider/contract.ts'
import { requireUsable } from './log-in.ts'
import type { IdentityParts, Member, Visitor } from './parts.ts'
import { requireUsableWebId } from './web-ids.ts'

/** Where the browser goes on. */
export interface Onward {
  readonly location: string
}

/** Whether somebody is logged in as the app wants it: some apps want a log-in that is newer than their asking. */
export function isLoggedInFor({ session }: Visitor, { mustLogIn, startedMs }: Interaction): boolean {
  return session !== undefined && (!mustLogIn || session.createdMs >= startedMs)
}

/** Throws WEBID_UNKNOWN, INTERACTION_UNKNOWN, LOGIN_AGAIN, ACCOUNT_DELETING, LOGIN_LAST. */
export async function chooseWebId(
  parts: IdentityParts,
  who: Member,
  interaction: Interaction,
  { webId, remember }: { readonly webId: string; readonly remember: boolean },
): Promise<Onward> {
  if (!isLoggedInFor(who, interaction)) throw new XpodError('LOGIN_AGAIN')
  await requireUsable(parts, who)
  await requireUsableWebId(parts, who, webId)
  return parts.provider.finish(interaction, { kind: 'webId', who: chooser(who), webId, remember })
}

/** Without `remember` the app gets no refresh token. Throws INTERACTION_UNKNOWN, WEBID_UNKNOWN, ACCOUNT_DELETING, LOGIN_LAST. */
export async function consent(
  parts: IdentityParts,
  who: Member,
  interaction: Interaction,
  { remember }: { readonly remember: boolean },
): Promise<Onward> {
  await requireUsable(parts, who)
  if (interaction.webId !== undefined) await requireUsableWebId(parts, who, interaction.webId)
  return parts.provider.finish(interaction, { kind: 'consent', who: chooser(who), remember })
}

/** Asks again for a WebID. Throws INTERACTION_UNKNOWN. */
export function forgetWebId(parts: IdentityParts, interaction: Interaction): Promise<Onward> {
  return parts.provider.finish(interaction, { kind: 'forgetWebId' })
}

/** The app is told that access was denied. Throws INTERACTION_UNKNOWN. */
export function cancel(parts: IdentityParts, interaction: Interaction): Promise<Onward> {
  return parts.provider.finish(interaction, { kind: 'cancel' })
}

/** Throws INTERACTION_UNKNOWN. */
export function requireInteraction(interaction: Interaction | undefined): Interaction {
  if (interaction === undefined) throw new XpodError('INTERACTION_UNKNOWN')
  return interaction
}

function chooser({ account, session }: Member): Chooser {
  return { account: account.id, session: session.id }
}
