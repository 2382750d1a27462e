// Ways back in without the password: a link by letter, and codes on paper. Asking for a link says the same and takes the same
// time whoever is asked for (rule 16): the letter is looked up and written after the answer.

import { XpodError } from '../../base/errors.ts'
import type { Account } from '../account/accounts.ts'
import { attemptOf } from './log-in.ts'
import type { IdentityParts, Member, Visitor } from './parts.ts'
import { reauthenticate } from './reauthentication.ts'

/** Throws MAIL_OFF, TOO_MANY_ATTEMPTS; never whether there is such an account. */
export function requestReset(parts: IdentityParts, who: Visitor, { login }: { readonly login: string }): void {
  parts.throttle.take('reset', who.address)
  if (parts.mail === undefined) throw new XpodError('MAIL_OFF')
  parts.mail.resetLink(login, who.language)
}

/** Ends all sessions. Throws RESET_INVALID, PASSWORD_INVALID, OVERLOADED. */
export async function resetPassword(
  parts: IdentityParts,
  input: { readonly recordId: string; readonly password: string },
): Promise<Account> {
  const account = await parts.accounts.useReset(input.recordId, input.password)
  parts.mail?.passwordChanged(account.id)
  return account
}

/** A recovery code becomes a reset token. Throws LOGIN_FAILED, TOO_MANY_ATTEMPTS. */
export async function recover(
  parts: IdentityParts,
  who: Visitor,
  input: { readonly login: string; readonly code: string },
): Promise<{ readonly recordId: string }> {
  const attempt = await attemptOf(parts, who, input.login)
  parts.throttle.admit(attempt)
  const account = await parts.accounts.useRecoveryCode(input.login, input.code)
  const reset = account === undefined ? undefined : await parts.accounts.createReset(input.login)
  if (reset === undefined) throw new XpodError('LOGIN_FAILED')
  parts.throttle.forgive(attempt)
  return { recordId: reset.token }
}

/** Ten new ones, shown once; those before stop working. Throws as reauthenticate. */
export async function createRecoveryCodes(
  parts: IdentityParts,
  who: Member,
  { password }: { readonly password: string },
): Promise<readonly string[]> {
  await reauthenticate(parts, who, password)
  return parts.accounts.recoveryCodes(who.account.id)
}
