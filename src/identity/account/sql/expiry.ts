// What ends by its time. Each table is emptied through the index on its end, a bounded number of rows at a time, so the
// work is that of what has ended and never that of what is there.

import type { Row } from '../../../core/db/database.ts'
import type { Account } from '../accounts.ts'
import { type Parts, step, writeAll } from './parts.ts'
import { type AccountRow, accountColumns, accountOf, removeSteps } from './records.ts'

const chunkRows = 500
/** Of one table and call. */
const maxChunks = 20
const maxDue = 100

const expiring: readonly string[] = [
  chunkOf('oidc_record', '(model, id)', 'expires_ms'),
  chunkOf('account_session', 'token_hash', 'expires_ms'),
  chunkOf('reset_token', 'hash', 'expires_ms'),
  chunkOf('invite', 'id', 'expires_ms'),
  chunkOf('replay', 'id', 'expires_ms'),
  chunkOf('revoked', 'grant_id', 'until_ms'),
]

function chunkOf(table: string, key: string, end: string): string {
  const columns = key.replace(/[()]/g, '')
  return `DELETE FROM ${table} WHERE ${key} IN
    (SELECT ${columns} FROM ${table} WHERE ${end} <= ? ORDER BY ${end} LIMIT ${chunkRows})`
}

const selectUnused = `SELECT account.id FROM account WHERE account.expires_ms <= ?
  ORDER BY account.expires_ms LIMIT ${chunkRows}`
/** It may have got a way to log in meanwhile. */
const deleteUnused = 'DELETE FROM account WHERE id = ? AND expires_ms <= ?'
const selectDue = `SELECT ${accountColumns} FROM account WHERE account.delete_at_ms <= ?
  ORDER BY account.delete_at_ms LIMIT ${maxDue}`

/** Gives the accounts whose deletion is due. */
export async function purge({ db, clock }: Parts): Promise<readonly Account[]> {
  const nowMs = clock.nowMs()
  for (const query of expiring) {
    for (let chunk = 0; chunk < maxChunks; chunk++) {
      const [changed] = await writeAll(db, [step(query, [nowMs])])
      if (changed! < chunkRows) break
    }
  }
  for (const { id } of await db.read<Row & { id: string }>(selectUnused, [nowMs])) {
    await db.write([{ query: deleteUnused, args: [id, nowMs], expect: 1 }, ...removeSteps(id, nowMs)])
  }
  return (await db.read<AccountRow>(selectDue, [nowMs])).map(accountOf)
}
