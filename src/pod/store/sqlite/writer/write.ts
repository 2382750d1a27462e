// Carries out a plan that was judged good: rows, bodies, what containers learn of their children, and what that adds up to.
// Nothing here decides; an error is unexpected and undoes the change.

import type { WriterSql } from '../../../../core/db/sqlite/procedure.ts'
import { resourceDigest, xorInto } from '../../digest.ts'
import type { Version } from '../../resource.ts'
import { aclKind, type HeadRow, noHash, parentKeyOf, type ResourceRow } from '../../rows.ts'
import type { PlannedBump, PlannedWrite } from './plan.ts'
import { insertArgs } from '../columns.ts'

export interface WriteContext {
  readonly head: HeadRow
  readonly version: Version
  readonly nowMs: number
  /** XOR of the pod's digests, changed in place. */
  readonly digest: Uint8Array
}

export interface PlanWriter {
  write(context: WriteContext, write: PlannedWrite, childSeq: number): void
  bump(context: WriteContext, bump: PlannedBump): void
}

export function createPlanWriter(sql: WriterSql): PlanWriter {
  const insertRow = sql.prepare('INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const updateRow = sql.prepare(
    'UPDATE resource SET seq = ?, mark = ?, media_type = ?, size = ?, sha256 = ?, body = ?, blob = ?, modified_ms = ?, d = ? WHERE pod = ? AND parent = ? AND key = ?',
  )
  const deleteRow = sql.prepare('DELETE FROM resource WHERE pod = ? AND parent = ? AND key = ?')
  const bumpRow = sql.prepare(
    'UPDATE resource SET child_seq = ?, modified_ms = ?, d = ? WHERE pod = ? AND parent = ? AND key = ?',
  )
  const insertBody = sql.prepare('INSERT INTO body (pod, bytes) VALUES (?, ?)')
  const deleteBody = sql.prepare('DELETE FROM body WHERE id = ?')
  const insertGarbage = sql.prepare('INSERT INTO garbage (pod, ref, seq, since_ms) VALUES (?, ?, ?, ?)')
  const consumeStage = sql.prepare('DELETE FROM stage WHERE pod = ? AND blob = ?')
  const forgetGroups = sql.prepare('DELETE FROM group_ref WHERE pod = ? AND acl = ?')

  /** An inline body goes with its row unless a pin still needs it; a blob is swept later. */
  function dropBody(context: WriteContext, row: ResourceRow): void {
    const { head, version, nowMs } = context
    if (row.blob !== null) insertGarbage.run(head.pod, row.blob, version.seq, nowMs)
    else if (row.body !== null && head.pins > 0) insertGarbage.run(head.pod, `#${row.body}`, version.seq, nowMs)
    else if (row.body !== null) deleteBody.run(row.body)
  }

  function storeBody(pod: number, write: PlannedWrite): number | null {
    if (write.body === undefined) return null
    if (write.body.inline !== undefined) return Number(insertBody.run(pod, write.body.inline).lastInsertRowid)
    consumeStage.run(pod, write.body.blob!)
    return null
  }

  return {
    write(context, write, childSeq) {
      const { pod } = context.head
      const { before } = write
      if (before !== undefined) {
        dropBody(context, before)
        xorInto(context.digest, before.d)
      }
      if (write.kind === aclKind) forgetGroups.run(pod, write.key)
      if (write.act === 'delete') {
        deleteRow.run(pod, parentKeyOf(write.key), write.key)
        return
      }
      const row = rowOf(write, { version: context.version, childSeq, body: storeBody(pod, write) })
      xorInto(context.digest, row.d)
      if (write.act === 'create') insertRow.run(...insertArgs(pod, row))
      else updateRow.run(...updateArgs(pod, row))
    },
    bump(context, { before, containment, modifiedMs }) {
      let { d } = before
      if (containment) {
        xorInto(context.digest, d)
        d = resourceDigest({ ...before, modifiedMs })
        xorInto(context.digest, d)
      }
      const { pod } = context.head
      bumpRow.run(context.version.seq, modifiedMs, d, pod, parentKeyOf(before.key), before.key)
    },
  }
}

function rowOf(
  write: PlannedWrite,
  made: { readonly version: Version; readonly childSeq: number; readonly body: number | null },
): ResourceRow {
  const row = {
    key: write.key,
    kind: write.kind,
    seq: made.version.seq,
    mark: made.version.mark,
    childSeq: made.childSeq,
    mediaType: write.mediaType,
    size: write.body?.size ?? 0,
    sha256: write.body?.sha256 ?? noHash,
    body: made.body,
    blob: write.body?.blob ?? null,
    modifiedMs: write.modifiedMs,
  }
  return { ...row, d: resourceDigest(row) }
}

function updateArgs(pod: number, row: ResourceRow): (string | number | Uint8Array | null)[] {
  return [
    row.seq,
    row.mark,
    row.mediaType,
    row.size,
    row.sha256,
    row.body,
    row.blob,
    row.modifiedMs,
    row.d,
    pod,
    parentKeyOf(row.key),
    row.key,
  ]
}
