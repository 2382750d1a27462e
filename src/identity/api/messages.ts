// What an error says in an answer of the API: the words of Community Solid Server where it has some, since programs compare
// them, otherwise our own.

import type { XpodError } from '../../base/errors.ts'
import type { ErrorCode } from '../../base/error-codes.ts'

const messages: Partial<Readonly<Record<ErrorCode, string>>> = {
  EMAIL_TAKEN: 'There already is a login for this e-mail address.',
  LOGIN_FAILED: 'Invalid email/password combination.',
  LOGIN_LAST: 'An account needs at least 1 login method.',
  POD_EXISTS: 'Pod creation failed: There already is a pod with this name.',
  PASSWORD_WRONG: 'Old password is invalid.',
  RESET_INVALID: 'This reset password link is no longer valid.',
  WEBID_UNKNOWN: 'WebID does not belong to this account.',
  OWNER_LAST: 'Unable to remove the last owner of a pod.',
  INTERACTION_UNKNOWN: 'This action can only be performed as part of an OIDC authentication flow.',
}

export function cssMessage(error: XpodError): string {
  return messages[error.code] ?? (error.detail === '' ? error.title : error.detail)
}
