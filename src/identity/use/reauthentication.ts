// Asking again before something grave: with the password of the account, or, where it has none, by a log-in of a few minutes
// ago. Tries are counted per session, so that whoever finds a browser open cannot try passwords without end.
//
// Ways to log in are added and removed by whoever logged in a few minutes ago, with whatever they have: a passkey that was
// put there through an open browser would outlive every change of the password.

import { XpodError } from '../../base/errors.ts'
import type { Session } from '../account/accounts.ts'
import type { IdentityParts, Member } from './parts.ts'

const freshMs = 10 * 60_000

export type Ask = 'password' | 'session' | 'logIn'

/** What has to be asked now. */
export async function askOf(parts: IdentityParts, { account, session }: Member): Promise<Ask> {
  const logins = await parts.accounts.logins(account.id)
  if (logins.some(({ kind, isUsable }) => kind === 'password' && isUsable)) return 'password'
  return isFresh(parts, session) ? 'session' : 'logIn'
}

/** The first way to log in of a new account is nobody's to steal. */
export async function askOfWaysIn(parts: IdentityParts, { account, session }: Member): Promise<Ask> {
  if (isFresh(parts, session)) return 'session'
  return (await parts.accounts.logins(account.id)).length === 0 ? 'session' : 'logIn'
}

/** Throws LOGIN_AGAIN. */
export async function requireFreshLogIn(parts: IdentityParts, who: Member): Promise<void> {
  if ((await askOfWaysIn(parts, who)) === 'logIn') throw new XpodError('LOGIN_AGAIN')
}

function isFresh({ clock }: IdentityParts, session: Session): boolean {
  return clock.nowMs() - session.createdMs < freshMs
}

/** Throws PASSWORD_WRONG, LOGIN_AGAIN, TOO_MANY_ATTEMPTS, OVERLOADED. */
export async function reauthenticate(parts: IdentityParts, who: Member, password: string): Promise<void> {
  const ask = await askOf(parts, who)
  if (ask === 'logIn') throw new XpodError('LOGIN_AGAIN')
  if (ask === 'session') return
  await withTries(parts, who, async () => {
    if (!(await parts.accounts.checkPassword(who.account.id, password))) throw new XpodError('PASSWORD_WRONG')
  })
}

/** Counts one try of this session, and forgives it when `judge` does not throw. */
export async function withTries(parts: IdentityParts, who: Member, judge: () => Promise<void>): Promise<void> {
  const attempt = { login: who.account.id, address: who.address, device: who.session.id }
  parts.throttle.admit(attempt)
  await judge()
  parts.throttle.forgive(attempt)
}
