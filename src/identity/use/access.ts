// What has access in a person's name, and taking it back: credentials of scripts, connected apps, sessions. What is taken
// back ends within seconds everywhere (rule 9); that is the accounts' and the provider's part.

import { hash } from 'node:crypto'

import { XpodError } from '../../base/errors.ts'
import type { Credential, Session } from '../account/accounts.ts'
import type { ConnectedApp } from '../provider/contract.ts'
import { requireUsable } from './log-in.ts'
import type { IdentityParts, Member } from './parts.ts'

/** One app with all that was granted to it. */
export interface App {
  /** Names the app in addresses: its own id may be a long URL. */
  readonly key: string
  readonly client: ConnectedApp['client']
  readonly webIds: readonly string[]
  /** Of the first grant. */
  readonly createdMs: number
  readonly isOffline: boolean
}

const maxExpiresMs = 10 * 365 * 24 * 60 * 60_000

/** Throws WEBID_UNKNOWN, NAME_INVALID, ACCOUNT_FULL, EXPIRY_INVALID, LOGIN_LAST, ACCOUNT_DELETING. */
export async function createCredential(
  parts: IdentityParts,
  who: Member,
  wish: { readonly name: string; readonly webId: string; readonly expiresMs?: number | undefined },
): Promise<{ readonly id: string; readonly secret: string; readonly credential: Credential }> {
  await requireUsable(parts, who)
  const { name, webId, expiresMs } = wish
  const nowMs = parts.clock.nowMs()
  if (expiresMs !== undefined && (expiresMs <= nowMs || expiresMs > nowMs + maxExpiresMs)) {
    throw new XpodError('EXPIRY_INVALID')
  }
  const wanted = { name, webId, ...(expiresMs === undefined ? {} : { expiresMs }) }
  return parts.accounts.createCredential(who.account.id, wanted)
}

/** Throws CREDENTIAL_UNKNOWN. */
export async function findCredential(parts: IdentityParts, { account }: Member, id: string): Promise<Credential> {
  const found = (await parts.accounts.credentials(account.id)).find((credential) => credential.id === id)
  if (found === undefined) throw new XpodError('CREDENTIAL_UNKNOWN')
  return found
}

/** Throws CREDENTIAL_UNKNOWN. */
export async function revokeCredential(
  parts: IdentityParts,
  { account }: Member,
  { id }: { readonly id: string },
): Promise<void> {
  await parts.accounts.deleteCredential(account.id, id)
}

export async function listApps(parts: IdentityParts, { account }: Member): Promise<readonly App[]> {
  const byClient = new Map<string, ConnectedApp[]>()
  for (const grant of await parts.provider.apps(account.id)) {
    const grants = byClient.get(grant.client.id)
    if (grants === undefined) byClient.set(grant.client.id, [grant])
    else grants.push(grant)
  }
  return [...byClient].map(([id, grants]) => ({
    key: hash('sha256', id, 'base64url').slice(0, 22),
    client: grants[0]!.client,
    webIds: [...new Set(grants.map(({ webId }) => webId))],
    createdMs: Math.min(...grants.map(({ createdMs }) => createdMs)),
    isOffline: grants.some(({ isOffline }) => isOffline),
  }))
}

/** Throws APP_UNKNOWN. */
export async function revokeApp(parts: IdentityParts, who: Member, { key }: { readonly key: string }): Promise<void> {
  const app = (await listApps(parts, who)).find((known) => known.key === key)
  if (app === undefined) throw new XpodError('APP_UNKNOWN')
  await parts.provider.revokeApp(who.account.id, app.client.id)
}

/** Throws SESSION_UNKNOWN also for somebody else's. */
export async function endSession(
  parts: IdentityParts,
  { account }: Member,
  { id }: { readonly id: string },
): Promise<void> {
  const own: readonly Session[] = await parts.accounts.sessions(account.id)
  if (!own.some((session) => session.id === id)) throw new XpodError('SESSION_UNKNOWN')
  await parts.accounts.endSession(id)
}

export async function endOtherSessions(parts: IdentityParts, { account, session }: Member): Promise<void> {
  await parts.accounts.endOthers(account.id, session.id)
}
