// Log-ins by password. An e-mail address belongs to one log-in; by name or WebID an account's oldest password counts.
// A log-in that does not exist costs as much time as a wrong password (rule 16).

import { XpodError } from '../../../base/errors.ts'
import type { Row } from '../../../core/db/database.ts'
import type { Accounts } from '../accounts.ts'
import { emailKey, type LoginKey, readEmail, readLogin, requirePassword } from '../fields.ts'
import { must, type Parts, requireRoom, step, writeAll } from './parts.ts'
import { type AccountRow, accountColumns, accountOf } from './records.ts'

interface PasswordRow extends AccountRow {
  readonly login: string
  readonly hash: string | null
}

const found = `${accountColumns}, password_login.id AS login, password_login.hash`
const oldest = `AND password_login.hash IS NOT NULL
  ORDER BY password_login.created_ms, password_login.id LIMIT 1`
const selectBy: Readonly<Record<LoginKey['kind'], string>> = {
  email: `SELECT ${found} FROM password_login JOIN account ON account.id = password_login.account
    WHERE password_login.email_key = ?`,
  name: `SELECT ${found} FROM account JOIN password_login ON password_login.account = account.id
    WHERE account.name = ? ${oldest}`,
  webId: `SELECT ${found} FROM web_id_link JOIN account ON account.id = web_id_link.account
    JOIN password_login ON password_login.account = account.id WHERE web_id_link.web_id = ? ${oldest}`,
}

export const insertPassword = `INSERT INTO password_login (id, account, email, email_key, hash, created_ms)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (email_key) DO NOTHING`
export const keepAccount = 'UPDATE account SET expires_ms = NULL WHERE id = ?'

type Passwords = Pick<Accounts, 'addPassword' | 'verifyPassword' | 'checkPassword' | 'changePassword' | 'changeEmail'>

export function createPasswords(parts: Parts): Passwords {
  const { db, clock, random, scrypt } = parts

  async function hashesOf(id: string): Promise<readonly string[]> {
    const query = 'SELECT hash FROM password_login WHERE account = ? AND hash IS NOT NULL'
    const rows = await db.read<Row & { hash: string }>(query, [id])
    return rows.map((row) => row.hash)
  }

  return {
    async addPassword(id, login) {
      const email = login.email === undefined ? null : readEmail(login.email)
      if (login.password !== undefined) requirePassword(login.password)
      await requireRoom(db, 'password_login', id)
      const hash = login.password === undefined ? null : await scrypt.hash(login.password)
      const nowMs = clock.nowMs()
      const loginId = random.uuid7(nowMs)
      const key = email === null ? null : emailKey(email)
      await writeAll(db, [
        must('ACCOUNT_UNKNOWN', keepAccount, [id]),
        must('EMAIL_TAKEN', insertPassword, [loginId, id, email, key, hash, nowMs]),
      ])
      return loginId
    },

    async verifyPassword(typed, password) {
      const login = readLogin(typed)
      const rows = login === undefined ? [] : await db.read<PasswordRow>(selectBy[login.kind], [login.key])
      const row = rows[0]
      const hash = row?.hash ?? undefined
      const isRight = await scrypt.verify(password, hash ?? scrypt.decoy)
      if (!isRight || row === undefined || hash === undefined) return undefined
      await markUsed(parts, { login: row.login, hash, password })
      return accountOf(row)
    },

    async checkPassword(id, password) {
      const hashes = await hashesOf(id)
      for (const hash of hashes.length === 0 ? [scrypt.decoy] : hashes) {
        if (await scrypt.verify(password, hash)) return hashes.length > 0
      }
      return false
    },

    changePassword: (id, loginId, change) => changePassword(parts, { id, loginId }, change),
    changeEmail: (id, loginId, typed) => changeEmail(parts, { id, loginId }, typed),
  }
}

/** Remembers the use, and hashes anew when the parameters have changed since. */
async function markUsed(
  { db, clock, scrypt }: Parts,
  used: { readonly login: string; readonly hash: string; readonly password: string },
): Promise<void> {
  const hash = scrypt.isOutdated(used.hash) ? await scrypt.hash(used.password) : used.hash
  await writeAll(db, [
    step('UPDATE password_login SET last_used_ms = ? WHERE id = ?', [clock.nowMs(), used.login]),
    ...(hash === used.hash
      ? []
      : [step('UPDATE password_login SET hash = ? WHERE id = ? AND hash = ?', [hash, used.login, used.hash])]),
  ])
}

interface Whose {
  readonly id: string
  readonly loginId: string
}

async function changePassword(
  { db, scrypt }: Parts,
  { id, loginId }: Whose,
  change: { readonly old: string; readonly new: string },
): Promise<void> {
  requirePassword(change.new)
  const query = 'SELECT hash FROM password_login WHERE id = ? AND account = ?'
  const [row] = await db.read<Row & { hash: string | null }>(query, [loginId, id])
  if (row === undefined) throw new XpodError('LOGIN_UNKNOWN')
  const isRight = await scrypt.verify(change.old, row.hash ?? scrypt.decoy)
  if (!isRight || row.hash === null) throw new XpodError('PASSWORD_WRONG')
  const hash = await scrypt.hash(change.new)
  // Of two changes at once the second no longer knows the old password.
  const update = 'UPDATE password_login SET hash = ? WHERE id = ? AND account = ? AND hash = ?'
  await writeAll(db, [
    must('PASSWORD_WRONG', update, [hash, loginId, id, row.hash]),
    step('DELETE FROM reset_token WHERE account = ?', [id]),
  ])
}

async function changeEmail({ db }: Parts, { id, loginId }: Whose, typed: string): Promise<void> {
  const email = readEmail(typed)
  const key = emailKey(email)
  const hold = 'UPDATE password_login SET created_ms = created_ms WHERE id = ? AND account = ?'
  const update = `UPDATE password_login SET email = ?, email_key = ? WHERE id = ?
    AND NOT EXISTS (SELECT 1 FROM password_login other WHERE other.email_key = ? AND other.id <> ?)`
  await writeAll(db, [
    must('LOGIN_UNKNOWN', hold, [loginId, id]),
    must('EMAIL_TAKEN', update, [email, key, loginId, key, loginId]),
    // A link that was sent to the old address must not open the account.
    step('DELETE FROM reset_token WHERE account = ?', [id]),
  ])
}
