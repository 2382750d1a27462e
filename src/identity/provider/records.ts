// What the provider keeps, in SQL: codes, refresh tokens, grants, sessions, interactions and registered apps. Whatever id is
// a secret by itself lies there as its hash only, so a copy of the database logs nobody in. A code is used up by the one
// statement that finds it unused, whichever process asks (rule 10). Expired rows are not given; accounts.purgeDue removes them.

import { hash } from 'node:crypto'

import type { Clock } from '../../base/clock.ts'
import type { Database, Row, SqlValue, Step } from '../../core/db/database.ts'
import { longestTokenMs, type Revocations } from '../account/revocations.ts'
import { readSubject } from './subject.ts'

/** As the library wants it; `jti` is not stored, it is the id. */
export type Payload = Readonly<Record<string, unknown>>

export interface StoredRecord {
  /** As it was asked for; the key when it was not asked for by its id. */
  readonly id: string
  /** Names the row; opens nothing. */
  readonly key: string
  readonly payload: Payload
  /** Seconds since 1970. */
  readonly consumed: number | undefined
}

export interface Records {
  put(model: string, id: string, payload: Payload, ttlSeconds: number | undefined): Promise<void>
  find(model: string, id: string): Promise<StoredRecord | undefined>
  findByUid(model: string, uid: string): Promise<StoredRecord | undefined>
  delete(model: string, id: string): Promise<void>
  /** Another payload for a row that was found; its life stays. */
  replace(model: string, key: string, payload: Payload): Promise<void>
  /** False when it was used before. */
  consume(model: string, id: string): Promise<boolean>
  /** Lengthens the life of a row to this, unless it has less than `slackSeconds` to gain. */
  keep(model: string, id: string, life: { readonly ttlSeconds: number; readonly slackSeconds: number }): Promise<void>
  /** False when it has been remembered before. */
  remember(replayId: string, ttlSeconds: number): Promise<boolean>
  /** Everything of these grants goes, and tokens of theirs end. */
  revoke(grantIds: readonly string[]): Promise<void>
  grantsOf(account: string): Promise<readonly StoredRecord[]>
}

interface RecordRow extends Row {
  readonly id: string
  readonly payload: string
  readonly consumed_ms: number | null
}

/** Names that are told to others anyway; every other id opens something. */
const openIds: ReadonlySet<string> = new Set(['Client', 'Grant'])
const maxGrants = 1000

const upsert = `INSERT INTO oidc_record (model, id, payload, grant_id, uid, account, session, expires_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid,
  account = excluded.account, session = excluded.session, expires_ms = excluded.expires_ms`
/** An app that logs in anew whenever its page is loaded gets a refresh token each time and forgets those before. */
const maxRefreshTokens = 20
const forgetOldest = `DELETE FROM oidc_record WHERE grant_id = ? AND model = 'RefreshToken' AND expires_ms < (
  SELECT expires_ms FROM oidc_record WHERE grant_id = ? AND model = 'RefreshToken'
  ORDER BY expires_ms DESC LIMIT 1 OFFSET ${maxRefreshTokens - 1})`
const columns = 'id, payload, consumed_ms'
const alive = '(expires_ms IS NULL OR expires_ms > ?)'
const selectOne = `SELECT ${columns} FROM oidc_record WHERE model = ? AND id = ? AND ${alive}`
const selectByUid = `SELECT ${columns} FROM oidc_record WHERE uid = ? AND model = ? AND ${alive}`
const selectGrants = `SELECT ${columns} FROM oidc_record WHERE account = ? AND model = 'Grant' AND ${alive}
  ORDER BY id LIMIT ${maxGrants}`
const replace = 'UPDATE oidc_record SET payload = ?, account = ?, session = ? WHERE model = ? AND id = ?'
const consume = 'UPDATE oidc_record SET consumed_ms = ? WHERE model = ? AND id = ? AND consumed_ms IS NULL'
const selectBrief = 'SELECT 1 AS one FROM oidc_record WHERE model = ? AND id = ? AND expires_ms <= ?'
const lengthen = 'UPDATE oidc_record SET expires_ms = ? WHERE model = ? AND id = ? AND expires_ms < ?'
const insertRevoked = `INSERT INTO revoked (grant_id, at_ms, until_ms) VALUES (?, ?, ?)
  ON CONFLICT (grant_id) DO UPDATE SET at_ms = excluded.at_ms, until_ms = excluded.until_ms`

