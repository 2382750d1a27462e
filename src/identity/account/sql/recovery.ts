// Ways back in: links to set a new password, which work once within the hour, and recovery codes on paper. Asking for a
// link does the same work whether the account exists or not (rule 16): for an unknown one a row is kept that no token opens.

import { XpodError } from '../../../base/errors.ts'
import type { Row } from '../../../core/db/database.ts'
import type { Accounts } from '../accounts.ts'
import { emailKey, requirePassword } from '../fields.ts'
import { hashSecret, newRecoveryCode, newSecret, readRecoveryCode } from '../secrets.ts'
import { type Guarded, holdAccount, must, type Parts, step, writeAll } from './parts.ts'
import { insertPassword, keepAccount } from './passwords.ts'
import { findAccount, getAccount } from './records.ts'
import { takeBackSessions } from './take-back.ts'

const resetMs = 60 * 60_000
const maxResets = 3
const recoveryCodeCount = 10
/** Stands for every account that does not exist. */
const nobody = ''

const selectPasswords = `SELECT id, email, email_key FROM password_login WHERE account = ? ORDER BY created_ms, id`
const selectReset = `SELECT account, login FROM reset_token WHERE hash = ? AND account <> '' AND expires_ms > ?`
/** All but the newest; a row that is in the way of nobody ends by its time. */
const deleteOlderResets = `DELETE FROM reset_token WHERE hash IN (SELECT hash FROM reset_token WHERE account = ?
  ORDER BY expires_ms DESC LIMIT 100 OFFSET ${maxResets - 1})`
const insertReset = 'INSERT INTO reset_token (hash, account, login, expires_ms) VALUES (?, ?, ?, ?)'

interface PasswordRow extends Row {
  readonly id: string
  readonly email: string | null
  readonly email_key: string | null
}

interface ResetRow extends Row {
  readonly account: string
  readonly login: string | null
}

type Recovery = Pick<
  Accounts,
  'createReset' | 'isReset' | 'useReset' | 'recoveryCodes' | 'recoveryCodesLeft' | 'useRecoveryCode'
>

export function createRecovery(parts: Parts): Recovery {
  const { db, clock, random, scrypt, tookBack } = parts

  async function findReset(token: string): Promise<ResetRow | undefined> {
    return (await db.read<ResetRow>(selectReset, [hashSecret(token), clock.nowMs()]))[0]
  }

  return {
    async createReset(typed) {
      const account = await findAccount(db, typed)
      const passwords = await db.read<PasswordRow>(selectPasswords, [account?.id ?? nobody])
      const login = passwords.find((row) => row.email_key === emailKey(typed)) ?? passwords[0]
      const token = newSecret(random)
      const args = [hashSecret(token), account?.id ?? nobody, login?.id ?? null, clock.nowMs() + resetMs]
      await writeAll(db, [step(deleteOlderResets, [account?.id ?? nobody]), step(insertReset, args)])
      return account === undefined ? undefined : { token, account, email: login?.email ?? undefined }
    },
    async isReset(token) {
      return (await findReset(token)) !== undefined
    },
    async useReset(token, password) {
      requirePassword(password)
      const reset = await findReset(token)
      if (reset === undefined) throw new XpodError('RESET_INVALID')
      await writeAll(db, resetSteps(parts, { token, reset, hash: await scrypt.hash(password) }))
      await tookBack()
      const account = await getAccount(db, reset.account)
      if (account === undefined) throw new XpodError('ACCOUNT_UNKNOWN')
      return account
    },

    async recoveryCodes(id) {
      const codes = Array.from({ length: recoveryCodeCount }, () => newRecoveryCode(random))
      const insert = 'INSERT INTO recovery_code (account, hash) VALUES (?, ?)'
      await writeAll(db, [
        holdAccount(id),
        step('DELETE FROM recovery_code WHERE account = ?', [id]),
        ...codes.map((code) => step(insert, [id, recoveryHash(id, code)])),
      ])
      return codes
    },
    async recoveryCodesLeft(id) {
      const query = 'SELECT COUNT(*) AS n FROM recovery_code WHERE account = ?'
      return (await db.read<Row & { n: number }>(query, [id]))[0]!.n
    },
    async useRecoveryCode(login, code) {
      const account = await findAccount(db, login)
      const id = account?.id ?? nobody
      const query = 'DELETE FROM recovery_code WHERE account = ? AND hash = ?'
      const result = await db.write([{ query, args: [id, recoveryHash(id, code)], expect: 1 }])
      return result.ok ? account : undefined
    },
  }
}

function recoveryHash(account: string, code: string): string {
  return hashSecret(`${account}\n${readRecoveryCode(code)}`)
}

interface Reset {
  readonly token: string
  readonly reset: ResetRow
  readonly hash: string
}

/** The token is used up, the password set, every other link and session ended. */
function resetSteps({ clock, random }: Parts, { token, reset, hash }: Reset): Guarded[] {
  const nowMs = clock.nowMs()
  const { account, login } = reset
  const use = 'DELETE FROM reset_token WHERE hash = ? AND expires_ms > ?'
  const update = 'UPDATE password_login SET hash = ? WHERE id = ? AND account = ?'
  return [
    must('RESET_INVALID', use, [hashSecret(token), nowMs]),
    must('ACCOUNT_UNKNOWN', keepAccount, [account]),
    login === null
      ? must('EMAIL_TAKEN', insertPassword, [random.uuid7(nowMs), account, null, null, hash, nowMs])
      : must('RESET_INVALID', update, [hash, login, account]),
    step('DELETE FROM reset_token WHERE account = ?', [account]),
    ...takeBackSessions(account, '', nowMs),
  ]
}
