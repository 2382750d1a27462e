// Work inside the writer that keeps the store tidy: stage rows, garbage, feed retention, emptying deleted pods. Each chore
// does at most 500 rows or 5 ms and says whether there is more; it runs at the end of a batch, after waiting commits.

import type { Procedures, WriterSql } from '../../../core/db/sqlite/procedure.ts'
import type { PodId } from '../resource.ts'

export interface StageCall {
  readonly pod: PodId
  readonly blob: string
  readonly node: string
  readonly instance: string
  readonly nowMs: number
}

export interface UnstageCall {
  readonly pod: PodId
  readonly blob: string
}

export const sweepProcedures: Procedures = {
  'stage.add': (sql) => {
    const insert = sql.prepare(
      'INSERT INTO stage (pod, blob, node, instance, since_ms) SELECT pod, ?, ?, ?, ? FROM pod WHERE id = ?',
    )
    return ({ pod, blob, node, instance, nowMs }: StageCall) => void insert.run(blob, node, instance, nowMs, pod)
  },
  'stage.drop': dropStage,
}

/** The blob never belonged to a resource, so nothing can need it: due at once. */
function dropStage(sql: WriterSql): (call: UnstageCall) => void {
  const find = sql.prepare<{ pod: number }>(
    'SELECT s.pod FROM stage s JOIN pod p ON p.pod = s.pod WHERE p.id = ? AND s.blob = ?',
  )
  const remove = sql.prepare('DELETE FROM stage WHERE pod = ? AND blob = ?')
  const discard = sql.prepare('INSERT INTO garbage (pod, ref, seq, since_ms) VALUES (?, ?, 0, 0)')
  return ({ pod, blob }) => {
    const row = find.get(pod, blob)
    if (row === undefined) return
    remove.run(row.pod, blob)
    discard.run(row.pod, blob)
  }
}
