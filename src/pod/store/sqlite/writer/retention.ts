// Inside the writer: how long the feed is kept, pins that keep it longer, and the emptying of deleted pods. Each call does
// at most 500 rows and says where to go on, so that commits never wait for more than one of them.

import { type Procedures, type WriterSql } from '../../../../core/db/sqlite/procedure.ts'
import { XpodError } from '../../../../base/errors.ts'
import { choreRows, type TrimCall } from '../../chores.ts'
import type { FeedPin } from '../../pod-store.ts'
import type { PodId, Version } from '../../resource.ts'

export interface PinCall extends FeedPin {
  readonly pod: PodId
}

interface FeedHead {
  readonly pod: number
  readonly seq: number
  readonly floorSeq: number
}

interface FeedLine extends Version {
  readonly atMs: number
}

export const retentionProcedures: Procedures = {
  'feed.trim': trimFeed,
  'pod.empty': emptyPod,
  'pin.put': (sql) => {
    const put = sql.prepare(
      `INSERT INTO feed_pin (pod, name, seq, mark, until_ms, max_rows) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (pod, name) DO UPDATE SET
         seq = excluded.seq, mark = excluded.mark, until_ms = excluded.until_ms, max_rows = excluded.max_rows`,
    )
    const { podOf, count } = pinCounter(sql)
    return ({ pod: id, name, from, untilMs, maxRows }: PinCall) => {
      const pod = podOf(id)
      put.run(pod, name, from.seq, from.mark, untilMs, maxRows)
      count(pod)
    }
  },
  'pin.drop': (sql) => {
    const drop = sql.prepare('DELETE FROM feed_pin WHERE pod = ? AND name = ?')
    const { podOf, count } = pinCounter(sql)
    return ({ pod: id, name }: { readonly pod: PodId; readonly name: string }) => {
      const pod = podOf(id)
      drop.run(pod, name)
      count(pod)
    }
  },
}

/** pod_head.pins tells each commit whether a replaced small body must be kept, without a look at the pins. */
function pinCounter(sql: WriterSql): { podOf: (id: PodId) => number; count: (pod: number) => void } {
  const find = sql.prepare<{ pod: number }>('SELECT pod FROM pod WHERE id = ?')
  const update = sql.prepare(
    'UPDATE pod_head SET pins = (SELECT count(*) FROM feed_pin f WHERE f.pod = pod_head.pod) WHERE pod = ?',
  )
  return {
    podOf(id) {
      const row = find.get(id)
      if (row === undefined) throw new XpodError('POD_UNKNOWN')
      return row.pod
    },
    count: (pod) => void update.run(pod),
  }
}

/**
 * Looks at one pod after the other until 500 rows are trimmed; returns where to go on, or undefined at the end. Only pods
 * that have entries are looked at, each found behind the one before: most pods of a large node have none.
 */
function trimFeed(sql: WriterSql): (call: TrimCall) => number | undefined {
  const nextPods = sql.prepare<FeedHead>(
    `WITH RECURSIVE next (pod) AS (
       SELECT min(pod) FROM feed WHERE pod > ?
       UNION ALL SELECT (SELECT min(f.pod) FROM feed f WHERE f.pod > next.pod) FROM next WHERE next.pod IS NOT NULL
       LIMIT ?)
     SELECT h.pod, h.seq, h.floor_seq AS floorSeq FROM next CROSS JOIN pod_head h ON h.pod = next.pod ORDER BY h.pod`,
  )
  const expired = sql.prepare<{ pod: number }>('SELECT DISTINCT pod FROM feed_pin WHERE until_ms <= ? LIMIT ?')
  const oldest = sql.prepare<FeedLine>(
    'SELECT seq, mark, at_ms AS atMs FROM feed WHERE pod = ? AND seq > ? ORDER BY seq LIMIT ?',
  )
  const dropPins = sql.prepare('DELETE FROM feed_pin WHERE pod = ? AND (until_ms <= ? OR ? - seq > max_rows)')
  const pinned = sql.prepare<{ seq: number | null }>('SELECT min(seq) AS seq FROM feed_pin WHERE pod = ?')
  const remove = sql.prepare('DELETE FROM feed WHERE pod = ? AND seq <= ?')
  const raiseFloor = sql.prepare('UPDATE pod_head SET floor_seq = ?, floor_mark = ? WHERE pod = ?')
  const { count } = pinCounter(sql)

  function dropPinsOf(pod: number, seq: number, nowMs: number): void {
    if (dropPins.run(pod, nowMs, seq).changes > 0) count(pod)
  }

  function trimPod(head: FeedHead, call: TrimCall): number {
    dropPinsOf(head.pod, head.seq, call.nowMs)
    const firstPinned = pinned.get(head.pod)?.seq ?? Number.MAX_SAFE_INTEGER
    let last: FeedLine | undefined
    let rows = 0
    for (const line of oldest.all(head.pod, head.floorSeq, choreRows)) {
      const ageMs = call.nowMs - line.atMs
      const isExtra = ageMs > call.minMs && head.seq - line.seq >= call.minRows
      if (line.seq > firstPinned || !(isExtra || ageMs > call.maxMs)) break
      last = line
      rows++
    }
    if (last !== undefined) {
      remove.run(head.pod, last.seq)
      raiseFloor.run(last.seq, last.mark, head.pod)
    }
    return rows
  }

  return (call) => {
    for (const { pod } of expired.all(call.nowMs, choreRows)) dropPinsOf(pod, 0, call.nowMs)
    const heads = nextPods.all(call.after, choreRows)
    for (const head of heads) {
      const rows = trimPod(head, call)
      // The same pod again: it may have more.
      if (rows === choreRows) return head.pod - 1
      if (rows > 0) return head.pod
    }
    return heads.length === choreRows ? heads.at(-1)!.pod : undefined
  }
}

