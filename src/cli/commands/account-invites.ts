// xpod account invites: those that still work, without their codes, which are kept nowhere.

import type { Invocation } from '../invocation.ts'
import { openAccounts } from './center-options.ts'

export async function listInvites(call: Invocation): Promise<number> {
  const { out, texts, flags } = call
  await using accounts = await openAccounts(call)
  const all = await accounts.invites({})
  if (flags.json === true) out.json(all)
  else if (all.length === 0) out.complain(texts.noInvites)
  else {
    const rows = all.map(({ id, uses, created, expires }) => [id, String(uses), created, expires])
    const { columnId, columnUses, columnCreated, columnExpires } = texts
    await out.table(rows, {
      head: [columnId, columnUses, columnCreated, columnExpires],
      showHead: flags['no-header'] !== true,
      wide: flags.wide === true,
    })
  }
  return 0
}
