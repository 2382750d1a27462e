// xpod account disable ACCOUNT: ends its sessions, apps and tokens within seconds; nothing is deleted.

import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function disableAccount(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using accounts = await openAccounts(call)
  const account = await accounts.setState({ account: args[0]!, state: 'disabled' })
  if (flags.json === true) out.json(account)
  else out.print(fill(texts.accountDisabled, { name: account.name ?? account.id }))
  return 0
}
