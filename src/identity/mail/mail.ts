// The contract of letters to account holders. Every call answers at once and never throws: the account is looked up and the
// letter delivered afterwards, so neither the answer nor its time tells whether there was anybody to write to (rule 16).
// Where no SMTP server is set there is no Mail at all, and an operator hands out reset links (`xpod account reset-link`).

import type { AccountId, Language } from '../account/accounts.ts'

export interface Mail {
  /** `login` as typed: e-mail address, name or WebID. `language` is that of the page, for accounts that chose none. */
  resetLink(login: string, language?: Language): void
  /** To all addresses of the account. */
  passwordChanged(account: AccountId): void
  /** To the address that was left behind: its owner may not have asked for it. */
  emailChanged(account: AccountId, oldEmail: string): void
  /** To all addresses of the account. */
  passkeyAdded(account: AccountId): void
}
