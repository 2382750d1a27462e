// What every transaction must have, and where it is set. A connection of our own has it for life. Behind a pooler, which may
// give each transaction another server connection, nothing of a session can be relied on: each transaction sets it for
// itself, in the same round trip. The two are told apart by the process number that the server gave at the log-in: a pooler
// gives one of its own.

import type { Statement } from './pipeline.ts'
import { identityColumns } from './succession.ts'

export interface Timeouts {
  /** The server gives a statement up after this. */
  readonly statementMs: number
  /** The server gives waiting for a lock up after this. */
  readonly lockMs: number
  /** The server ends a transaction of a process that stands still. */
  readonly idleMs: number
  /** A server that has not let us in after this is left. */
  readonly connectMs: number
  /** The outcome of a write whose answer was lost is looked for so long. */
  readonly resolveMs: number
}

/** How long each may take before locks of one center stand in the way of another. */
export const standardTimeouts: Timeouts = {
  statementMs: 10_000,
  lockMs: 3000,
  idleMs: 5000,
  connectMs: 5000,
  resolveMs: 10_000,
}

export interface SessionTexts {
  /** Its first parameter is the process number of the log-in; one row: `pid`, `recovering`, `readOnly`, which server. */
  greet(processId: number, mayName: boolean): Statement
  /** Begins a transaction that writes. */
  readonly begin: { readonly direct: readonly Statement[]; readonly pooled: readonly Statement[] }
  /** Around statements that only read: nothing on a connection of our own. */
  readonly beginRead: { readonly direct: readonly Statement[]; readonly pooled: readonly Statement[] }
}

export const commit: Statement = { text: 'COMMIT', values: [] }
export const rollback: Statement = { text: 'ROLLBACK', values: [] }

export function sessionTexts(timeouts: Timeouts): SessionTexts {
  const begin = { text: 'BEGIN ISOLATION LEVEL READ COMMITTED', values: [] }
  const beginRead = { text: 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY', values: [] }
  const local = { text: `SELECT ${settings(timeouts, 'true')}`, values: [] }
  return {
    greet: (processId, mayName) => ({
      text: `SELECT pg_backend_pid() AS pid, pg_is_in_recovery() AS recovering,
        current_setting('transaction_read_only')::boolean AS "readOnly", ${identityColumns(mayName)},
        ${settings(timeouts, 'pg_backend_pid() <> $1')}`,
      values: [String(processId)],
    }),
    begin: { direct: [begin], pooled: [begin, local] },
    beginRead: { direct: [], pooled: [beginRead, local] },
  }
}

/** An acknowledged write is on disk (store rule 30): a server that is set to less is overruled, one set to more is not. */
const durable = `CASE WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply')
  THEN current_setting('synchronous_commit') ELSE 'on' END`

function settings(timeouts: Timeouts, isLocal: string): string {
  const values = {
    statement_timeout: `'${timeouts.statementMs}'`,
    lock_timeout: `'${timeouts.lockMs}'`,
    idle_in_transaction_session_timeout: `'${timeouts.idleMs}'`,
    bytea_output: "'hex'",
    synchronous_commit: durable,
  }
  return Object.entries(values)
    .map(([name, value]) => `set_config('${name}', ${value}, ${isLocal})`)
    .join(', ')
}
