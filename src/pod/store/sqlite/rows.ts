// Rows of the tables and the values of the contract that they stand for. Shared by the writer thread and the reading side.

import type { SqlValue } from '../../../core/db/database.ts'
import { isContainer, type Key, type Path } from '../../path.ts'
import type { BodyRef, Kind, Resource } from '../resource.ts'

/** The order is stored: only ever append. Below `firstAuxiliary` a resource is listed by its parent. */
export const kinds: readonly Kind[] = ['container', 'document', 'acl', 'meta']
export const containerKind = 0
export const documentKind = 1
export const aclKind = 2
export const firstAuxiliary = 2

/** The parent of the root, which no key can be: keys are empty or start with a slash. */
const aboveRoot = '.'

export const noHash = new Uint8Array(0)

export interface ResourceRow {
  readonly key: Key
  readonly kind: number
  readonly seq: number
  readonly mark: number
  readonly childSeq: number
  readonly mediaType: string
  readonly size: number
  readonly sha256: Uint8Array
  readonly body: number | null
  readonly blob: string | null
  readonly modifiedMs: number
  readonly d: Uint8Array
}

/** All that a reader needs; `d` is for the writer. */
export const readColumns =
  'key, kind, seq, mark, child_seq AS childSeq, media_type AS mediaType, size, sha256, body, blob, modified_ms AS modifiedMs'

export const resourceColumns = `${readColumns}, d`

export interface HeadRow {
  readonly pod: number
  readonly node: string
  readonly epoch: number
  readonly state: string
  readonly seq: number
  readonly mark: number
  readonly aclSeq: number
  readonly bytes: number
  readonly resources: number
  readonly digest: Uint8Array
  readonly pins: number
}

export const headColumns =
  'h.pod, h.node, h.epoch, h.state, h.seq, h.mark, h.acl_seq AS aclSeq, h.bytes, h.resources, h.digest, h.pins'

export function parentKeyOf(key: Key): Key {
  return key === '' ? aboveRoot : key.slice(0, key.lastIndexOf('/'))
}

export function pathOf(key: Key, kind: number): Path {
  return kind === containerKind ? `${key}/` : key
}

/** Whether a row has the slash form that the path asks for. */
export function hasFormOf(row: { readonly kind: number }, path: Path): boolean {
  return (row.kind === containerKind) === isContainer(path)
}

export function resourceOf(row: Omit<ResourceRow, 'd'>): Resource {
  return {
    path: pathOf(row.key, row.kind),
    kind: kinds[row.kind]!,
    version: { seq: row.seq, mark: row.mark },
    childSeq: row.childSeq,
    mediaType: row.mediaType,
    size: row.size,
    sha256: row.sha256,
    bodyRef: bodyRefOf(row),
    modifiedMs: row.modifiedMs,
  }
}

function bodyRefOf(row: Pick<ResourceRow, 'body' | 'blob'>): BodyRef | undefined {
  if (row.blob !== null) return { blob: row.blob }
  return row.body === null ? undefined : { inline: row.body }
}

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
