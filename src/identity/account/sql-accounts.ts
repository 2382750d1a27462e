// Accounts in SQL: puts the groups of calls in sql/ together. What takes back is known here at once: remembered sessions
// are forgotten, and the revocations and withdrawn pods of this process are read.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { Database } from '../../core/db/database.ts'
import type { Accounts } from './accounts.ts'
import type { LoginDocuments } from './login-documents.ts'
import type { Revocations } from './revocations.ts'
import type { Scrypt } from './scrypt.ts'
import { createCredentials } from './sql/credentials.ts'
import { purge } from './sql/expiry.ts'
import { createInvites } from './sql/invites.ts'
import { createLinks } from './sql/links.ts'
import { createLogins } from './sql/logins.ts'
import type { Parts } from './sql/parts.ts'
import { createPasswords } from './sql/passwords.ts'
import { createRecords } from './sql/records.ts'
import { createRecovery } from './sql/recovery.ts'
import { createSessionCache, createSessions } from './sql/sessions.ts'
import type { WithdrawnPods } from './withdrawn-pods.ts'

export interface AccountsOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly scrypt: Scrypt
  /** Told at once of what is taken back; without it they find out by themselves. */
  readonly revocations?: Pick<Revocations, 'refresh'>
  readonly loginDocuments?: Pick<LoginDocuments, 'forget'>
  readonly withdrawnPods?: Pick<WithdrawnPods, 'refresh'>
}

export function createAccounts(options: AccountsOptions): Accounts {
  let sessionCache = createSessionCache(options.clock)
  const parts: Parts = {
    ...options,
    tookBack: async () => {
      sessionCache = createSessionCache(options.clock)
      await options.revocations?.refresh()
    },
    withdrew: async () => options.withdrawnPods?.refresh(),
    linked: () => options.loginDocuments?.forget(),
  }
  return {
    ...createRecords(parts),
    ...createPasswords(parts),
    ...createLogins(parts),
    ...createRecovery(parts),
    ...createLinks(parts),
    ...createCredentials(parts),
    ...createSessions(parts, () => sessionCache),
    ...createInvites(parts),
    purgeDue: () => purge(parts),
  }
}
