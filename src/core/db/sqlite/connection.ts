// One place that opens a SQLite file and sets what every connection must have. The build's default for a second connection
// to a WAL file is synchronous=1, so the value is asserted at each open (store rule 20).

import assert from 'node:assert/strict'
import Sqlite from 'better-sqlite3'

import type { SqlValue } from '../database.ts'

export type SqliteConnection = Sqlite.Database

/** A prepared statement, as much of it as users outside this folder need. Rows come as objects, or arrays after raw(). */
export interface SqliteStatement<R = unknown> {
  get(...args: readonly SqlValue[]): R | undefined
  all(...args: readonly SqlValue[]): R[]
  run(...args: readonly SqlValue[]): { readonly changes: number; readonly lastInsertRowid: number | bigint }
}

export interface ConnectionOptions {
  /** Page cache, KiB. */
  readonly cacheKiB: number
  readonly timeoutMs: number
}

/** The one connection that writes; also makes the file. */
export function openWritingConnection(path: string, options: ConnectionOptions): SqliteConnection {
  const db = new Sqlite(path, { timeout: options.timeoutMs })
  // Only counts before the first table is made.
  db.pragma('auto_vacuum = INCREMENTAL')
  assert.equal(db.pragma('journal_mode = WAL', { simple: true }), 'wal')
  setDurable(db, options)
  db.pragma('wal_autocheckpoint = 0')
  db.pragma('foreign_keys = OFF')
  return db
}

/** For reading, and for checkpoints, which query_only allows. */
export function openReadingConnection(path: string, options: ConnectionOptions): SqliteConnection {
  const db = new Sqlite(path, { timeout: options.timeoutMs, fileMustExist: true })
  setDurable(db, options)
  db.pragma('wal_autocheckpoint = 0')
  db.pragma('query_only = ON')
  return db
}

/** For a file that must stay as it is; nothing of the log is folded into it, not even at the end. */
export function openReadOnlyConnection(path: string, options: ConnectionOptions): SqliteConnection {
  const db = new Sqlite(path, { timeout: options.timeoutMs, fileMustExist: true, readonly: true })
  db.pragma(`cache_size = -${options.cacheKiB}`)
  db.pragma('query_only = ON')
  return db
}

function setDurable(db: SqliteConnection, options: ConnectionOptions): void {
  db.pragma('synchronous = FULL')
  assert.equal(db.pragma('synchronous', { simple: true }), 2)
  db.pragma('fullfsync = ON')
  db.pragma('checkpoint_fullfsync = ON')
  db.pragma(`cache_size = -${options.cacheKiB}`)
  db.pragma('temp_store = MEMORY')
}

/** Prepares each text once. The texts are written in the source, so their number is bounded by it; 500 catches a mistake. */
export function statementCache(db: SqliteConnection): (query: string) => SqliteStatement {
  const statements = new Map<string, SqliteStatement>()
  return (query) => {
    let statement = statements.get(query)
    if (statement === undefined) {
      assert(statements.size < 500, 'queries are constants with arguments')
      statements.set(query, (statement = db.prepare(query) as unknown as SqliteStatement))
    }
    return statement
  }
}
