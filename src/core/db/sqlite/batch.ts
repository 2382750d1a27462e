// Many calls, one transaction, one sync. Each call runs inside a savepoint, which is only for the unexpected: calls judge
// before they write. A full disk or an I/O error may undo the whole transaction behind our back, so after every error
// db.inTransaction decides: still true, this call alone fails; false, nothing of the batch is stored and every call is run
// again in a transaction of its own. No outcome leaves this file before its COMMIT has returned (store rules 1 and 2).

import { systemCode, XpodError } from '../../../base/errors.ts'
import type { SqliteConnection } from './connection.ts'
import { Undone } from './procedure.ts'

export type CallResult =
  | { readonly ok: true; readonly reply: unknown }
  | { readonly ok: false; readonly error: unknown }

/** COMMIT failed and may have happened all the same: nothing may be claimed, nothing more may be written. */
export class CommitUnknown extends Error {
  constructor(cause: unknown) {
    super('COMMIT failed', { cause })
    this.name = 'CommitUnknown'
  }
}

export interface BatchRunner {
  /** Results in the order of the calls. Throws CommitUnknown. */
  run(calls: readonly (() => unknown)[]): CallResult[]
}

export interface BatchOptions {
  readonly db: SqliteConnection
  readonly pause: (point: string) => void
  /** The disk is full: gives room back if it can and says whether it did. */
  readonly makeRoom: () => boolean
}

export function createBatchRunner(options: BatchOptions): BatchRunner {
  const { db, pause } = options
  const statement = Object.fromEntries(
    ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK', 'SAVEPOINT one', 'RELEASE one', 'ROLLBACK TO one'].map((text) => [
      text,
      db.prepare(text),
    ]),
  )
  const exec = (text: string): void => void statement[text]!.run()

  /** Undefined when the transaction is gone with everything in it. */
  function attempt(calls: readonly (() => unknown)[]): CallResult[] | undefined {
    const results: CallResult[] = []
    exec('BEGIN IMMEDIATE')
    for (const call of calls) {
      try {
        exec('SAVEPOINT one')
        const reply = call()
        exec('RELEASE one')
        results.push({ ok: true, reply })
      } catch (error) {
        if (!db.inTransaction) return calls.length > 1 ? undefined : [{ ok: false, error }]
        exec('ROLLBACK TO one')
        exec('RELEASE one')
        results.push(error instanceof Undone ? { ok: true, reply: error.reply } : { ok: false, error })
      }
    }
    pause('before-commit')
    try {
      exec('COMMIT')
    } catch (error) {
      if (systemCode(error) !== 'SQLITE_FULL') throw new CommitUnknown(error)
      if (db.inTransaction) exec('ROLLBACK')
      return calls.length > 1 ? undefined : [{ ok: false, error }]
    }
    pause('committed-not-answered')
    return results
  }

  function runAlone(call: () => unknown): CallResult {
    const first = begin([call])![0]!
    if (first.ok || !isFull(first.error) || !options.makeRoom()) return first
    return begin([call])![0]!
  }

  /** A BEGIN that fails has stored nothing and fails its calls only. */
  function begin(calls: readonly (() => unknown)[]): CallResult[] | undefined {
    try {
      return attempt(calls)
    } catch (error) {
      if (error instanceof CommitUnknown || db.inTransaction) throw error
      return calls.map(() => ({ ok: false, error }))
    }
  }

  return {
    run(calls) {
      const together = calls.length > 1 ? begin(calls) : undefined
      const results = together ?? calls.map(runAlone)
      return results.map((result) => (result.ok ? result : { ok: false, error: outsideError(result.error) }))
    },
  }
}

function isFull(error: unknown): boolean {
  return systemCode(error) === 'SQLITE_FULL'
}

function outsideError(error: unknown): unknown {
  return isFull(error) ? new XpodError('DISK_FULL', '', { cause: error }) : error
}
