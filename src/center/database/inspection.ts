// What the database is, how safe it keeps what is written, and which migrations it lacks; and running those. For an operator:
// a center that starts does the same by itself.

import { resolve } from 'node:path'

import type { Surround } from '../store.ts'
import { lockDataDirectory } from '../../core/db/data-directory.ts'
import { type AppliedMigration, type Dialect, type Migration, pendingMigrations } from '../../core/db/migrations.ts'
import { connectPostgres, openPostgres } from '../../core/db/postgres/open.ts'
import { readPostgresUrl } from '../../core/db/postgres/target.ts'
import { inspectSqlite } from '../../core/db/sqlite/inspect.ts'
import { openSqlite } from '../../core/db/sqlite/open.ts'
import { migrations } from './migrations.ts'

export interface DatabaseReport {
  readonly engine: 'sqlite' | 'postgres'
  /** Of the engine. */
  readonly version: string
  /** The file, or host, port and database. */
  readonly address: string
  /** Number of the newest migration that was applied; 0 for none. */
  readonly schema: number
  readonly pending: readonly { readonly number: number; readonly name: string }[]
  /** PostgreSQL only. */
  readonly server?: ServerReport
}

export interface ServerReport {
  readonly encrypted: boolean
  readonly pooled: boolean
  /** As the server is set; xpod's own commits use `on` at least. */
  readonly synchronousCommit: string
  /** Empty: a failover may lose the last commits. */
  readonly synchronousStandbys: string
  /** Empty when the role may not ask. */
  readonly systemIdentifier: string
  readonly timeline: number
  readonly startedAt: string
}

export interface Whereabouts {
  /** `sqlite:` or postgres://… */
  readonly db: string
  readonly dataDir: string
}

/** An operator waits for an answer. */
const startWithinMs = 0

/** Throws DATABASE_UNAVAILABLE, DATABASE_UNSUITABLE, DATA_DIR_UNUSABLE, SCHEMA_NEWER, SCHEMA_ALTERED. */
export function inspectDatabase(where: Whereabouts, parts: Surround): Promise<DatabaseReport> {
  return isPostgres(where.db) ? inspectPostgres(where.db, parts) : inspectFile(where.dataDir)
}

/** Runs what is pending. Throws DATA_DIR_LOCKED where a server runs on SQLite: it has done it itself. */
export async function migrateDatabase(where: Whereabouts, parts: Surround): Promise<void> {
  if (isPostgres(where.db)) {
    await using _db = await openPostgres({ ...parts, url: where.db, migrations, startWithinMs })
    return
  }
  inspectSqlite(where.dataDir)
  await using lock = await lockDataDirectory(where.dataDir)
  await using _db = await openSqlite({ ...parts, dir: lock.dir, migrations, ballastBytes: 0 })
}

function isPostgres(url: string): boolean {
  return !url.startsWith('sqlite:')
}

async function inspectFile(dataDir: string): Promise<DatabaseReport> {
  const { version, path, applied } = inspectSqlite(dataDir)
  return { engine: 'sqlite', version, address: path, ...standOf(applied, 'sql') }
}

/** The file, or host, port and database: without the password. */
export async function addressOf({ db, dataDir }: Whereabouts): Promise<string> {
  if (!isPostgres(db)) return resolve(dataDir, 'xpod.db')
  const { addresses, database } = await readPostgresUrl(db)
  const hosts = addresses.map(({ host, port }) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`))
  return `${hosts.join(',')}/${database}`
}

async function inspectPostgres(url: string, parts: Surround): Promise<DatabaseReport> {
  await using db = await connectPostgres({ ...parts, url, startWithinMs, poolSize: 1 })
  const { applied, isEncrypted, isPooled, startedMs, ...facts } = await db.status()
  return {
    engine: 'postgres',
    version: facts.version,
    address: await addressOf({ db: url, dataDir: '' }),
    ...standOf(applied, 'postgres'),
    server: {
      encrypted: isEncrypted,
      pooled: isPooled,
      synchronousCommit: facts.synchronousCommit,
      synchronousStandbys: facts.synchronousStandbys,
      systemIdentifier: facts.system,
      timeline: facts.timeline,
      startedAt: new Date(startedMs).toISOString(),
    },
  }
}

function standOf(applied: readonly AppliedMigration[], dialect: Dialect): Pick<DatabaseReport, 'schema' | 'pending'> {
  const pending = pendingMigrations(applied, migrations, dialect)
  return {
    schema: applied.at(-1)?.number ?? 0,
    pending: pending.map(({ number, name }: Migration) => ({ number, name })),
  }
}
