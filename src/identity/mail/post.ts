// Mail made of its parts: what to write, to whom, the queue, and the way to the SMTP server. Nothing of it is opened or
// loaded before the first letter.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Account, AccountId, Accounts } from '../account/accounts.ts'
import { type LetterKind, writeLetter } from './letters.ts'
import type { Mail } from './mail.ts'
import { createQueue, type Letter } from './queue.ts'
import { createSmtp } from './smtp.ts'

export interface MailOptions {
  /** smtp:// or smtps://, with user and password where the server asks for them. */
  readonly smtpUrl: string
  /** Undefined: xpod at the host of the base URL. */
  readonly from: string | undefined
  readonly baseUrl: string
  /** Of the page where the new password is chosen. */
  readonly resetUrl: (token: string) => string
  readonly accounts: Pick<Accounts, 'get' | 'logins' | 'createReset'>
  readonly clock: Clock
  readonly log: Log
}

export function openMail(options: MailOptions): Mail & AsyncDisposable {
  const { accounts, baseUrl, clock, log, resetUrl } = options
  const from = options.from ?? `xpod@${new URL(baseUrl).hostname}`
  const queue = createQueue({ clock, log, deliver: createSmtp({ url: options.smtpUrl, from }) })

  function letter(kind: LetterKind, account: Account, to: string): Letter {
    return { to, ...writeLetter(kind, account.language ?? 'en', { baseUrl, atMs: clock.nowMs() }) }
  }

  async function notices(kind: LetterKind, id: AccountId): Promise<Letter[]> {
    const account = await accounts.get(id)
    if (account === undefined) return []
    const emails = (await accounts.logins(id)).flatMap((login) => login.email ?? [])
    return [...new Set(emails)].map((email) => letter(kind, account, email))
  }

  return {
    resetLink(login, language) {
      const write = async (): Promise<Letter[]> => {
        const reset = await accounts.createReset(login)
        if (reset?.email === undefined) return []
        const values = { baseUrl, atMs: clock.nowMs(), link: resetUrl(reset.token) }
        return [{ to: reset.email, ...writeLetter('reset', reset.account.language ?? language ?? 'en', values) }]
      }
      queue.add({ kind: 'reset', write })
    },
    passwordChanged: (id) => queue.add({ kind: 'passwordChanged', write: () => notices('passwordChanged', id) }),
    passkeyAdded: (id) => queue.add({ kind: 'passkeyAdded', write: () => notices('passkeyAdded', id) }),
    emailChanged(id, oldEmail) {
      const write = async (): Promise<Letter[]> => {
        const account = await accounts.get(id)
        return account === undefined ? [] : [letter('emailChanged', account, oldEmail)]
      }
      queue.add({ kind: 'emailChanged', write })
    },
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
  }
}
