// Where a copy comes from: read only, of the same schema as this program, and with nobody who writes to it. A file is held by
// the lock of its data directory; of a PostgreSQL the beats of its centers tell. What says whether somebody was there between
// two looks is the stamp: each start of a center leaves another one.

import { hash } from 'node:crypto'

import { delay } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import { createMetrics } from '../../../base/metrics.ts'
import type { Side } from '../../../core/db/copy/table.ts'
import type { Row } from '../../../core/db/database.ts'
import { type AppliedMigration, type Dialect, pendingMigrations } from '../../../core/db/migrations.ts'
import { connectPostgres } from '../../../core/db/postgres/open.ts'
import { standardTimeouts, type Timeouts } from '../../../core/db/postgres/session.ts'
import { openSqliteReader } from '../../../core/db/sqlite/read-only.ts'
import type { Surround } from '../../store.ts'
import { migrations } from '../migrations.ts'
import { refuseCopies } from './mark.ts'

export interface Source extends Side, AsyncDisposable {}

/** Counting and comparing go through whole tables. */
export const copyTimeouts: Timeouts = { ...standardTimeouts, statementMs: 600_000, resolveMs: 60_000 }

/** A center beats every 3 s, and leaves its place when it ends. Who has done neither for so long stands still, or is gone. */
const aliveMs = 15_000
const watchMs = 7000

/** Throws what opening it throws, SCHEMA_OLDER, SCHEMA_NEWER, DATABASE_IN_USE, COPY_UNFINISHED. */
export async function openSource(db: string, dataDir: string, parts: Surround): Promise<Source> {
  const source = db === 'sqlite:' ? openFile(dataDir) : await openServer(db, parts)
  try {
    await refuseCopies(source.db).catch(ignoreRetired)
    if (source.engine === 'postgres') await requireQuiet(source, parts)
    return source
  } catch (error) {
    await source[Symbol.asyncDispose]()
    throw error
  }
}

/** Of the database as it stands: nobody who starts on it leaves it as it was. */
export async function stampOf({ db }: Side): Promise<string> {
  const nodes = await db.read('SELECT * FROM node ORDER BY id', [])
  const heads = await db.read('SELECT count(*) AS pods, sum(seq) AS seqs FROM pod_head', [])
  return hash('sha256', JSON.stringify([nodes, heads], plain), 'hex')
}

/** The greatest number that was given to a row, deleted ones included; 0 for none. */
export async function lastNumber({ engine, db }: Side, table: string, column: string): Promise<number> {
  const [row] =
    engine === 'sqlite'
      ? await db.read<Row & { last: number }>('SELECT seq AS last FROM sqlite_sequence WHERE name = ?', [table])
      : await db.read<Row & { last: number }>(
          `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM ${table}_${column}_seq`,
          [],
        )
  return row?.last ?? 0
}

function openFile(dataDir: string): Source {
  const file = openSqliteReader(dataDir)
  requireCurrent(file.applied, 'sql')
  return { engine: 'sqlite', db: file, [Symbol.asyncDispose]: () => file[Symbol.asyncDispose]() }
}

async function openServer(url: string, parts: Surround): Promise<Source> {
  const own = { ...parts, metrics: createMetrics(), url, poolSize: 1, timeouts: copyTimeouts, startWithinMs: 0 }
  const db = await connectPostgres(own)
  try {
    requireCurrent((await db.status()).applied, 'postgres')
    return { engine: 'postgres', db, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
  } catch (error) {
    await db[Symbol.asyncDispose]()
    throw error
  }
}

function requireCurrent(applied: readonly AppliedMigration[], dialect: Dialect): void {
  const [pending] = pendingMigrations(applied, migrations, dialect)
  if (pending === undefined) return
  throw new XpodError(
    'SCHEMA_OLDER',
    applied.length === 0 ? 'it has no tables' : `it lacks migration ${pending.number}`,
  )
}

/** Copying once more from a source that was put out of use is no harm. */
function ignoreRetired(error: unknown): void {
  if (!(error instanceof XpodError) || error.code !== 'DATABASE_RETIRED') throw error
}

async function requireQuiet(source: Side, { clock }: Surround): Promise<void> {
  const query = `SELECT id FROM node WHERE place <> '' AND beat_at > clock_timestamp() - make_interval(secs => ?)
    ORDER BY id LIMIT 1`
  const [recent] = await source.db.read<Row & { id: string }>(query, [aliveMs / 1000])
  if (recent === undefined) return
  const before = await stampOf(source)
  await delay(clock, watchMs)
  if ((await stampOf(source)) !== before) throw new XpodError('DATABASE_IN_USE', `node ${recent.id} runs on it`)
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
