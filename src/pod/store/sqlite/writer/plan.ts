// What a change would write, worked out before anything is written: planned rows lie over the stored ones, so that a later
// op of the same change sees the earlier. Reads only. The judge fills it, write.ts carries it out.

import assert from 'node:assert/strict'

import type { WriterSql } from '../../../../core/db/sqlite/procedure.ts'
import type { Key, Path } from '../../../path.ts'
import type { StagedBody } from '../../change.ts'
import { containerKind, type HeadRow, parentKeyOf, pathOf, type ResourceRow } from '../../rows.ts'
import { resourceColumns } from '../columns.ts'

export interface PlannedWrite {
  readonly key: Key
  readonly kind: number
  readonly act: 'create' | 'update' | 'delete'
  /** The stored row; undefined for a creation. */
  readonly before: ResourceRow | undefined
  readonly mediaType: string
  /** Undefined for containers and deletions. */
  readonly body: StagedBody | undefined
  readonly modifiedMs: number
}

/** A container whose listing changes: by a child's content, or by which children there are. */
export interface PlannedBump {
  readonly before: ResourceRow
  readonly containment: boolean
  readonly modifiedMs: number
}

/** Reads of the current transaction, statements prepared once. */
export interface PodRows {
  row(pod: number, key: Key): ResourceRow | undefined
  /** At most `limit` keys of listed children. */
  childKeys(pod: number, key: Key, limit: number): Key[]
}

export function createPodRows(sql: WriterSql): PodRows {
  const row = sql.prepare<ResourceRow>(
    `SELECT ${resourceColumns} FROM resource WHERE pod = ? AND parent = ? AND key = ?`,
  )
  const children = sql.prepare<{ key: Key }>(
    'SELECT key FROM resource WHERE pod = ? AND parent = ? AND kind < 2 LIMIT ?',
  )
  return {
    row: (pod, key) => row.get(pod, parentKeyOf(key), key),
    childKeys: (pod, key, limit) => children.all(pod, key, limit).map((child) => child.key),
  }
}

export class Plan {
  readonly head: HeadRow
  readonly nowMs: number
  /** Ops in their order. */
  readonly writes: PlannedWrite[] = []
  /** Ancestors made and auxiliaries cascaded. */
  readonly further: PlannedWrite[] = []
  readonly #rows: PodRows
  readonly #byKey = new Map<Key, PlannedWrite>()
  readonly #stored = new Map<Key, ResourceRow | undefined>()

  constructor(head: HeadRow, nowMs: number, rows: PodRows) {
    this.head = head
    this.nowMs = nowMs
    this.#rows = rows
  }

  /** The stored row, before this change. */
  stored(key: Key): ResourceRow | undefined {
    if (this.#stored.has(key)) return this.#stored.get(key)
    const row = this.#rows.row(this.head.pod, key)
    this.#stored.set(key, row)
    return row
  }

  /** Kind of what stands at the key once the ops so far are applied; undefined when nothing does. */
  kindAt(key: Key): number | undefined {
    const planned = this.#byKey.get(key)
    if (planned !== undefined) return planned.act === 'delete' ? undefined : planned.kind
    return this.stored(key)?.kind
  }

  put(key: Key, kind: number, content: { readonly mediaType: string; readonly body: StagedBody } | undefined): void {
    this.writes.push(this.#plan(key, kind, content))
  }

  makeAncestor(key: Key): void {
    this.further.push(this.#plan(key, containerKind, undefined))
  }

  delete(key: Key): void {
    this.writes.push(this.#planDelete(key))
  }

  cascade(key: Key): void {
    if (this.kindAt(key) !== undefined) this.further.push(this.#planDelete(key))
  }

  planned(): readonly PlannedWrite[] {
    return [...this.#byKey.values()]
  }

  hasChildren(key: Key): boolean {
    let gone = 0
    for (const write of this.#byKey.values()) {
      if (parentKeyOf(write.key) !== key || write.kind > 1) continue
      if (write.act !== 'delete') return true
      gone++
    }
    return this.#rows.childKeys(this.head.pod, key, gone + 1).some((child) => this.kindAt(child) !== undefined)
  }

  /** First path of the change, to name in a refusal that concerns all of it. */
  firstPath(): Path {
    const first = this.writes[0]
    return first === undefined ? '/' : pathOf(first.key, first.kind)
  }

  #plan(key: Key, kind: number, content: { mediaType: string; body: StagedBody } | undefined): PlannedWrite {
    const before = this.stored(key)
    return this.#add({
      key,
      kind,
      act: before === undefined ? 'create' : 'update',
      before,
      mediaType: content?.mediaType ?? '',
      body: content?.body,
      modifiedMs: before === undefined ? this.nowMs : Math.max(this.nowMs, before.modifiedMs + 1),
    })
  }

  #planDelete(key: Key): PlannedWrite {
    const before = this.stored(key)
    assert(before !== undefined, 'only what is stored is deleted')
    return this.#add({ ...before, act: 'delete', before, body: undefined, modifiedMs: this.nowMs })
  }

  #add(write: PlannedWrite): PlannedWrite {
    assert(!this.#byKey.has(write.key), 'a key appears once in a change')
    this.#byKey.set(write.key, write)
    return write
  }
}
