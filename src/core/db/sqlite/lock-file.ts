// An exclusive lock that the kernel frees when the process ends: a SQLite file held by BEGIN EXCLUSIVE. The file holds no data.

import Sqlite from 'better-sqlite3'

import { systemCode, XpodError } from '../../../base/errors.ts'

export interface HeldFile {
  release(): void
}

/** Undefined when another process (or this one) holds it. Throws DATA_DIR_UNUSABLE when the file cannot be used at all. */
export function holdExclusively(path: string): HeldFile | undefined {
  const db = openLockFile(path)
  try {
    db.pragma('locking_mode = EXCLUSIVE')
    db.exec('BEGIN EXCLUSIVE')
    return { release: () => void db.close() }
  } catch (error) {
    db.close()
    if (systemCode(error) === 'SQLITE_BUSY') return undefined
    throw new XpodError('DATA_DIR_UNUSABLE', systemCode(error) ?? '', { cause: error })
  }
}

function openLockFile(path: string): Sqlite.Database {
  try {
    return new Sqlite(path, { timeout: 0 })
  } catch (error) {
    throw new XpodError('DATA_DIR_UNUSABLE', systemCode(error) ?? '', { cause: error })
  }
}
