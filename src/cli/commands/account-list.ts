// xpod account list: every account by its age.

import { type AccountSummary, maxAccountsAPage } from '../../center/account-administration.ts'
import type { Invocation } from '../invocation.ts'
import { openAccounts } from './center-options.ts'

export async function listAccounts(call: Invocation): Promise<number> {
  const { out, texts, flags } = call
  await using accounts = await openAccounts(call)
  const all: AccountSummary[] = []
  for (;;) {
    const page = await accounts.list({ after: all.at(-1)?.id, limit: maxAccountsAPage })
    all.push(...page)
    if (page.length < maxAccountsAPage) break
  }
  if (flags.json === true) out.json(all)
  else if (all.length === 0) out.complain(texts.noAccounts)
  else {
    const rows = all.map(({ id, name, state, emails, pods, webIds, created }) => [
      name ?? id,
      state,
      emails.join(' '),
      pods.map((pod) => pod.name).join(' '),
      webIds.join(' '),
      created,
    ])
    const { columnName, columnState, columnEmail, columnPods, columnWebIds, columnCreated } = texts
    await out.table(rows, {
      head: [columnName, columnState, columnEmail, columnPods, columnWebIds, columnCreated],
      showHead: flags['no-header'] !== true,
      wide: flags.wide === true,
    })
  }
  return 0
}
