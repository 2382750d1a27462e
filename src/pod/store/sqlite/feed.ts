// The feed: one row per committed change (store rule 25). It tells consumers which keys changed, and a retried change what
// its first outcome was. Rows hold compact JSON arrays; their form is private to this file.

import type { WriterSql } from '../../../core/db/sqlite/procedure.ts'
import type { Path } from '../../path.ts'
import type { Change, Outcome } from '../change.ts'
import type { FeedAgent, FeedEntry, FeedTouch } from '../resource.ts'
import type { PlannedWrite } from './writer/plan.ts'
import { kinds, pathOf } from './rows.ts'

export type Committed = Extract<Outcome, { ok: true }>

type TouchLine = readonly [path: Path, act: number, kind: number, mediaType: string, size: number, modifiedMs: number]
type ParentLine = readonly [path: Path, containment: number, modifiedMs: number]

const acts = ['create', 'update', 'delete'] as const

export interface FeedRow {
  readonly seq: number
  readonly mark: number
  readonly epoch: number
  readonly atMs: number
  readonly opId: string
  readonly agent: string
  readonly bytesDelta: number
  readonly aclSeq: number
  readonly touched: string
  readonly parents: string
}

export const feedColumns =
  'seq, mark, epoch, at_ms AS atMs, op_id AS opId, agent, bytes_delta AS bytesDelta, acl_seq AS aclSeq, touched, parents'

export interface FeedWriter {
  /** The outcome of a change committed before under this opId. */
  outcomeOf(pod: number, opId: string): Committed | undefined
  add(pod: number, entry: NewEntry): void
}

export interface NewEntry {
  readonly change: Pick<Change, 'opId' | 'epoch' | 'agent'>
  readonly outcome: Committed
  readonly writes: readonly PlannedWrite[]
  readonly atMs: number
  readonly bytesDelta: number
}

export function createFeedWriter(sql: WriterSql): FeedWriter {
  const find = sql.prepare<FeedRow>(`SELECT ${feedColumns} FROM feed WHERE pod = ? AND op_id = ?`)
  const insert = sql.prepare('INSERT INTO feed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  return {
    outcomeOf(pod, opId) {
      const row = find.get(pod, opId)
      return row === undefined ? undefined : outcomeOf(row)
    },
    add(pod, { change, outcome, writes, atMs, bytesDelta }) {
      const { at, aclSeq } = outcome
      const touched = writes.map(touchLine)
      const parents = outcome.parents.map((one) => [one.path, one.containment ? 1 : 0, one.modifiedMs])
      insert.run(
        pod,
        at.seq,
        at.mark,
        change.epoch,
        atMs,
        change.opId,
        JSON.stringify(change.agent),
        bytesDelta,
        aclSeq,
        JSON.stringify(touched),
        JSON.stringify(parents),
      )
    },
  }
}

export function entryOf(row: FeedRow): FeedEntry {
  return {
    version: { seq: row.seq, mark: row.mark },
    epoch: row.epoch,
    atMs: row.atMs,
    opId: row.opId,
    agent: JSON.parse(row.agent) as FeedAgent,
    bytesDelta: row.bytesDelta,
    touched: (JSON.parse(row.touched) as TouchLine[]).map(touchOf),
  }
}

function outcomeOf(row: FeedRow): Committed {
  const touched = (JSON.parse(row.touched) as TouchLine[]).map(touchOf)
  const parents = JSON.parse(row.parents) as ParentLine[]
  return {
    ok: true,
    at: { seq: row.seq, mark: row.mark },
    aclSeq: row.aclSeq,
    made: touched.map(({ path, act, modifiedMs }) => ({ path, act, modifiedMs })),
    parents: parents.map(([path, containment, modifiedMs]) => ({ path, containment: containment === 1, modifiedMs })),
  }
}

function touchLine(write: PlannedWrite): TouchLine {
  const { key, kind, act, mediaType, body, modifiedMs } = write
  return [pathOf(key, kind), acts.indexOf(act), kind, mediaType, body?.size ?? 0, modifiedMs]
}

function touchOf([path, act, kind, mediaType, size, modifiedMs]: TouchLine): FeedTouch {
  return { path, act: acts[act]!, kind: kinds[kind]!, mediaType, size, modifiedMs }
}
