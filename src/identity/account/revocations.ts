// Which grants have been taken back while tokens of theirs may still be alive (rule 9). Asked for every request with a token
// of our own, so it answers from memory; rows that others wrote are read every 2 s, new ones only.

import assert from 'node:assert/strict'

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Database } from '../../core/db/database.ts'

/** No access token lives longer: what the provider gives out must keep to it. */
export const longestTokenMs = 60 * 60_000

export interface Revocations {
  /** Holds here at once, elsewhere within 5 s; durable when it resolves. */
  revoke(grantId: string, untilMs: number): Promise<void>
  isRevoked(grantId: string): boolean
  /** Reads what is new now. */
  refresh(): Promise<void>
}

export interface RevocationsOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
}

/** Resolves when everything that is in force is known. */
export async function createRevocations(options: RevocationsOptions): Promise<Revocations & AsyncDisposable> {
  assert.fail(`not there yet ${typeof options}`)
}
