// xpod account show ACCOUNT: all there is to say about one account.

import type { AccountReport } from '../../center/account-administration.ts'
import type { Invocation } from '../invocation.ts'
import type { Texts } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function showAccount(call: Invocation): Promise<number> {
  await using accounts = await openAccounts(call)
  await printAccount(call, await accounts.show({ account: call.args[0]! }))
  return 0
}

export async function printAccount({ out, texts, flags }: Invocation, account: AccountReport): Promise<void> {
  if (flags.json === true) return out.json(account)
  await out.table(accountLines(texts, account), { head: ['', ''], showHead: false, wide: true })
}

function accountLines(texts: Texts, account: AccountReport): string[][] {
  const logins = account.logins.map(({ kind, email, name, usable }) => {
    const words = [kind, email ?? name ?? '', usable ? '' : texts.loginWaits]
    return words.filter((word) => word !== '').join(' ')
  })
  return [
    [texts.columnName, account.name ?? account.id],
    [texts.columnState, account.state],
    [texts.columnDeleteAt, account.deleteAt ?? ''],
    [texts.columnLogins, logins.join(', ')],
    [texts.columnWebIds, account.webIds.join(' ')],
    [texts.columnPods, account.pods.map(({ base }) => base).join(' ')],
    [texts.columnCredentials, String(account.credentials)],
    [texts.columnSessions, String(account.sessions)],
    [texts.columnRecovery, String(account.recoveryCodesLeft)],
    [texts.columnCreated, account.created],
  ].filter(([, value]) => value !== '') as string[][]
}
