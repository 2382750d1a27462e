// Runs pending migrations on the writing connection, each in one transaction with its row. Runs before anything else may
// use the file.

import { type AppliedMigration, type Migration, migrationChecksum, pendingMigrations } from '../migrations.ts'
import type { SqliteConnection } from './connection.ts'

const bookkeeping = `
CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  checksum TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

/** Throws SCHEMA_NEWER or SCHEMA_ALTERED before anything is changed. */
export function migrate(db: SqliteConnection, known: readonly Migration[]): void {
  db.exec(bookkeeping)
  const applied = db.prepare('SELECT number, checksum FROM migration ORDER BY number').all() as AppliedMigration[]
  const pending = pendingMigrations(applied, known, 'sql')
  const insert = db.prepare('INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)')
  for (const migration of pending) {
    const run = db.transaction(() => {
      db.exec(migration.sql)
      insert.run(migration.number, migration.name, migrationChecksum(migration, 'sql'))
    })
    run.immediate()
  }
}
