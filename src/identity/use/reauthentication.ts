// Asking again before something grave: with the password of the account, or, where it has none, by a log-in of a few minutes
// ago. Tries are counted per session, so that whoever finds a browser open cannot try passwords without end.

import { XpodError } from '../../base/errors.ts'
import type { IdentityParts, Member } from './parts.ts'

const freshMs = 10 * 60_000

export type Ask = 'password' | 'session' | 'logIn'

/** What has to be asked now. */
export async function askOf(parts: IdentityParts, { account, session }: Member): Promise<Ask> {
  const logins = await parts.accounts.logins(account.id)
  if (logins.some(({ kind, isUsable }) => kind === 'password' && isUsable)) return 'password'
  return parts.clock.nowMs() - session.createdMs < freshMs ? 'session' : 'logIn'
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
