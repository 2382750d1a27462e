// xpod account invite: a link to sign up with, for servers where not everybody may.

import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openAccounts } from './center-options.ts'
import { countFlag, durationFlag } from './flags.ts'

const dayMs = 24 * 60 * 60_000
const standardLifeMs = 7 * dayMs

export async function invite(call: Invocation): Promise<number> {
  const { out, texts, flags } = call
  const uses = countFlag(flags, 'uses') ?? 1
  const lifeMs = durationFlag(flags, 'expires') ?? standardLifeMs
  await using accounts = await openAccounts(call)
  const made = await accounts.invite({ uses, lifeMs })
  if (flags.json === true) out.json(made)
  else {
    out.print(made.link)
    out.complain(fill(texts.inviteNote, { uses: made.uses, expires: made.expires, id: made.id }))
  }
  return 0
}
