// The database of a data directory, to be read and left as it is: the file is opened without the right to write, and closing
// it folds nothing in. Whoever opens it holds the directory, so nobody else writes meanwhile.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

import { XpodError } from '../../../base/errors.ts'
import type { Database, Row, SqlValue } from '../database.ts'
import type { AppliedMigration } from '../migrations.ts'
import { openReadOnlyConnection, statementCache } from './connection.ts'

export interface SqliteReader extends Pick<Database, 'read'>, AsyncDisposable {
  /** Empty where the file was only just made. */
  readonly applied: readonly AppliedMigration[]
}

/** Throws DATA_DIR_UNUSABLE where there is no database. */
export function requireSqlite(dir: string): string {
  const path = resolve(dir, 'xpod.db')
  if (existsSync(path)) return path
  throw new XpodError('DATA_DIR_UNUSABLE', `there is no xpod data in ${resolve(dir)}`)
}

/** Throws DATA_DIR_UNUSABLE. */
export function openSqliteReader(dir: string): SqliteReader {
  const path = requireSqlite(dir)
  const db = openReadOnlyConnection(path, { cacheKiB: 8192, timeoutMs: 5000 })
  const prepare = statementCache(db)
  const all = <T extends Row>(query: string, args: readonly SqlValue[]): T[] => prepare(query).all(...args) as T[]
  const isMade = all("SELECT 1 AS one FROM sqlite_schema WHERE name = 'migration'", []).length > 0
  const applied = isMade ? all('SELECT number, checksum FROM migration ORDER BY number', []) : []
  return {
    applied: applied as unknown as AppliedMigration[],
    read: async (query, args) => all(query, args),
    [Symbol.asyncDispose]: async () => void db.close(),
  }
}
