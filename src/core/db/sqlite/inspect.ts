// Looks at the database of a data directory without taking it: a server may run on it meanwhile, in another process.

import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { XpodError } from '../../../base/errors.ts'
import type { AppliedMigration } from '../migrations.ts'
import { openReadingConnection } from './connection.ts'

export interface SqliteFacts {
  /** Of SQLite. */
  readonly version: string
  /** Absolute. */
  readonly path: string
  readonly bytes: number
  readonly applied: readonly AppliedMigration[]
}

/** Not for a directory that this process has open. Throws DATA_DIR_UNUSABLE where there is no database. */
export function inspectSqlite(dir: string): SqliteFacts {
  const path = resolve(join(dir, 'xpod.db'))
  if (!existsSync(path)) {
    throw new XpodError('DATA_DIR_UNUSABLE', `there is no xpod data in ${resolve(dir)}`, {
      hint: 'Start xpod center first, or name its directory with --data-dir.',
    })
  }
  const db = openReadingConnection(path, { cacheKiB: 256, timeoutMs: 5000 })
  try {
    const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string }
    const applied = db.prepare('SELECT number, checksum FROM migration ORDER BY number').all() as AppliedMigration[]
    return { version, path, bytes: statSync(path).size, applied }
  } finally {
    db.close()
  }
}
