// Where a copy goes to: a database without rows, or one that an earlier run of the same copy has begun to fill. Looked at
// before anything is changed in it: the tables of a stranger are not even migrated.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { XpodError } from '../../../base/errors.ts'
import { createMetrics } from '../../../base/metrics.ts'
import { quoted, type Side } from '../../../core/db/copy/table.ts'
import type { Database, Row, Step } from '../../../core/db/database.ts'
import { connectPostgres, openPostgres } from '../../../core/db/postgres/open.ts'
import { openSqlite } from '../../../core/db/sqlite/open.ts'
import { openSqliteReader } from '../../../core/db/sqlite/read-only.ts'
import type { Surround } from '../../store.ts'
import { migrations } from '../migrations.ts'
import { markSetting } from './mark.ts'
import { copyTimeouts } from './source.ts'
import { copiedTables } from './tables.ts'

export interface Target extends Side, AsyncDisposable {
  readonly db: Database
}

/** The tables are there and up to date when it resolves. Throws what opening it throws, COPY_TARGET_TAKEN. */
export async function openTarget(db: string, dataDir: string, parts: Surround): Promise<Target> {
  return db === 'sqlite:' ? openFile(dataDir, parts) : openServer(db, parts)
}

/** Throws COPY_TARGET_TAKEN where there is a row of anything. */
export async function requireEmpty({ db }: Side): Promise<void> {
  await requireUnused(db)
  for (const { name } of copiedTables) {
    const rows = await db.read(`SELECT 1 AS one FROM ${quoted(name)} LIMIT 1`, [])
    if (rows.length > 0) throw taken(`its table ${name} has rows`)
  }
}

/** Takes away all that a copy has brought. */
export function clearSteps({ engine }: Side): Step[] {
  const names = copiedTables.map(({ name }) => quoted(name))
  if (engine === 'postgres') return [{ query: `TRUNCATE ${names.join(', ')}`, args: [] }]
  return names.map((name) => ({ query: `DELETE FROM ${name}`, args: [] }))
}

/** The next number of a row will be greater than this. */
export function numberSteps({ engine }: Side, table: { name: string; column: string }, last: number): Step[] {
  if (last === 0) return []
  if (engine === 'postgres') return [{ query: `SELECT setval('${table.name}_${table.column}_seq', ?)`, args: [last] }]
  return [
    { query: 'DELETE FROM sqlite_sequence WHERE name = ?', args: [table.name] },
    { query: 'INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', args: [table.name, last] },
  ]
}

async function openServer(url: string, parts: Surround): Promise<Target> {
  const own = { ...parts, metrics: createMetrics(), url, poolSize: 1, timeouts: copyTimeouts, startWithinMs: 0 }
  {
    await using looking = await connectPostgres(own)
    if ((await looking.status()).applied.length > 0) await requireUnused(looking)
  }
  const db = await openPostgres({ ...own, metrics: createMetrics(), migrations })
  return { engine: 'postgres', db, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

async function openFile(dir: string, parts: Surround): Promise<Target> {
  if (existsSync(join(dir, 'xpod.db'))) {
    await using looking = openSqliteReader(dir)
    if (looking.applied.length > 0) await requireUnused(looking)
  }
  const db = await openSqlite({ ...parts, metrics: createMetrics(), dir, migrations, ballastBytes: 0 })
  return { engine: 'sqlite', db, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

/** Whoever starts on a database leaves settings; a copy leaves its mark with the first of them. */
async function requireUnused(db: Pick<Database, 'read'>): Promise<void> {
  const rows = await db.read<Row & { key: string }>('SELECT key FROM setting ORDER BY key', [])
  const [first] = rows
  if (first !== undefined && !rows.some(({ key }) => key === markSetting)) throw taken('a center has started on it')
}

function taken(detail: string): XpodError {
  return new XpodError('COPY_TARGET_TAKEN', detail)
}
