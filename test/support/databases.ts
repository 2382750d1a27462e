// Both databases for tests that must hold on each: SQLite in a directory of its own, and an empty database of a PostgreSQL that
// is started once for a test file. The databases of a server are emptied and used again, which costs less than making them.

import { test } from 'node:test'

import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { Database, Row } from '../../src/core/db/database.ts'
import type { Migration } from '../../src/core/db/migrations.ts'
import { openPostgres } from '../../src/core/db/postgres/open.ts'
import { openSqlite } from '../../src/core/db/sqlite/open.ts'
import { lacksPostgres } from './postgres-programs.ts'
import { sharedPostgres } from './stores.ts'
import { temporaryDirectory } from './temporary.ts'

export interface TestDatabase {
  readonly name: 'sqlite' | 'postgres'
  readonly skip: false | string
  /** An empty one, migrated. */
  open(options: TestDatabaseOptions): Promise<{ readonly db: Database } & AsyncDisposable>
  /** Names of the tables that have a column of this name. */
  tablesWith(db: Database, column: string): Promise<string[]>
}

export interface TestDatabaseOptions {
  readonly migrations: readonly Migration[]
  readonly clock: Clock
}

const parts = { log: silentLog, metrics: createMetrics(), random: systemRandom }

export const sqlite: TestDatabase = {
  name: 'sqlite',
  skip: false,
  async open({ migrations, clock }) {
    await using stack = new AsyncDisposableStack()
    const { path: dir } = stack.use(await temporaryDirectory())
    const onFatal = (error: unknown): never => {
      throw error
    }
    const db = stack.use(await openSqlite({ ...parts, dir, migrations, clock, onFatal, ballastBytes: 0 }))
    const owned = stack.move()
    return { db, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  },
  async tablesWith(db, column) {
    const query = `SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c
      WHERE m.type = 'table' AND c.name = ? ORDER BY m.name`
    return (await db.read<Row & { name: string }>(query, [column])).map(({ name }) => name)
  },
}

export const postgres: TestDatabase = {
  name: 'postgres',
  skip: lacksPostgres,
  // By the real clock: a transaction that is run again waits a little before.
  async open({ migrations }) {
    const kind = migrations.map(({ number }) => number).join()
    const url = emptied.get(kind)?.pop() ?? (await (await sharedPostgres()).freshDatabase())
    const db = await openPostgres({ ...parts, url, migrations, clock: systemClock })
    return {
      db,
      async [Symbol.asyncDispose]() {
        await empty(db)
        emptied.set(kind, [...(emptied.get(kind) ?? []), url])
        await db[Symbol.asyncDispose]()
      },
    }
  },
  async tablesWith(db, column) {
    const query = `SELECT table_name AS name FROM information_schema.columns JOIN information_schema.tables
      USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = ?
      ORDER BY table_name`
    return (await db.read<Row & { name: string }>(query, [column])).map(({ name }) => name)
  },
}

/** Databases without rows, by the migrations that ran in them. */
const emptied = new Map<string, string[]>()

async function empty(db: Database): Promise<void> {
  const query = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"
  const tables = await db.read<Row & { name: string }>(query, [])
  await db.write(tables.map(({ name }) => ({ query: `DELETE FROM ${name}`, args: [] })))
}

/** The same test on both. */
export function testOnEach(name: string, run: (database: TestDatabase) => Promise<void>): void {
  for (const database of [sqlite, postgres]) {
    test(`${name} (${database.name})`, { skip: database.skip }, () => run(database))
  }
}
