// xpod account delete ACCOUNT: shows what will be gone, asks on a terminal, needs --yes elsewhere. At once: the time to
// think it over is for owners who delete their account themselves.

import type { AccountReport } from '../../center/account-administration.ts'
import { XpodError } from '../../base/errors.ts'
import type { Invocation } from '../invocation.ts'
import { fill, type Texts } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function deleteAccount(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const keepPods = flags['keep-pods'] === true
  await using accounts = await openAccounts(call)
  const account = await accounts.show({ account: args[0]! })
  const name = account.name ?? account.emails[0] ?? account.id
  const warning = warningOf(texts, { account, name, keepPods })
  if (flags['dry-run'] === true) {
    if (flags.json === true) out.json({ ...account, deleted: false })
    else out.print(warning)
    return 0
  }
  if (flags.yes !== true) {
    out.complain(warning)
    const answer = await out.ask(fill(texts.typeAccount, { name }))
    if (answer === undefined) throw new XpodError('CONFIRMATION_NEEDED')
    if (answer.trim() !== name) {
      out.complain(texts.nothingDone)
      return 1
    }
  }
  await accounts.delete({ account: account.id, keepPods })
  if (flags.json === true) out.json({ ...account, deleted: true })
  else out.print(fill(texts.accountDeleted, { name }))
  return 0
}

interface Planned {
  readonly account: AccountReport
  readonly name: string
  readonly keepPods: boolean
}

function warningOf(texts: Texts, { account, name, keepPods }: Planned): string {
  const pods = account.pods.map(({ base }) => base).join(' ')
  if (pods === '') return fill(texts.willDeleteAccount, { name })
  return fill(keepPods ? texts.willKeepPods : texts.willDeletePods, { name, pods })
}
