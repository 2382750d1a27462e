// Which documents are WebIDs that accounts here log in with: their login providers are nothing that an app with Write may
// change (rule 7). Asked for every write to a pod, so it is two looks into one index.

import type { Database } from '../../core/db/database.ts'

const select = `SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM web_id_link WHERE web_id = ?)
  OR EXISTS (SELECT 1 FROM web_id_link WHERE web_id > ? AND web_id < ?)`

export function createIsLogin(db: Pick<Database, 'read'>): (documentUrl: string) => Promise<boolean> {
  // "$" follows "#": between them lie the URL's fragments and nothing else.
  return async (url) => (await db.read(select, [url, `${url}#`, `${url}$`])).length > 0
}
