// The passwords and e-mail addresses of an account, and its ways to log in. Whoever changes a password or an address has
// shown the old password, and every other session ends: that is what people expect of it who fear somebody else is in.
// Whoever adds or removes a way to log in has logged in a few minutes ago.

import { XpodError } from '../../base/errors.ts'
import type { Login } from '../account/accounts.ts'
import type { IdentityParts, Member } from './parts.ts'
import { reauthenticate, requireFreshLogIn, withTries } from './reauthentication.ts'

export async function passwordLogins(parts: IdentityParts, { account }: Member): Promise<readonly Login[]> {
  const logins = await parts.accounts.logins(account.id)
  return logins.filter(({ kind }) => kind === 'password')
}

/** Gives its id. Throws LOGIN_AGAIN, EMAIL_TAKEN, EMAIL_INVALID, PASSWORD_INVALID, ACCOUNT_FULL, ACCOUNT_DELETING, OVERLOADED. */
export async function addPassword(
  parts: IdentityParts,
  who: Member,
  login: { readonly email: string; readonly password: string },
): Promise<string> {
  if (who.account.state === 'deleting') throw new XpodError('ACCOUNT_DELETING')
  await requireFreshLogIn(parts, who)
  return parts.accounts.addPassword(who.account.id, login)
}

/** Throws PASSWORD_WRONG, PASSWORD_INVALID, LOGIN_UNKNOWN, TOO_MANY_ATTEMPTS, OVERLOADED. */
export async function changePassword(
  parts: IdentityParts,
  who: Member,
  input: { readonly loginId: string; readonly oldPassword: string; readonly newPassword: string },
): Promise<void> {
  const { account, session } = who
  const change = { old: input.oldPassword, new: input.newPassword }
  await withTries(parts, who, () => parts.accounts.changePassword(account.id, input.loginId, change))
  await parts.accounts.endOthers(account.id, session.id)
  parts.mail?.passwordChanged(account.id)
}

/** Of the given password, or the oldest. Throws EMAIL_TAKEN, EMAIL_INVALID, LOGIN_UNKNOWN, and as reauthenticate. */
export async function changeEmail(
  parts: IdentityParts,
  who: Member,
  input: { readonly loginId?: string; readonly email: string; readonly password: string },
): Promise<void> {
  const logins = await passwordLogins(parts, who)
  const login = input.loginId === undefined ? logins[0] : logins.find(({ id }) => id === input.loginId)
  if (login === undefined) throw new XpodError('LOGIN_UNKNOWN')
  await reauthenticate(parts, who, input.password)
  await parts.accounts.changeEmail(who.account.id, login.id, input.email)
  if (login.email !== undefined) parts.mail?.emailChanged(who.account.id, login.email)
}

/** A password or a passkey. Throws LOGIN_AGAIN, LOGIN_UNKNOWN, LOGIN_LAST. */
export async function removeLogin(
  parts: IdentityParts,
  who: Member,
  { loginId, kind }: { readonly loginId: string; readonly kind: Login['kind'] },
): Promise<void> {
  await requireFreshLogIn(parts, who)
  const logins = await parts.accounts.logins(who.account.id)
  if (!logins.some((login) => login.id === loginId && login.kind === kind)) throw new XpodError('LOGIN_UNKNOWN')
  await parts.accounts.removeLogin(who.account.id, loginId)
}
