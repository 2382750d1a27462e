// xpod account reset-link ACCOUNT: a way back in for hosts that send no mail. The link goes to stdout alone.

import type { Invocation } from '../invocation.ts'
import { openAccounts } from './center-options.ts'

export async function printResetLink(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using accounts = await openAccounts(call)
  const reset = await accounts.resetLink({ account: args[0]! })
  if (flags.json === true) out.json(reset)
  else {
    out.print(reset.link)
    out.complain(texts.resetNote)
  }
  return 0
}
