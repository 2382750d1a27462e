// xpod account enable ACCOUNT: lets it log in again, also when its owner had asked for its deletion.

import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function enableAccount(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using accounts = await openAccounts(call)
  const account = await accounts.setState({ account: args[0]!, state: 'open' })
  if (flags.json === true) out.json(account)
  else out.print(fill(texts.accountEnabled, { name: account.name ?? account.id }))
  return 0
}
