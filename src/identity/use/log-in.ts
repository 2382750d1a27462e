// Logging in and out. Throttling is asked before any hashing; an unknown login costs as much as a wrong password and is
// answered with the same words, so neither text nor time tells who has an account (rule 16). Each login makes a session of
// its own, so a token that somebody planted opens nothing (session fixation).

import { XpodError } from '../../base/errors.ts'
import type { Account, Session } from '../account/accounts.ts'
import type { Attempt } from '../throttle.ts'
import type { Device, IdentityParts, Member, Visitor } from './parts.ts'

export interface LoggedIn {
  readonly account: Account
  readonly session: Session
  /** The secret of the session: for the cookie, and for `Authorization: CSS-Account-Token`. */
  readonly token: string
  readonly device: Device
}

/** Accounts that one device is known to have logged in to. */
const maxAccountsOfDevice = 8

/** By e-mail address, name or WebID. Throws LOGIN_FAILED, ACCOUNT_DISABLED, TOO_MANY_ATTEMPTS, OVERLOADED. */
export async function logIn(
  parts: IdentityParts,
  who: Visitor,
  input: { readonly login: string; readonly password: string; readonly remember: boolean },
): Promise<LoggedIn> {
  const attempt = await attemptOf(parts, who, input.login)
  parts.throttle.admit(attempt)
  const account = await parts.accounts.verifyPassword(input.login, input.password)
  if (account === undefined) throw new XpodError('LOGIN_FAILED')
  parts.throttle.forgive(attempt)
  return openSession(parts, who, { account, remember: input.remember })
}

/**
 * By the login as typed, whether it is anybody's or not: counting by account would tell that two logins are one account.
 * A device that logged in to this very account before has tries of its own, so nobody can lock it out.
 */
export async function attemptOf(parts: IdentityParts, who: Visitor, login: string): Promise<Attempt> {
  const account = await parts.accounts.find(login)
  const isKnown = account !== undefined && who.device?.accounts.includes(account.id) === true
  return { login, address: who.address, ...(isKnown ? { device: who.device!.id } : {}) }
}

/** For somebody who has proved who they are. Throws ACCOUNT_DISABLED. */
export async function openSession(
  parts: IdentityParts,
  who: Visitor,
  { account, remember }: { readonly account: Account; readonly remember: boolean },
): Promise<LoggedIn> {
  if (account.state === 'disabled') throw new XpodError('ACCOUNT_DISABLED')
  const { userAgent, address } = who
  const opened = await parts.accounts.openSession(account.id, { remember, userAgent, address })
  // The same person logging in again keeps the apps that the session before let in.
  if (who.session !== undefined && who.session.account !== account.id) await parts.accounts.endSession(who.session.id)
  const accounts = [account.id, ...(who.device?.accounts ?? []).filter((id) => id !== account.id)]
  const device = { id: who.device?.id ?? parts.random.uuid(), accounts: accounts.slice(0, maxAccountsOfDevice) }
  return { account, ...opened, device }
}

/** Ends the session and the apps that were let in from it. */
export async function logOut(parts: IdentityParts, { session }: Visitor): Promise<void> {
  if (session !== undefined) await parts.accounts.endSession(session.id)
}

/** The account may be used, not only looked at. Throws ACCOUNT_DELETING, LOGIN_LAST as long as it has no way to log in. */
export async function requireUsable(parts: IdentityParts, { account }: Member): Promise<void> {
  if (account.state === 'deleting') throw new XpodError('ACCOUNT_DELETING')
  const logins = await parts.accounts.logins(account.id)
  if (!logins.some(({ isUsable }) => isUsable)) throw new XpodError('LOGIN_LAST')
}
