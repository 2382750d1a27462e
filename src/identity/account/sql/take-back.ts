// Steps that take back what an account or a session has given away: tokens end by `revoked` rows for their grants, apps by
// losing what the provider keeps of them. One transaction with whatever causes it, so nothing is taken back by half.

import { longestTokenMs } from '../revocations.ts'
import { type Guarded, step } from './parts.ts'

/** Covers clocks that differ. */
const marginMs = 5 * 60_000

const insertInto = 'INSERT INTO revoked (grant_id, at_ms, until_ms)'
const times = 'CAST(? AS BIGINT), CAST(? AS BIGINT)'
const orLater = 'ON CONFLICT (grant_id) DO UPDATE SET at_ms = excluded.at_ms, until_ms = excluded.until_ms'

/** The grant in the tokens of a credential; its generation goes up when they end and the credential stays. */
export const credentialGrant = "client_credential.id || '.' || CAST(client_credential.generation AS TEXT)"

const revokeGrantsOfAccount = `${insertInto} SELECT id, ${times} FROM oidc_record
  WHERE account = ? AND model = 'Grant' ${orLater}`
const revokeCredentialsOfAccount = `${insertInto} SELECT ${credentialGrant}, ${times} FROM client_credential
  WHERE account = ? ${orLater}`
const revokeCredential = `${insertInto} SELECT ${credentialGrant}, ${times} FROM client_credential
  WHERE id = ? AND account = ? ${orLater}`
const revokeCredentialsOfWebId = `${insertInto} SELECT ${credentialGrant}, ${times} FROM client_credential
  WHERE account = ? AND web_id = ? ${orLater}`

function when(nowMs: number): [number, number] {
  return [nowMs, nowMs + longestTokenMs + marginMs]
}

/** Everything that is logged in or was let in, and every token. The credentials stay and work with new tokens. */
export function takeBackAccount(account: string, nowMs: number): Guarded[] {
  return [
    step(revokeGrantsOfAccount, [...when(nowMs), account]),
    step(revokeCredentialsOfAccount, [...when(nowMs), account]),
    step('UPDATE client_credential SET generation = generation + 1 WHERE account = ?', [account]),
    step(
      `DELETE FROM oidc_record WHERE grant_id IN (SELECT id FROM oidc_record WHERE account = ? AND model = 'Grant')`,
      [account],
    ),
    step('DELETE FROM oidc_record WHERE account = ?', [account]),
    step('DELETE FROM account_session WHERE account = ?', [account]),
  ]
}

export function takeBackCredential(account: string, credential: string, nowMs: number): Guarded[] {
  return [step(revokeCredential, [...when(nowMs), credential, account])]
}

export function takeBackCredentialsOfWebId(account: string, webId: string, nowMs: number): Guarded[] {
  return [
    step(revokeCredentialsOfWebId, [...when(nowMs), account, webId]),
    step('DELETE FROM client_credential WHERE account = ? AND web_id = ?', [account, webId]),
  ]
}

const revokeSessions = (sessions: string): string => `${insertInto} SELECT id, ${times} FROM oidc_record
  WHERE session IN (${sessions}) AND model = 'Grant' ${orLater}`
const deleteGranted = (sessions: string): string => `DELETE FROM oidc_record WHERE grant_id IN
  (SELECT id FROM oidc_record WHERE session IN (${sessions}) AND model = 'Grant')`
const deleteRecords = (sessions: string): string => `DELETE FROM oidc_record WHERE session IN (${sessions})`

const oneSession = 'SELECT id FROM account_session WHERE id = ?'
const otherSessions = 'SELECT id FROM account_session WHERE account = ? AND id <> ?'

/** The last step changes one row when there was such a session. */
export function takeBackSession(id: string, nowMs: number): Guarded[] {
  return [
    step(revokeSessions(oneSession), [...when(nowMs), id]),
    step(deleteGranted(oneSession), [id]),
    step(deleteRecords(oneSession), [id]),
    step('DELETE FROM account_session WHERE id = ?', [id]),
  ]
}

/** All sessions of an account but one; all when `except` is empty. */
export function takeBackSessions(account: string, except: string, nowMs: number): Guarded[] {
  return [
    step(revokeSessions(otherSessions), [...when(nowMs), account, except]),
    step(deleteGranted(otherSessions), [account, except]),
    step(deleteRecords(otherSessions), [account, except]),
    step('DELETE FROM account_session WHERE account = ? AND id <> ?', [account, except]),
  ]
}
