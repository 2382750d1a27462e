// xpod credentials create ACCOUNT: what a script logs in with. The secret is shown here and never again.

import type { Invocation } from '../invocation.ts'
import { openAccounts } from './center-options.ts'
import { durationFlag } from './flags.ts'

const standardName = 'cli'

export async function createCredentials(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const name = typeof flags.name === 'string' ? flags.name : standardName
  const webId = typeof flags.webid === 'string' ? flags.webid : undefined
  const lifeMs = durationFlag(flags, 'expires')
  await using accounts = await openAccounts(call)
  const made = await accounts.createCredential({ account: args[0]!, name, webId, lifeMs })
  if (flags.json === true) {
    out.json(made)
    return 0
  }
  const lines = [
    [texts.credentialId, made.id],
    [texts.credentialSecret, made.secret],
    [texts.podWebId, made.webId],
    [texts.credentialExpires, made.expires ?? ''],
  ].filter(([, value]) => value !== '')
  await out.table(lines as string[][], { head: ['', ''], showHead: false, wide: true })
  out.complain(texts.secretNote)
  return 0
}
