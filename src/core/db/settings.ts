// Settings that belong to the data, not to the command line: the base URL it was written under, the node's id.
// The table comes with the engine, before any migration.

import type { Database } from './database.ts'

export async function readSetting(db: Pick<Database, 'read'>, key: string): Promise<string | undefined> {
  const rows = await db.read<{ value: string }>('SELECT value FROM setting WHERE key = ?', [key])
  return rows[0]?.value
}

export async function writeSetting(db: Database, key: string, value: string): Promise<void> {
  const query = 'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'
  await db.write([{ query, args: [key, value] }])
}
