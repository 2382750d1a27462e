// xpod keys rotate: a new signing key, which logs nobody out: it is published a day before it signs, and the old one stays
// published until its last token has ended.

import type { Invocation } from '../invocation.ts'
import { openAccounts } from './center-options.ts'

export async function rotateKeys(call: Invocation): Promise<number> {
  const { out, texts, flags } = call
  await using accounts = await openAccounts(call)
  const keys = await accounts.rotateKeys({})
  if (flags.json === true) {
    out.json(keys)
    return 0
  }
  const rows = keys.map(({ id, algorithm, signsFrom, publishedUntil }) => [
    id,
    algorithm,
    signsFrom,
    publishedUntil ?? '',
  ])
  await out.table(rows, {
    head: [texts.columnId, texts.columnAlgorithm, texts.columnSignsFrom, texts.columnUntil],
    showHead: true,
    wide: true,
  })
  return 0
}
