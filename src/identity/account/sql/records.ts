// The rows of accounts themselves: made, found, disabled, deleted. An account without a way to log in ends by its
// `expires_ms`, which the first way to log in clears.

import assert from 'node:assert/strict'

import type { Database, Row } from '../../../core/db/database.ts'
import type { Account, Accounts, Language } from '../accounts.ts'
import { readLogin, readName } from '../fields.ts'
import { type Guarded, holdAccount, must, type Parts, step, writeAll } from './parts.ts'
import { takeBackAccount } from './take-back.ts'

const withoutLoginMs = 30 * 60_000
const maxListed = 1000

export interface AccountRow extends Row {
  readonly id: string
  readonly state: Account['state']
  readonly name: string | null
  readonly language: Language | null
  readonly created_ms: number
  readonly delete_at_ms: number | null
}

export const accountColumns =
  'account.id, account.state, account.name, account.language, account.created_ms, account.delete_at_ms'

const selectBy = {
  email: `SELECT ${accountColumns} FROM password_login JOIN account ON account.id = password_login.account
    WHERE password_login.email_key = ?`,
  name: `SELECT ${accountColumns} FROM account WHERE account.name = ?`,
  webId: `SELECT ${accountColumns} FROM web_id_link JOIN account ON account.id = web_id_link.account
    WHERE web_id_link.web_id = ?`,
} as const

export function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    state: row.state,
    ...(row.name === null ? {} : { name: row.name }),
    ...(row.language === null ? {} : { language: row.language }),
    createdMs: row.created_ms,
    ...(row.delete_at_ms === null ? {} : { deleteAtMs: row.delete_at_ms }),
  }
}

export async function findAccount(db: Database, typed: string): Promise<Account | undefined> {
  const login = readLogin(typed)
  if (login === undefined) return undefined
  const [row] = await db.read<AccountRow>(selectBy[login.kind], [login.key])
  return row === undefined ? undefined : accountOf(row)
}

export async function getAccount(db: Database, id: string): Promise<Account | undefined> {
  const [row] = await db.read<AccountRow>(`SELECT ${accountColumns} FROM account WHERE account.id = ?`, [id])
  return row === undefined ? undefined : accountOf(row)
}

type Records = Pick<
  Accounts,
  | 'create'
  | 'get'
  | 'find'
  | 'list'
  | 'setName'
  | 'setLanguage'
  | 'setState'
  | 'scheduleDelete'
  | 'cancelDelete'
  | 'remove'
>

export function createRecords({ db, clock, random, tookBack, withdrew }: Parts): Records {
  async function takeBackAnd(id: string, changes: readonly Guarded[]): Promise<void> {
    await writeAll(db, [...changes, ...takeBackAccount(id, clock.nowMs())])
    await Promise.all([tookBack(), withdrew()])
  }

  async function keepAnd(id: string, change: Guarded): Promise<void> {
    await writeAll(db, [keepPods(id), change])
    await withdrew()
  }

  return {
    async create(wish = {}) {
      const nowMs = clock.nowMs()
      const id = random.uuid7(nowMs)
      const name = wish.name === undefined ? null : readName(wish.name)
      const expiresMs = wish.kept ? null : nowMs + withoutLoginMs
      const query = `INSERT INTO account (id, state, name, language, created_ms, expires_ms)
        VALUES (?, 'open', ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`
      await writeAll(db, [must('NAME_TAKEN', query, [id, name, wish.language ?? null, nowMs, expiresMs])])
      const made = await getAccount(db, id)
      assert(made !== undefined)
      return made
    },
    get: (id) => getAccount(db, id),
    find: (login) => findAccount(db, login),
    async list(after, limit) {
      const query = `SELECT ${accountColumns} FROM account WHERE account.id > ? ORDER BY account.id LIMIT ?`
      const rows = await db.read<AccountRow>(query, [after ?? '', Math.min(limit, maxListed)])
      return rows.map(accountOf)
    },
    async setName(id, typed) {
      const name = readName(typed)
      const query = `UPDATE account SET name = ? WHERE id = ?
        AND NOT EXISTS (SELECT 1 FROM account other WHERE other.name = ? AND other.id <> ?)`
      await writeAll(db, [holdAccount(id), must('NAME_TAKEN', query, [name, id, name, id])])
    },
    async setLanguage(id, language) {
      await writeAll(db, [must('ACCOUNT_UNKNOWN', 'UPDATE account SET language = ? WHERE id = ?', [language, id])])
    },
    async setState(id, state) {
      const query = 'UPDATE account SET state = ?, delete_at_ms = NULL WHERE id = ?'
      const change = must('ACCOUNT_UNKNOWN', query, [state, id])
      await (state === 'open' ? keepAnd(id, change) : takeBackAnd(id, [keepPods(id), change]))
    },
    scheduleDelete(id, atMs) {
      const query = "UPDATE account SET state = 'deleting', delete_at_ms = ? WHERE id = ?"
      const change = must('ACCOUNT_UNKNOWN', query, [atMs, id])
      return takeBackAnd(id, [keepPods(id), change, step(withdrawPods, [atMs, id])])
    },
    cancelDelete(id) {
      const query = `UPDATE account SET state = CASE WHEN state = 'deleting' THEN 'open' ELSE state END,
        delete_at_ms = NULL WHERE id = ?`
      return keepAnd(id, must('ACCOUNT_UNKNOWN', query, [id]))
    },
    async remove(id) {
      const first = must('ACCOUNT_UNKNOWN', 'DELETE FROM account WHERE id = ?', [id])
      await writeAll(db, [first, ...removeSteps(id, clock.nowMs())])
      await tookBack()
    },
  }
}

/** With their account, at the same time; those whose own deletion was decided before keep their time. */
const withdrawPods = 'UPDATE pod_link SET delete_at_ms = ? WHERE account = ? AND delete_at_ms IS NULL'

/** Those that were withdrawn with the account come back with it: their time is its time. To be done before that is changed. */
function keepPods(id: string): Guarded {
  const query = `UPDATE pod_link SET delete_at_ms = NULL
    WHERE account = ? AND delete_at_ms = (SELECT delete_at_ms FROM account WHERE id = ?)`
  return step(query, [id, id])
}

/** Everything that hangs on an account but its own row. */
export function removeSteps(id: string, nowMs: number): Guarded[] {
  return [
    ...takeBackAccount(id, nowMs),
    step('DELETE FROM password_login WHERE account = ?', [id]),
    step('DELETE FROM passkey WHERE account = ?', [id]),
    step('DELETE FROM recovery_code WHERE account = ?', [id]),
    step('DELETE FROM reset_token WHERE account = ?', [id]),
    step('DELETE FROM client_credential WHERE account = ?', [id]),
    step('DELETE FROM web_id_link WHERE account = ?', [id]),
    step('DELETE FROM pod_link WHERE account = ?', [id]),
  ]
}
