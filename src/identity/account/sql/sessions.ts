// Who is logged in to the account pages. A session is found by the hash of its token; the answer is remembered for 5 s, and
// forgotten at once when this process ends a session. Its end moves with its use; using it is written every five minutes.

import { ExpiringCache } from '../../../core/cache/expiring.ts'
import type { Row } from '../../../core/db/database.ts'
import type { Accounts, Session } from '../accounts.ts'
import { hashSecret, newSecret } from '../secrets.ts'
import { must, type Parts, step, writeAll } from './parts.ts'
import { takeBackSession, takeBackSessions } from './take-back.ts'

const rememberedMs = 14 * 24 * 60 * 60_000
const unrememberedMs = 24 * 60 * 60_000
const touchMs = 5 * 60_000
const cachedMs = 5000
const maxCached = 10_000
/** Of one account; the oldest end when there are more. */
const maxSessions = 200
const maxTokenLength = 100

interface SessionRow extends Row {
  readonly id: string
  readonly account: string
  readonly created_ms: number
  readonly last_seen_ms: number
  readonly expires_ms: number
  readonly remember: number
  readonly user_agent: string
  readonly address: string
}

const columns = `account_session.id, account_session.account, account_session.created_ms, account_session.last_seen_ms,
  account_session.expires_ms, account_session.remember, account_session.user_agent, account_session.address`
const selectLive = `SELECT ${columns} FROM account_session JOIN account ON account.id = account_session.account
  WHERE account_session.token_hash = ? AND account_session.expires_ms > ? AND account.state <> 'disabled'`
const selectOfAccount = `SELECT ${columns} FROM account_session
  WHERE account_session.account = ? AND account_session.expires_ms > ?
  ORDER BY account_session.last_seen_ms DESC, account_session.id DESC LIMIT ${maxSessions}`
const holdOpen = "UPDATE account SET expires_ms = expires_ms WHERE id = ? AND state <> 'disabled'"
const deleteOldest = `DELETE FROM account_session WHERE token_hash IN (SELECT token_hash FROM account_session
  WHERE account = ? ORDER BY created_ms DESC LIMIT 100 OFFSET ${maxSessions - 1})`
const insert = `INSERT INTO account_session
  (token_hash, id, account, created_ms, last_seen_ms, expires_ms, remember, user_agent, address)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const touch = 'UPDATE account_session SET last_seen_ms = ?, expires_ms = ? WHERE token_hash = ?'

type Sessions = Pick<Accounts, 'openSession' | 'findSession' | 'sessions' | 'endSession' | 'endOthers'>

/** `cache` is asked anew at each use: forgetting is putting an empty one in its place, so a late reader fills the old. */
export function createSessions(parts: Parts, cache: () => SessionCache): Sessions {
  const { db, clock, log, tookBack } = parts

  async function seen(hash: string, session: Session): Promise<Session> {
    const nowMs = clock.nowMs()
    if (nowMs - session.lastSeenMs < touchMs) return session
    const expiresMs = nowMs + (session.remember ? rememberedMs : unrememberedMs)
    try {
      await writeAll(db, [step(touch, [nowMs, expiresMs, hash])])
      return { ...session, lastSeenMs: nowMs, expiresMs }
    } catch (error) {
      // Reading pages goes on when nothing can be written.
      log.warn('session.untouched', { session: session.id, error })
      return session
    }
  }

  return {
    openSession: (account, wish) => openSession(parts, account, wish),
    async findSession(token) {
      if (token.length > maxTokenLength) return undefined
      const hash = hashSecret(token)
      const remembered = cache()
      const known = remembered.get(hash)
      if (known !== undefined) return known
      const [row] = await db.read<SessionRow>(selectLive, [hash, clock.nowMs()])
      if (row === undefined) return undefined
      const session = await seen(hash, sessionOf(row))
      remembered.set(hash, session, Math.min(cachedMs, session.expiresMs - clock.nowMs()))
      return session
    },
    async sessions(account) {
      return (await db.read<SessionRow>(selectOfAccount, [account, clock.nowMs()])).map(sessionOf)
    },
    async endSession(id) {
      const changed = await writeAll(db, takeBackSession(id, clock.nowMs()))
      await tookBack()
      return changed.at(-1) === 1
    },
    async endOthers(account, exceptId) {
      await writeAll(db, takeBackSessions(account, exceptId ?? '', clock.nowMs()))
      await tookBack()
    },
  }
}

export type SessionCache = ExpiringCache<Session>

export function createSessionCache(clock: Parts['clock']): SessionCache {
  return new ExpiringCache({ clock, maxEntries: maxCached, maxWeight: maxCached, weigh: () => 1 })
}

async function openSession(
  { db, clock, random }: Parts,
  account: string,
  wish: Parameters<Accounts['openSession']>[1],
): Promise<{ token: string; session: Session }> {
  const token = newSecret(random)
  const nowMs = clock.nowMs()
  const { remember } = wish
  const session: Session = {
    id: random.uuid7(nowMs),
    account,
    createdMs: nowMs,
    lastSeenMs: nowMs,
    expiresMs: nowMs + (remember ? rememberedMs : unrememberedMs),
    remember,
    userAgent: wish.userAgent.slice(0, 200),
    address: wish.address.slice(0, 64),
  }
  const { id, expiresMs, userAgent, address } = session
  await writeAll(db, [
    must('ACCOUNT_UNKNOWN', holdOpen, [account]),
    step(deleteOldest, [account]),
    step(insert, [hashSecret(token), id, account, nowMs, nowMs, expiresMs, remember ? 1 : 0, userAgent, address]),
  ])
  return { token, session }
}

function sessionOf(row: SessionRow): Session {
  return {
    id: row.id,
    account: row.account,
    createdMs: row.created_ms,
    lastSeenMs: row.last_seen_ms,
    expiresMs: row.expires_ms,
    remember: row.remember === 1,
    userAgent: row.user_agent,
    address: row.address,
  }
}
