// The database of a data directory, asked behind the back of the server that keeps things there: to look whether its own book is
// right, and to damage a row. SQLite or PostgreSQL, as stores.ts says. Questions are written with question marks for both.

import { join } from 'node:path'

import Sqlite from 'better-sqlite3'
import pg from 'pg'

import { numberPlaceholders } from '../../src/core/db/postgres/values.ts'
import { storesOf } from './stores.ts'

export interface RawDatabase extends AsyncDisposable {
  readonly kind: 'sqlite' | 'postgres'
  /** Rows as the driver gives them. */
  all<Row extends object>(query: string, ...args: readonly unknown[]): Promise<Row[]>
  /** Returns how many rows it changed. */
  change(query: string, ...args: readonly unknown[]): Promise<number>
  /** Names of all tables. */
  tables(): Promise<string[]>
}

export async function openRawDatabase(dataDir: string): Promise<RawDatabase> {
  const { db } = await storesOf(dataDir)
  return db === 'sqlite:' ? rawSqlite(join(dataDir, 'xpod.db')) : rawPostgres(db)
}

/** One question. */
export async function askRaw<Row extends object>(dataDir: string, query: string): Promise<Row[]> {
  await using db = await openRawDatabase(dataDir)
  return await db.all<Row>(query)
}

function rawSqlite(path: string): RawDatabase {
  const db = new Sqlite(path, { fileMustExist: true })
  return {
    kind: 'sqlite',
    all: async <Row extends object>(query: string, ...args: readonly unknown[]) =>
      db.prepare<unknown[], Row>(query).all(...args),
    change: async (query, ...args) => db.prepare(query).run(...args).changes,
    tables: async () =>
      db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[],
    [Symbol.asyncDispose]: async () => void db.close(),
  }
}

async function rawPostgres(url: string): Promise<RawDatabase> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const ask = (query: string, args: readonly unknown[]) => client.query(numberPlaceholders(query), [...args])
  return {
    kind: 'postgres',
    all: async <Row extends object>(query: string, ...args: readonly unknown[]) =>
      (await ask(query, args)).rows as Row[],
    change: async (query, ...args) => (await ask(query, args)).rowCount ?? 0,
    async tables() {
      const { rows } = await client.query<{ name: string }>(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
      )
      return rows.map(({ name }) => name)
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}
