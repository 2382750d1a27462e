// xpod db migrate: brings the tables up to date before a new version starts, which would do it itself. --dry-run only says
// what is missing.

import { silentLog } from '../../base/log.ts'
import type { Invocation } from '../invocation.ts'
import { fill } from '../texts.ts'
import { surround } from './center-options.ts'

export async function migrateTables({ out, texts, flags, loadSettings }: Invocation): Promise<number> {
  const { settings } = loadSettings()
  const { inspectDatabase, migrateDatabase } = await import('../../center/database/inspection.ts')
  const where = { db: settings.db, dataDir: settings['data-dir'] }
  const parts = surround(silentLog, () => {})
  const { address, schema, pending } = await inspectDatabase(where, parts)
  const isDryRun = flags['dry-run'] === true
  if (!isDryRun && pending.length > 0) await migrateDatabase(where, parts)
  if (flags.json === true) {
    out.json({ address, schema, pending, applied: !isDryRun })
    return 0
  }
  for (const { number, name } of pending) {
    out.print(fill(isDryRun ? texts.dbWouldRun : texts.dbRan, { number, name }))
  }
  if (pending.length === 0) out.print(fill(texts.dbNothingToDo, { schema }))
  return 0
}
