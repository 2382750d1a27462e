// What the pages ask of a new password: length, and not a word that stands beside it in the form. Programs that call the API
// choose for themselves, as with Community Solid Server.

import { XpodError } from '../../../base/errors.ts'

export const minPasswordLength = 8

/** Throws PASSWORD_INVALID. */
export function requireGoodPassword(password: string, words: readonly string[]): void {
  if (Array.from(password).length < minPasswordLength) {
    throw new XpodError('PASSWORD_INVALID', `at least ${minPasswordLength} characters`)
  }
  if (words.some((word) => word !== '' && word.toLowerCase() === password.toLowerCase())) {
    throw new XpodError('PASSWORD_INVALID', 'it stands beside it')
  }
}
