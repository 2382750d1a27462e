// xpod credentials revoke ID: they get no more tokens, and those they have end within seconds.

import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function revokeCredentials(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const id = args[0]!
  const account = typeof flags.account === 'string' ? flags.account : undefined
  await using accounts = await openAccounts(call)
  await accounts.revokeCredential({ id, account })
  if (flags.json === true) out.json({ id, revoked: true })
  else out.print(fill(texts.credentialRevoked, { id }))
  return 0
}
