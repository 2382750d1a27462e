// The ways to log in of an account, and its passkeys as rows: the ceremonies of WebAuthn are elsewhere.

import { XpodError } from '../../../base/errors.ts'
import type { Row } from '../../../core/db/database.ts'
import type { Accounts, Login, Passkey } from '../accounts.ts'
import { readTitle } from '../fields.ts'
import { holdAccount, must, type Parts, requireRoom, step, writeAll } from './parts.ts'
import { keepAccount } from './passwords.ts'

interface PasswordRow extends Row {
  readonly id: string
  readonly email: string | null
  readonly usable: number
  readonly created_ms: number
  readonly last_used_ms: number | null
}

interface PasskeyRow extends Row {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly public_key: Uint8Array
  readonly counter: number
  readonly transports: string
  readonly created_ms: number
  readonly last_used_ms: number | null
}

const selectPasswords = `SELECT id, email, CASE WHEN hash IS NULL THEN 0 ELSE 1 END AS usable, created_ms, last_used_ms
  FROM password_login WHERE account = ? ORDER BY created_ms, id`
const passkeyColumns = 'id, account, name, public_key, counter, transports, created_ms, last_used_ms'

/** Something else than the given one that opens the account. */
const another = `(EXISTS (SELECT 1 FROM password_login other WHERE other.account = ? AND other.id <> ?
  AND other.hash IS NOT NULL) OR EXISTS (SELECT 1 FROM passkey other WHERE other.account = ? AND other.id <> ?))`
const deleteBy: Readonly<Record<Login['kind'], string>> = {
  password: `DELETE FROM password_login WHERE id = ? AND account = ? AND ${another}`,
  passkey: `DELETE FROM passkey WHERE id = ? AND account = ? AND ${another}`,
}

type Logins = Pick<Accounts, 'logins' | 'removeLogin' | 'addPasskey' | 'passkeys' | 'findPasskey' | 'touchPasskey'>

export function createLogins({ db, clock }: Parts): Logins {
  async function passkeysOf(account: string): Promise<Passkey[]> {
    const query = `SELECT ${passkeyColumns} FROM passkey WHERE account = ? ORDER BY created_ms, id`
    return (await db.read<PasskeyRow>(query, [account])).map(passkeyOf)
  }

  async function loginsOf(account: string): Promise<Login[]> {
    const passwords = await db.read<PasswordRow>(selectPasswords, [account])
    return [...passwords.map(passwordOf), ...(await passkeysOf(account)).map(passkeyLogin)]
  }

  return {
    logins: loginsOf,
    async removeLogin(account, loginId) {
      const login = (await loginsOf(account)).find(({ id }) => id === loginId)
      if (login === undefined) throw new XpodError('LOGIN_UNKNOWN')
      await writeAll(db, [
        holdAccount(account),
        must('LOGIN_LAST', deleteBy[login.kind], [loginId, account, account, loginId, account, loginId]),
        step('DELETE FROM reset_token WHERE account = ?', [account]),
      ])
    },
    async addPasskey(passkey) {
      await requireRoom(db, 'passkey', passkey.account)
      const { id, account, publicKey, counter, transports } = passkey
      const query = `INSERT INTO passkey (id, account, name, public_key, counter, transports, created_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
      const name = readTitle(passkey.name)
      const args = [id, account, name, publicKey, counter, transports.join(' '), clock.nowMs()]
      await writeAll(db, [must('ACCOUNT_UNKNOWN', keepAccount, [account]), must('PASSKEY_TAKEN', query, args)])
    },
    passkeys: passkeysOf,
    async findPasskey(passkeyId) {
      const [row] = await db.read<PasskeyRow>(`SELECT ${passkeyColumns} FROM passkey WHERE id = ?`, [passkeyId])
      return row === undefined ? undefined : passkeyOf(row)
    },
    async touchPasskey(passkeyId, counter) {
      const query = 'UPDATE passkey SET counter = ?, last_used_ms = ? WHERE id = ?'
      await writeAll(db, [step(query, [counter, clock.nowMs(), passkeyId])])
    },
  }
}

function passwordOf(row: PasswordRow): Login {
  return {
    id: row.id,
    kind: 'password',
    ...(row.email === null ? {} : { email: row.email }),
    isUsable: row.usable === 1,
    createdMs: row.created_ms,
    ...(row.last_used_ms === null ? {} : { lastUsedMs: row.last_used_ms }),
  }
}

function passkeyOf(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    account: row.account,
    name: row.name,
    publicKey: new Uint8Array(row.public_key),
    counter: row.counter,
    transports: row.transports === '' ? [] : row.transports.split(' '),
    createdMs: row.created_ms,
    ...(row.last_used_ms === null ? {} : { lastUsedMs: row.last_used_ms }),
  }
}

function passkeyLogin({ id, name, createdMs, lastUsedMs }: Passkey): Login {
  return { id, kind: 'passkey', name, isUsable: true, createdMs, ...(lastUsedMs === undefined ? {} : { lastUsedMs }) }
}
