// Inside the writer: bodies that nothing names any more. A stage row of a dead run or past the upload limit becomes garbage;
// garbage that is old enough and not pinned is marked, its object deleted outside, its row deleted last. A crash between
// any two of these repeats the rest. Keys are never reused, so a sweeper that slept deletes nothing of anybody.

import type { Procedures } from '../../../../core/db/sqlite/procedure.ts'
import { type AbandonCall, choreRows, type Doomed, type MarkCall } from '../../chores.ts'
import type { StageCall, UnstageCall } from '../../stage.ts'

/** `since_ms` of a row whose object is being deleted: no pin saves it any more. */
const doomedMs = -1

export const garbageProcedures: Procedures = {
  'stage.add': (sql) => {
    const insert = sql.prepare(
      'INSERT INTO stage (pod, blob, node, instance, since_ms) SELECT pod, ?, ?, ?, ? FROM pod WHERE id = ?',
    )
    return ({ pod, blob, node, instance, nowMs }: StageCall) => void insert.run(blob, node, instance, nowMs, pod)
  },

  /** The blob never belonged to a resource, so nothing can need it: due at once. */
  'stage.drop': (sql) => {
    const find = sql.prepare<{ pod: number }>(
      'SELECT s.pod FROM stage s JOIN pod p ON p.pod = s.pod WHERE p.id = ? AND s.blob = ?',
    )
    const remove = sql.prepare('DELETE FROM stage WHERE pod = ? AND blob = ?')
    const discard = sql.prepare('INSERT INTO garbage (pod, ref, seq, since_ms) VALUES (?, ?, 0, 0)')
    return ({ pod, blob }: UnstageCall) => {
      const row = find.get(pod, blob)
      if (row === undefined) return
      remove.run(row.pod, blob)
      discard.run(row.pod, blob)
    }
  },

  /** True when there may be more. */
  'stage.abandon': (sql) => {
    const find = sql.prepare<{ pod: number; blob: string }>(
      'SELECT pod, blob FROM stage WHERE instance <> ? OR since_ms < ? LIMIT ?',
    )
    const remove = sql.prepare('DELETE FROM stage WHERE pod = ? AND blob = ?')
    const discard = sql.prepare('INSERT INTO garbage (pod, ref, seq, since_ms) VALUES (?, ?, 0, 0)')
    return ({ instance, beforeMs }: AbandonCall) => {
      const rows = find.all(instance, beforeMs, choreRows)
      for (const { pod, blob } of rows) {
        remove.run(pod, blob)
        discard.run(pod, blob)
      }
      return rows.length === choreRows
    }
  },

  /** Small bodies go at once; the blobs to delete are returned, also those that an earlier run marked and did not finish. */
  'garbage.mark': (sql) => {
    const find = sql.prepare<Doomed>(
      `SELECT pod, ref FROM garbage g WHERE since_ms <= ?
       AND (since_ms = ${doomedMs} OR NOT EXISTS
         (SELECT 1 FROM feed_pin f WHERE f.pod = g.pod AND f.seq < g.seq AND f.until_ms > ?)) LIMIT ?`,
    )
    const mark = sql.prepare(`UPDATE garbage SET since_ms = ${doomedMs} WHERE pod = ? AND ref = ?`)
    const remove = sql.prepare('DELETE FROM garbage WHERE pod = ? AND ref = ?')
    const removeBody = sql.prepare('DELETE FROM body WHERE id = ?')
    return ({ nowMs, beforeMs }: MarkCall): Doomed[] => {
      const doomed: Doomed[] = []
      for (const row of find.all(beforeMs, nowMs, choreRows)) {
        if (row.ref.startsWith('#')) {
          removeBody.run(Number(row.ref.slice(1)))
          remove.run(row.pod, row.ref)
        } else {
          mark.run(row.pod, row.ref)
          doomed.push(row)
        }
      }
      return doomed
    }
  },

  'garbage.gone': (sql) => {
    const remove = sql.prepare('DELETE FROM garbage WHERE pod = ? AND ref = ?')
    return (rows: readonly Doomed[]) => {
      for (const { pod, ref } of rows) remove.run(pod, ref)
    }
  },
}
