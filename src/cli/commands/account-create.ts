// xpod account create NAME: an account with a pod; a link to choose the password, unless a file holds one.

import { readFileSync } from 'node:fs'

import { systemCode, XpodError } from '../../base/errors.ts'
import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { openAccounts } from './center-options.ts'

export async function createAccount(call: Invocation): Promise<number> {
  const { out, texts, flags, args } = call
  const name = args[0]!
  const text = (flag: string): string | undefined => {
    const value = flags[flag]
    return typeof value === 'string' ? value : undefined
  }
  const existingPod = text('existing-pod')
  if (existingPod !== undefined && flags['no-pod'] === true) {
    throw new XpodError('USAGE', '--existing-pod and --no-pod exclude each other')
  }
  const pod = flags['no-pod'] === true || existingPod !== undefined ? undefined : name
  const password = passwordIn(text('password-file'))
  await using accounts = await openAccounts(call)
  const account = await accounts.create({ name, email: text('email'), password, pod, existingPod })
  if (flags.json === true) {
    out.json(account)
    return 0
  }
  out.print(fill(account.resetLink === null ? texts.accountMade : texts.accountWaits, { name: out.style.bold(name) }))
  const lines = [
    [texts.accountLink, account.resetLink ?? ''],
    [texts.accountPod, account.pods.map(({ base }) => base).join(' ')],
    [texts.podWebId, account.webIds.join(' ')],
  ].filter(([, value]) => value !== '')
  await out.table(lines as string[][], { head: ['', ''], showHead: false, wide: true })
  return 0
}

/** The first line: editors end a file with a line feed. */
function passwordIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0]!
  } catch (cause) {
    throw new XpodError('USAGE', `cannot read ${file} (${systemCode(cause) ?? 'unknown'})`, { cause })
  }
}
