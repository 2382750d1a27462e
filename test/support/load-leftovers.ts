// Looks into the data directory of a stopped server for bodies that no row names. Reads the database itself, because what
// is asked is whether the server's own book of its files is complete.

import { basename, join } from 'node:path'

import Database from 'better-sqlite3'

import { filesBelow } from './source-tree.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(\.part)?$/

/** Files of bodies, finished or not, that neither a resource, an upload under way nor the garbage names. */
export function leftovers(dataDir: string): string[] {
  const named = namedBodies(dataDir)
  return bodyFiles(dataDir).filter((path) => !named.has(basename(path).replace(/\.part$/, '')))
}

/** Files of unfinished uploads. */
export function unfinished(dataDir: string): string[] {
  return bodyFiles(dataDir).filter((path) => path.endsWith('.part'))
}

export function bodyFiles(dataDir: string): string[] {
  return filesBelow(dataDir).filter((path) => uuid.test(basename(path)))
}

/** The last part of every key in the database. */
function namedBodies(dataDir: string): Set<string> {
  const db = new Database(join(dataDir, 'xpod.db'), { readonly: true })
  try {
    const rows = db
      .prepare<[], { key: string }>(
        `SELECT blob AS key FROM resource WHERE blob IS NOT NULL UNION ALL SELECT blob FROM stage UNION ALL SELECT ref FROM garbage`,
      )
      .all()
    return new Set(rows.map(({ key }) => key.slice(key.lastIndexOf('/') + 1)))
  } finally {
    db.close()
  }
}
