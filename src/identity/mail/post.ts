// Mail made of its parts: what to write, to whom, the queue, and the way to the SMTP server. Nothing of it is opened or
// loaded before the first letter.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import type { Account, AccountId, Accounts } from '../account/accounts.ts'
import { type LetterKind, writeLetter } from './letters.ts'
import type { Mail } from './mail.ts'
import { createQueue, type Letter } from './queue.ts'
import { createSmtp } from './smtp.ts'

/** Reset letters to one account: no more than there are links that work at once, so nobody can fill a mailbox. */
const resets = { most: 3, withinMs: 60 * 60_000, maxAccounts: 10_000 }

export interface MailOptions {
  /** smtp:// or smtps://, with user and password where the server asks for them. */
  readonly smtpUrl: string
  /** Undefined: xpod at the host of the base URL. */
  readonly from: string | undefined
  readonly baseUrl: string
  /** Of the page where the new password is chosen. */
  readonly resetUrl: (token: string) => string
  readonly accounts: Pick<Accounts, 'get' | 'find' | 'logins' | 'createReset'>
  readonly clock: Clock
  readonly log: Log
}

export function openMail(options: MailOptions): Mail & AsyncDisposable {
  const { accounts, baseUrl, clock, log, resetUrl } = options
  const from = options.from ?? `xpod@${new URL(baseUrl).hostname}`
  const queue = createQueue({ clock, log, deliver: createSmtp({ url: options.smtpUrl, from }) })

  const sent = new ExpiringCache<{ readonly count: number; readonly endsMs: number }>({
    clock,
    maxEntries: resets.maxAccounts,
    maxWeight: resets.maxAccounts,
    weigh: () => 1,
  })

  function mayReset(id: AccountId): boolean {
    const nowMs = clock.monotonicMs()
    const { count, endsMs } = sent.get(id) ?? { count: 0, endsMs: nowMs + resets.withinMs }
    if (count >= resets.most) {
      log.warn('mail.limited', { kind: 'reset', account: id })
      return false
    }
    sent.set(id, { count: count + 1, endsMs }, endsMs - nowMs)
    return true
  }

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
        const account = await accounts.find(login)
        if (account !== undefined && !mayReset(account.id)) return []
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
