// xpod version: what a bug report needs.

import { migrations } from '../../center/database/migrations.ts'
import type { Invocation } from '../invocation.ts'
import { ownCommit, ownVersion } from '../version.ts'

export async function showVersion({ out, flags }: Invocation): Promise<number> {
  const schema = migrations.at(-1)?.number ?? 0
  if (flags.json === true) {
    const node = process.versions.node
    out.json({
      version: ownVersion(),
      commit: ownCommit(),
      schema,
      node,
      platform: `${process.platform}-${process.arch}`,
    })
  } else out.print(`xpod ${ownVersion()} (${ownCommit()}), schema ${schema}, node ${process.versions.node}`)
  return 0
}
