// Runs the numbered migrations that the database lacks, each in one transaction with its row. Two that start at once are kept
// apart by an advisory lock of the transaction, which works through a pooler as well. The tables of the engine itself come
// first, in the same way.

import { type AppliedMigration, type Migration, migrationChecksum, pendingMigrations } from '../migrations.ts'
import type { Connection } from './connection.ts'
import { commit } from './session.ts'
import { encodeParameter } from './values.ts'
import { markTable } from './writes.ts'

/** Any number, the same in every version. */
const lockKey = 7_046_029_254_386_353
/** A migration may rewrite tables. */
const maxMs = 60 * 60_000

const bookkeeping = `
CREATE TABLE IF NOT EXISTS migration (
  number bigint PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL
);
CREATE TABLE IF NOT EXISTS setting (
  key text COLLATE "C" PRIMARY KEY,
  value text NOT NULL
);
${markTable};
`

const lock = [
  { text: `SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)`, values: [] },
  { text: 'SELECT pg_advisory_xact_lock($1)', values: [String(lockKey)] },
]

/** Throws SCHEMA_NEWER or SCHEMA_ALTERED before anything is changed. Gives those that it ran. */
export async function migrate(connection: Connection, known: readonly Migration[]): Promise<readonly Migration[]> {
  pendingMigrations(await readApplied(connection), known, 'postgres')
  await locked(connection, () => connection.runScript(bookkeeping, maxMs))
  const ran: Migration[] = []
  for (;;) {
    const migration = await locked(connection, () => runNext(connection, known))
    if (migration === undefined) return ran
    ran.push(migration)
  }
}

/** Nothing when the database is still empty. */
export async function readApplied(connection: Connection): Promise<readonly AppliedMigration[]> {
  const [there] = await connection.run([{ text: "SELECT to_regclass('migration') IS NOT NULL AS it", values: [] }])
  if (there?.rows[0]?.it !== 1) return []
  const [applied] = await connection.run([
    { text: 'SELECT number, checksum FROM migration ORDER BY number', values: [] },
  ])
  return applied!.rows as unknown as AppliedMigration[]
}

async function runNext(connection: Connection, known: readonly Migration[]): Promise<Migration | undefined> {
  const [next] = pendingMigrations(await readApplied(connection), known, 'postgres')
  if (next === undefined) return undefined
  await connection.runScript(next.postgres, maxMs)
  const values = [next.number, next.name, migrationChecksum(next, 'postgres')].map(encodeParameter)
  await connection.run([{ text: 'INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)', values }])
  return next
}

async function locked<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  try {
    await connection.run([...connection.begin, ...lock], maxMs)
    const result = await work()
    await connection.run([commit], maxMs)
    return result
  } catch (error) {
    await connection.rollBack()
    throw error
  }
}
