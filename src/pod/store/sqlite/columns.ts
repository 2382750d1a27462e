// The columns of the tables as SQLite's queries name them, so that a row comes in the form of rows.ts.

import type { SqlValue } from '../../../core/db/database.ts'
import { parentKeyOf, type ResourceRow } from '../rows.ts'

/** All that a reader needs; `d` is for the writer. */
export const readColumns =
  'key, kind, seq, mark, child_seq AS childSeq, media_type AS mediaType, size, sha256, body, blob, modified_ms AS modifiedMs'

export const resourceColumns = `${readColumns}, d`

export const headColumns =
  'h.pod, h.node, h.epoch, h.state, h.seq, h.mark, h.acl_seq AS aclSeq, h.bytes, h.resources, h.digest, h.pins'

/** Arguments of an insert into `resource`, in the order of the table. */
export function insertArgs(pod: number, row: ResourceRow): SqlValue[] {
  return [
    pod,
    parentKeyOf(row.key),
    row.key,
    row.kind,
    row.seq,
    row.mark,
    row.childSeq,
    row.mediaType,
    row.size,
    row.sha256,
    row.body,
    row.blob,
    row.modifiedMs,
    row.d,
  ]
}
