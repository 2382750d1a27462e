// Which documents are WebIDs that accounts here log in with: their login providers are nothing that an app with Write may
// change (rule 7). Asked for every write to a document that is there, so answers are remembered: until somebody links a
// WebID in this process, and for at most 5 s, because other processes link too.

import type { Clock } from '../../base/clock.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import type { Database } from '../../core/db/database.ts'

const select = `SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM web_id_link WHERE web_id = ?)
  OR EXISTS (SELECT 1 FROM web_id_link WHERE web_id > ? AND web_id < ?)`

const rememberMs = 5000
const limits = { maxEntries: 10_000, maxWeight: 4_000_000, weigh: (url: string) => url.length + 100 }

export interface LoginDocuments {
  /** Whether somebody logs in here with a WebID that lives in the document at this URL. */
  isLogin(url: string): boolean | Promise<boolean>
  /** Somebody linked or unlinked a WebID. */
  forget(): void
}

export function createLoginDocuments({ db, clock }: { db: Pick<Database, 'read'>; clock: Clock }): LoginDocuments {
  let known = new ExpiringCache<boolean>({ clock, ...limits })

  async function ask(url: string): Promise<boolean> {
    const asked = known
    // "$" follows "#": between them lie the URL's fragments and nothing else.
    const isLogin = (await db.read(select, [url, `${url}#`, `${url}$`])).length > 0
    asked.set(url, isLogin, rememberMs)
    return isLogin
  }

  return {
    isLogin: (url) => known.get(url) ?? ask(url),
    forget: () => {
      known = new ExpiringCache<boolean>({ clock, ...limits })
    },
  }
}
