// What every group of account calls works with, and steps that name the failure they mean when they change no row.

import type { Clock } from '../../../base/clock.ts'
import type { ErrorCode } from '../../../base/error-codes.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Random } from '../../../base/random.ts'
import type { Database, SqlValue, Step } from '../../../core/db/database.ts'
import type { Scrypt } from '../scrypt.ts'

export interface Parts {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly scrypt: Scrypt
  /** To be awaited after every write that takes back. */
  readonly tookBack: () => Promise<void>
  /** To be awaited after every write that withdraws pods or brings them back. */
  readonly withdrew: () => Promise<void>
  /** To be called after every write that links or unlinks a WebID. */
  readonly linked: () => void
}

/** A step, and what it means when it changes nothing. */
export type Guarded = Step & { readonly otherwise?: ErrorCode }

export function step(query: string, args: readonly SqlValue[]): Guarded {
  return { query, args }
}

/** Must change exactly one row. */
export function must(otherwise: ErrorCode, query: string, args: readonly SqlValue[]): Guarded {
  return { query, args, expect: 1, otherwise }
}

/** All or none; gives the rows that each step changed. */
export async function writeAll(db: Database, steps: readonly Guarded[]): Promise<readonly number[]> {
  const result = await db.write(steps)
  if (result.ok) return result.changed
  throw new XpodError(steps[result.unmet]!.otherwise ?? 'INTERNAL')
}

/** That the account exists; also orders what follows with other writes on the same account. */
export function holdAccount(id: string): Guarded {
  return must('ACCOUNT_UNKNOWN', 'UPDATE account SET expires_ms = expires_ms WHERE id = ?', [id])
}

const counts = {
  password_login: 'SELECT COUNT(*) AS n FROM password_login WHERE account = ?',
  passkey: 'SELECT COUNT(*) AS n FROM passkey WHERE account = ?',
  web_id_link: 'SELECT COUNT(*) AS n FROM web_id_link WHERE account = ?',
  client_credential: 'SELECT COUNT(*) AS n FROM client_credential WHERE account = ?',
} as const

/** What one account may have; parallel calls may go over it by as many as they are. */
const maxima: Readonly<Record<keyof typeof counts, number>> = {
  password_login: 10,
  passkey: 20,
  web_id_link: 100,
  client_credential: 100,
}

/** Throws ACCOUNT_FULL. */
export async function requireRoom(db: Database, table: keyof typeof counts, account: string): Promise<void> {
  const [row] = await db.read<{ n: number }>(counts[table], [account])
  if (row!.n >= maxima[table]) throw new XpodError('ACCOUNT_FULL', `at most ${maxima[table]}`)
}
