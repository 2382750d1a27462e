// The feed as SQLite's writer thread fills it: each commit adds its entry, and a retried change finds its first outcome.

import type { WriterSql } from '../../../core/db/sqlite/procedure.ts'
import type { Change } from '../change.ts'
import { acts, agentCell, type Committed, type FeedRow, outcomeOf, type TouchLine } from '../feed.ts'
import { pathOf } from '../rows.ts'
import type { PlannedWrite } from './writer/plan.ts'

export const feedColumns =
  'seq, mark, epoch, at_ms AS atMs, op_id AS opId, agent, bytes_delta AS bytesDelta, acl_seq AS aclSeq, touched, parents'

export interface FeedWriter {
  /** The outcome of a change committed before under this opId. */
  outcomeOf(pod: number, opId: string): Committed | undefined
  add(pod: number, entry: NewEntry): void
}

export interface NewEntry {
  readonly change: Pick<Change, 'opId' | 'epoch' | 'agent' | 'ended'>
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
        agentCell(change),
        bytesDelta,
        aclSeq,
        JSON.stringify(touched),
        JSON.stringify(parents),
      )
    },
  }
}

function touchLine(write: PlannedWrite): TouchLine {
  const { key, kind, act, mediaType, body, modifiedMs } = write
  return [pathOf(key, kind), acts.indexOf(act), kind, mediaType, body?.size ?? 0, modifiedMs]
}
