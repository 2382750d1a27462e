// Inside the writer: rows that a move, an import or a copy brings, with their versions and times, for a pod in state
// 'staging'. Put-if-newer by seq, so that a batch may come twice. Leaves no feed entries: the feed's floor rises with the
// pod's seq instead. Group references of ACLs are not known here; whoever imports commits the ACLs anew at the switch.

import { XpodError } from '../../../../base/errors.ts'
import type { Procedures, WriterSql } from '../../../../core/db/sqlite/procedure.ts'
import { auxiliaryOf, keyOf } from '../../../path.ts'
import { resourceDigest, xorInto } from '../../digest.ts'
import type { ImportEntry } from '../../pod-store.ts'
import { bytesPerResource } from '../../quota.ts'
import type { PodId } from '../../resource.ts'
import { aclKind, type HeadRow, kinds, parentKeyOf, type ResourceRow } from '../../rows.ts'
import { createPodRows } from './plan.ts'
import { headColumns, insertArgs } from '../columns.ts'

export interface ImportCall {
  readonly pod: PodId
  readonly entries: readonly ImportEntry[]
}

export const importProcedures: Procedures = { 'pod.import': importEntries }

interface Counters {
  seq: number
  mark: number
  aclSeq: number
  bytes: number
  resources: number
  readonly digest: Uint8Array
}

function importEntries(sql: WriterSql): (call: ImportCall) => void {
  const findHead = sql.prepare<HeadRow>(
    `SELECT ${headColumns} FROM pod p JOIN pod_head h ON h.pod = p.pod WHERE p.id = ?`,
  )
  const rows = createPodRows(sql)
  const insertRow = sql.prepare('INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const deleteRow = sql.prepare('DELETE FROM resource WHERE pod = ? AND parent = ? AND key = ?')
  const insertBody = sql.prepare('INSERT INTO body (pod, bytes) VALUES (?, ?)')
  const deleteBody = sql.prepare('DELETE FROM body WHERE id = ?')
  const updateHead = sql.prepare(
    `UPDATE pod_head SET seq = ?, mark = ?, acl_seq = ?, bytes = ?, resources = ?, digest = ?,
     floor_seq = ?, floor_mark = ? WHERE pod = ?`,
  )
  const clearFeed = sql.prepare('DELETE FROM feed WHERE pod = ?')

  function remove(pod: number, row: ResourceRow, sum: Counters): void {
    if (row.body !== null) deleteBody.run(row.body)
    deleteRow.run(pod, parentKeyOf(row.key), row.key)
    xorInto(sum.digest, row.d)
    sum.bytes -= row.size + bytesPerResource
    sum.resources -= 1
  }

  function insert(pod: number, entry: ImportEntry, sum: Counters): void {
    const body = entry.body === undefined ? null : Number(insertBody.run(pod, entry.body).lastInsertRowid)
    const row = rowOf(entry, body)
    insertRow.run(...insertArgs(pod, row))
    xorInto(sum.digest, row.d)
    sum.bytes += row.size + bytesPerResource
    sum.resources += 1
  }

  return ({ pod: id, entries }) => {
    const head = findHead.get(id)
    if (head === undefined) throw new XpodError('POD_UNKNOWN')
    if (head.state !== 'staging') throw new XpodError('POD_READ_ONLY', 'rows are only taken by a pod in state staging')
    const { pod, seq, mark, aclSeq, bytes, resources } = head
    const sum: Counters = { seq, mark, aclSeq, bytes, resources, digest: new Uint8Array(head.digest) }
    for (const entry of entries) {
      const { version, path } = entry.resource
      const before = rows.row(pod, keyOf(path))
      if (before !== undefined && before.seq > version.seq) continue
      if (before !== undefined) remove(pod, before, sum)
      if (!entry.deleted) insert(pod, entry, sum)
      if (version.seq > sum.seq) Object.assign(sum, version)
      if (auxiliaryOf(path) === kinds[aclKind]) sum.aclSeq = Math.max(sum.aclSeq, version.seq)
    }
    clearFeed.run(pod)
    const floor = [sum.seq, sum.mark] as const
    updateHead.run(sum.seq, sum.mark, sum.aclSeq, sum.bytes, sum.resources, sum.digest, ...floor, pod)
  }
}

function rowOf({ resource }: ImportEntry, body: number | null): ResourceRow {
  const { bodyRef } = resource
  const row = {
    key: keyOf(resource.path),
    kind: kinds.indexOf(resource.kind),
    seq: resource.version.seq,
    mark: resource.version.mark,
    childSeq: resource.childSeq,
    mediaType: resource.mediaType,
    size: resource.size,
    sha256: resource.sha256,
    body,
    blob: bodyRef !== undefined && 'blob' in bodyRef ? bodyRef.blob : null,
    modifiedMs: resource.modifiedMs,
  }
  return { ...row, d: resourceDigest(row) }
}