/** Empties pods in state deleting, some rows a call; their blobs become garbage. True when there is more to do. */
function emptyPod(sql: WriterSql): (call: { readonly nowMs: number }) => boolean {
  const next = sql.prepare<{ pod: number; seq: number }>(
    // What is deleted has lost its name; few have, and the index of names finds them.
    `SELECT h.pod, h.seq FROM pod p CROSS JOIN pod_head h ON h.pod = p.pod
     WHERE p.name IS NULL AND h.state = 'deleting' ORDER BY p.pod LIMIT 1`,
  )
  const resources = sql.prepare<{ parent: string; key: string; body: number | null; blob: string | null }>(
    'SELECT parent, key, body, blob FROM resource WHERE pod = ? LIMIT ?',
  )
  const removeResource = sql.prepare('DELETE FROM resource WHERE pod = ? AND parent = ? AND key = ?')
  const removeBody = sql.prepare('DELETE FROM body WHERE id = ?')
  const discard = sql.prepare('INSERT OR IGNORE INTO garbage (pod, ref, seq, since_ms) VALUES (?, ?, ?, ?)')
  const stages = sql.prepare<{ blob: string }>('SELECT blob FROM stage WHERE pod = ? LIMIT ?')
  const removeStage = sql.prepare('DELETE FROM stage WHERE pod = ? AND blob = ?')
  const chunks = ['feed', 'group_ref', 'feed_pin', 'channel'].map((table) => {
    const key = { feed: 'seq', group_ref: 'document', feed_pin: 'name', channel: 'id' }[table]
    return sql.prepare(
      `DELETE FROM ${table} WHERE pod = ? AND ${key} IN (SELECT ${key} FROM ${table} WHERE pod = ? LIMIT ?)`,
    )
  })
  const removeHead = sql.prepare('DELETE FROM pod_head WHERE pod = ?')
  const removePod = sql.prepare('DELETE FROM pod WHERE pod = ?')

  function emptyResources(pod: number, seq: number, nowMs: number): number {
    // Half as many, because most have a body row as well.
    const rows = resources.all(pod, choreRows / 2)
    for (const { parent, key, body, blob } of rows) {
      if (body !== null) removeBody.run(body)
      if (blob !== null) discard.run(pod, blob, seq, nowMs)
      removeResource.run(pod, parent, key)
    }
    return rows.length
  }

  function emptyStages(pod: number): number {
    const rows = stages.all(pod, choreRows)
    for (const { blob } of rows) {
      removeStage.run(pod, blob)
      discard.run(pod, blob, 0, 0)
    }
    return rows.length
  }

  return ({ nowMs }) => {
    const head = next.get()
    if (head === undefined) return false
    if (emptyResources(head.pod, head.seq, nowMs) > 0 || emptyStages(head.pod) > 0) return true
    for (const chunk of chunks) if (chunk.run(head.pod, head.pod, choreRows).changes > 0) return true
    removeHead.run(head.pod)
    removePod.run(head.pod)
    return true
  }
}