export interface RecordParts {
  readonly db: Database
  readonly clock: Clock
  readonly revocations: Pick<Revocations, 'refresh'>
}

export function createRecords({ db, clock, revocations }: RecordParts): Records {
  const one = async (query: string, args: readonly SqlValue[], id?: string): Promise<StoredRecord | undefined> => {
    const [row] = await db.read<RecordRow>(query, [...args, clock.nowMs()])
    return row && recordOf(row, id ?? row.id)
  }
  const write = async (query: string, ...args: readonly SqlValue[]): Promise<boolean> => {
    const written = await db.write([{ query, args, expect: 1 }])
    return written.ok
  }
  return {
    async put(model, id, payload, ttlSeconds) {
      const text = textWithoutId(payload)
      const grantId = model === 'Grant' ? id : textOrNull(payload['grantId'])
      const expiresMs = ttlSeconds === undefined ? null : clock.nowMs() + ttlSeconds * 1000
      const names = [grantId, textOrNull(payload['uid']), ...ownerOf(payload)]
      const put: Step = { query: upsert, args: [model, keyOf(model, id), text, ...names, expiresMs] }
      const thin: Step = { query: forgetOldest, args: [grantId, grantId] }
      await db.write(model === 'RefreshToken' ? [put, thin] : [put])
    },
    find: (model, id) => one(selectOne, [model, keyOf(model, id)], id),
    findByUid: (model, uid) => one(selectByUid, [uid, model]),
    async delete(model, id) {
      await db.write([{ query: 'DELETE FROM oidc_record WHERE model = ? AND id = ?', args: [model, keyOf(model, id)] }])
    },
    async replace(model, key, payload) {
      const owner = ownerOf(payload)
      await db.write([{ query: replace, args: [textWithoutId(payload), ...owner, model, key] }])
    },
    consume: (model, id) => write(consume, clock.nowMs(), model, keyOf(model, id)),
    async keep(model, id, { ttlSeconds, slackSeconds }) {
      const expiresMs = clock.nowMs() + ttlSeconds * 1000
      const atMostMs = expiresMs - slackSeconds * 1000
      const [row] = await db.read(selectBrief, [model, keyOf(model, id), atMostMs])
      if (row === undefined) return
      await db.write([{ query: lengthen, args: [expiresMs, model, keyOf(model, id), expiresMs] }])
    },
    remember: (replayId, ttlSeconds) =>
      write(
        'INSERT INTO replay (id, expires_ms) VALUES (?, ?) ON CONFLICT DO NOTHING',
        replayId,
        clock.nowMs() + ttlSeconds * 1000,
      ),
    async revoke(grantIds) {
      const nowMs = clock.nowMs()
      const untilMs = nowMs + longestTokenMs
      const steps = grantIds.flatMap((grantId): Step[] => [
        { query: insertRevoked, args: [grantId, nowMs, untilMs] },
        { query: 'DELETE FROM oidc_record WHERE grant_id = ?', args: [grantId] },
      ])
      if (steps.length === 0) return
      await db.write(steps)
      await revocations.refresh()
    },
    async grantsOf(account) {
      const rows = await db.read<RecordRow>(selectGrants, [account, clock.nowMs()])
      return rows.map((row) => recordOf(row, row.id))
    },
  }
}

/** The id is the key; JSON leaves undefined out. */
function textWithoutId(payload: Payload): string {
  return JSON.stringify({ ...payload, jti: undefined })
}

/** Account and session. */
function ownerOf(payload: Payload): readonly (string | null)[] {
  const subject = readSubject(payload['accountId'])
  return [subject?.account ?? null, subject?.session ?? null]
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function keyOf(model: string, id: string): string {
  return openIds.has(model) ? id : hash('sha256', id, 'base64url')
}

function recordOf(row: RecordRow, id: string): StoredRecord {
  const consumed = row.consumed_ms === null ? undefined : Math.floor(row.consumed_ms / 1000)
  return { id, key: row.id, payload: JSON.parse(row.payload) as Payload, consumed }
}
