// Which grants have been taken back while tokens of theirs may still be alive (rule 9). Asked for every request with a token
// of our own, so it answers from memory; rows that others wrote are read every 2 s, new ones only. Rows are found by when
// they were written, with room for clocks that differ and for rows that were committed late.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Database } from '../../core/db/database.ts'
import { pollRead } from './polled-read.ts'

/** No access token lives longer: what the provider gives out must keep to it. */
export const longestTokenMs = 60 * 60_000

export interface Revocations {
  /** Holds here at once, elsewhere within 5 s; durable when it resolves. */
  revoke(grantId: string, untilMs: number): Promise<void>
  isRevoked(grantId: string): boolean
  /** Reads what is new now. */
  refresh(): Promise<void>
}

export interface RevocationsOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly maxKept?: number
}

/** Tolerated between clocks, and between a row's time and its commit. */
const overlapMs = 120_000
const pageRows = 1000

interface RevokedRow {
  readonly grant_id: string
  readonly at_ms: number
  readonly until_ms: number
  readonly [column: string]: string | number
}

const insert = `INSERT INTO revoked (grant_id, at_ms, until_ms) VALUES (?, ?, ?)
  ON CONFLICT (grant_id) DO UPDATE SET at_ms = excluded.at_ms, until_ms = excluded.until_ms`
const selectSince = `SELECT grant_id, at_ms, until_ms FROM revoked
  WHERE (at_ms, grant_id) > (?, ?) ORDER BY at_ms, grant_id LIMIT ?`

/** Resolves when everything that is in force is known. */
export async function createRevocations(options: RevocationsOptions): Promise<Revocations & AsyncDisposable> {
  const { db, clock, log } = options
  const kept = createKept(options.maxKept ?? 100_000, options)
  let readToMs = 0

  async function read(): Promise<void> {
    let atMs = readToMs - overlapMs
    let grantId = ''
    for (;;) {
      const rows = await db.read<RevokedRow>(selectSince, [atMs, grantId, pageRows])
      for (const row of rows) kept.add(row.grant_id, row.until_ms)
      const last = rows.at(-1)
      if (last !== undefined) ({ at_ms: atMs, grant_id: grantId } = last)
      // A clock that ran ahead elsewhere must not make this one skip rows.
      readToMs = Math.min(Math.max(readToMs, atMs), clock.nowMs())
      if (rows.length < pageRows) return
    }
  }

  const polled = await pollRead(read, { clock, log, unread: 'revocations.unread' })
  return {
    ...polled,
    async revoke(grantId, untilMs) {
      await db.write([{ query: insert, args: [grantId, clock.nowMs(), untilMs] }])
      kept.add(grantId, untilMs)
    },
    isRevoked: (grantId) => kept.has(grantId),
  }
}

interface Kept {
  add(grantId: string, untilMs: number): void
  has(grantId: string): boolean
}

/** The oldest go when there are too many: the tokens of the others live longer. */
function createKept(maxKept: number, { clock, log }: { readonly clock: Clock; readonly log: Log }): Kept {
  const untilByGrant = new Map<string, number>()

  function makeRoom(): void {
    const nowMs = clock.nowMs()
    for (const [grantId, untilMs] of untilByGrant) if (untilMs <= nowMs) untilByGrant.delete(grantId)
    if (untilByGrant.size < maxKept) return
    log.error('revocations.full', { max: maxKept })
    for (const grantId of untilByGrant.keys()) {
      if (untilByGrant.size <= maxKept * 0.9) return
      untilByGrant.delete(grantId)
    }
  }

  return {
    add(grantId, untilMs) {
      if (untilMs <= clock.nowMs() || untilByGrant.get(grantId) === untilMs) return
      if (untilByGrant.size >= maxKept) makeRoom()
      untilByGrant.set(grantId, untilMs)
    },
    has(grantId) {
      const untilMs = untilByGrant.get(grantId)
      return untilMs !== undefined && clock.nowMs() < untilMs
    },
  }
}
