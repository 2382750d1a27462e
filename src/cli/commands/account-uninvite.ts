// xpod account uninvite ID: its link makes no accounts any more; those that were made with it stay.

import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function uninvite(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const id = args[0]!
  await using accounts = await openAccounts(call)
  await accounts.uninvite({ id })
  if (flags.json === true) out.json({ id, revoked: true })
  else out.print(fill(texts.inviteRevoked, { id }))
  return 0
}
