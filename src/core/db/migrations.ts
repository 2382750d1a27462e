// Which numbered migrations a database still needs. Pure: the engines run them, each in one transaction with its row in
// the `migration` table. A database written by a newer xpod and a migration whose text has changed since are both refused.
// A migration has one text for each dialect; a text may be empty where the other dialect alone has something to do.

import { hash } from 'node:crypto'

import { XpodError } from '../../base/errors.ts'

export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly number: number
  readonly name: string
  /** As SQLite takes it. */
  readonly sql: string
  readonly postgres: string
}

/** Which of its texts. */
export type Dialect = 'sql' | 'postgres'

export interface AppliedMigration {
  readonly number: number
  readonly checksum: string
}

/** The text as it was shipped: comments and spaces count, so a shipped migration is never touched again. */
export function migrationChecksum(migration: Migration, dialect: Dialect): string {
  return hash('sha256', migration[dialect], 'hex')
}

/** Throws SCHEMA_NEWER or SCHEMA_ALTERED. */
export function pendingMigrations(
  applied: readonly AppliedMigration[],
  known: readonly Migration[],
  dialect: Dialect,
): readonly Migration[] {
  for (const { number, checksum } of applied) {
    const migration = known.find((candidate) => candidate.number === number)
    if (migration === undefined) {
      throw new XpodError('SCHEMA_NEWER', `migration ${number} is not known to this version`)
    }
    if (migrationChecksum(migration, dialect) !== checksum) {
      throw new XpodError('SCHEMA_ALTERED', `migration ${number}`)
    }
  }
  return known.filter((migration) => !applied.some((row) => row.number === migration.number))
}
