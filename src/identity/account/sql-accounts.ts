// Accounts in SQL: puts the parts in this folder together. Each part is one group of calls of the contract.

import assert from 'node:assert/strict'

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { Database } from '../../core/db/database.ts'
import type { Accounts } from './accounts.ts'
import type { Revocations } from './revocations.ts'
import type { Scrypt } from './scrypt.ts'

export interface AccountsOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly scrypt: Scrypt
  /** Told at once of what is taken back; without it they find out by themselves. */
  readonly revocations?: Pick<Revocations, 'refresh'>
}

export function createAccounts(options: AccountsOptions): Accounts {
  assert.fail(`not there yet ${typeof options}`)
}
