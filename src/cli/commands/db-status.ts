// xpod db status: which database, how safe it keeps what is acknowledged, and whether its tables are up to date.

import { silentLog } from '../../base/log.ts'
import type { DatabaseReport } from '../../center/database/inspection.ts'
import type { Invocation } from '../invocation.ts'
import { fill, type Texts } from '../texts.ts'
import { surround } from './center-options.ts'

export async function showDatabase({ out, texts, flags, loadSettings }: Invocation): Promise<number> {
  const { settings } = loadSettings()
  const { inspectDatabase } = await import('../../center/database/inspection.ts')
  const where = { db: settings.db, dataDir: settings['data-dir'] }
  const report = await inspectDatabase(
    where,
    surround(silentLog, () => {}),
  )
  if (flags.json === true) out.json(report)
  else await out.table(linesOf(report, texts), { head: ['', ''], showHead: false, wide: flags.wide === true })
  return 0
}

function linesOf({ engine, version, address, schema, pending, server }: DatabaseReport, texts: Texts): string[][] {
  const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
  const state = pending.length === 0 ? texts.dbCurrent : fill(texts.dbPending, { count: pending.length })
  return [
    [texts.dbEngine, `${names[engine]} ${version}`],
    [texts.dbAddress, address],
    [texts.dbSchema, `${schema} (${state})`],
    ...(server === undefined
      ? []
      : [
          [texts.dbConnection, `${server.encrypted ? 'TLS' : texts.dbClear}${server.pooled ? texts.dbPooled : ''}`],
          [texts.dbCommit, server.synchronousCommit],
          [texts.dbStandbys, server.synchronousStandbys === '' ? texts.dbNoStandby : server.synchronousStandbys],
          [texts.dbStarted, server.startedAt],
        ]),
  ]
}
