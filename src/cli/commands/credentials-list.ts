// xpod credentials list ACCOUNT: what its scripts log in with, without the secrets.

import type { Invocation } from '../invocation.ts'
import { openAccounts } from './center-options.ts'

export async function listCredentials(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  await using accounts = await openAccounts(call)
  const all = await accounts.credentials({ account: args[0]! })
  if (flags.json === true) out.json(all)
  else if (all.length === 0) out.complain(texts.noCredentials)
  else {
    const rows = all.map(({ id, name, webId, created, lastUsed, expires }) => [
      id,
      name,
      created,
      lastUsed ?? '',
      expires ?? '',
      webId,
    ])
    const { columnId, columnName, columnCreated, columnLastUsed, columnExpires, columnWebId } = texts
    await out.table(rows, {
      head: [columnId, columnName, columnCreated, columnLastUsed, columnExpires, columnWebId],
      showHead: flags['no-header'] !== true,
      wide: flags.wide === true,
    })
  }
  return 0
}
