// What staging, chores and imports ask of the database: single statements, or functions of migration 6 where something must be
// judged under the lock of a pod. Every call may be run again when its answer is lost: what it does is done once.

import { XpodError } from '../../../base/errors.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import { keyOf, nameOf } from '../../path.ts'
import { type ChoreRows, choreRows, type Doomed } from '../chores.ts'
import type { FeedPin, ImportEntry } from '../pod-store.ts'
import type { ReadUsage } from '../reservations.ts'
import type { PodId } from '../resource.ts'
import { kinds, parentKeyOf } from '../rows.ts'
import type { StageRows } from '../stage.ts'

const again = { repeatable: true }

const thisPod = '(SELECT p.pod FROM pod p WHERE p.id = ?)'

/** A lost answer: the row is there already. */
const addStage = `INSERT INTO stage (pod, blob, node, instance, since_ms)
  SELECT p.pod, ?::text, ?::text, ?::text, ?::bigint FROM pod p WHERE p.id = ? ON CONFLICT DO NOTHING`

/** Whoever deletes the row first has the blob: a commit that finds it gone is refused. Never needed by anybody: due at once. */
const dropStage = `WITH gone AS (DELETE FROM stage WHERE pod = ${thisPod} AND blob = ? RETURNING pod, blob)
  INSERT INTO garbage (pod, ref, seq, since_ms) SELECT pod, blob, 0, 0 FROM gone`

/** Runs that are over are those that their node's row does not name any more. */
const abandonStages = `WITH gone AS (
    DELETE FROM stage WHERE ctid = ANY (ARRAY(
      SELECT s.ctid FROM stage s WHERE s.since_ms < ?
        OR NOT EXISTS (SELECT FROM node n WHERE n.id = s.node AND n.instance = s.instance)
      LIMIT ${choreRows} FOR UPDATE SKIP LOCKED
    )) RETURNING pod, blob
  ),
  discarded AS (INSERT INTO garbage (pod, ref, seq, since_ms) SELECT pod, blob, 0, 0 FROM gone)
  SELECT count(*) AS rows FROM gone`

const forgetGarbage = `DELETE FROM garbage g USING json_to_recordset(?) AS d(pod bigint, ref text)
  WHERE g.pod = d.pod AND g.ref = d.ref`

const usage = `SELECT h.bytes, p.quota_bytes AS quota FROM pod p JOIN pod_head h ON h.pod = p.pod
  WHERE p.id = ? AND p.name IS NOT NULL`

export function createStageRows(db: PostgresEngine): StageRows {
  return {
    async add({ pod, blob, node, instance, nowMs }) {
      await db.call(addStage, [blob, node, instance, nowMs, pod], again)
    },
    async drop({ pod, blob }) {
      await db.call(dropStage, [pod, blob], again)
    },
  }
}

export function createChoreRows(db: PostgresEngine, node: string): ChoreRows {
  return {
    async abandon({ beforeMs }) {
      const [row] = await db.call<{ rows: number }>(abandonStages, [beforeMs], again)
      return row!.rows === choreRows
    },
    async empty({ nowMs }) {
      const [row] = await db.call<{ more: number }>('SELECT xpod_empty(?, ?) AS more', [nowMs, choreRows], again)
      return row!.more === 1
    },
    async mark({ nowMs, beforeMs }) {
      const rows = await db.call('SELECT pod, ref FROM xpod_mark(?, ?, ?)', [nowMs, beforeMs, choreRows], again)
      return rows as unknown as readonly Doomed[]
    },
    async gone(doomed) {
      await db.call(forgetGarbage, [JSON.stringify(doomed)], again)
    },
    async trim({ nowMs, after, minMs, minRows, maxMs }) {
      const values = [node, after, nowMs, minMs, minRows, maxMs, choreRows]
      const [row] = await db.call<{ after: number | null }>(
        'SELECT xpod_trim(?, ?, ?, ?, ?, ?, ?) AS after',
        values,
        again,
      )
      return row!.after ?? undefined
    },
  }
}

export function createReadUsage(db: PostgresEngine): ReadUsage {
  return async (pod) => (await db.read<{ bytes: number; quota: number }>(usage, [pod]))[0]
}

/** Takes the lock of the pod before anything is counted: a commit that runs sees the pin, or is over. */
const lockPod = `UPDATE pod_head SET pins = pins WHERE pod = ${thisPod}`
const putPin = `INSERT INTO feed_pin (pod, name, seq, mark, until_ms, max_rows)
  SELECT p.pod, ?::text, ?::bigint, ?::bigint, ?::bigint, ?::bigint FROM pod p WHERE p.id = ?
  ON CONFLICT (pod, name) DO UPDATE SET
    seq = excluded.seq, mark = excluded.mark, until_ms = excluded.until_ms, max_rows = excluded.max_rows`
const dropPin = `DELETE FROM feed_pin WHERE pod = ${thisPod} AND name = ?`
const countPins = `UPDATE pod_head SET pins = (SELECT count(*) FROM feed_pin f WHERE f.pod = pod_head.pod)
  WHERE pod = ${thisPod}`

export async function pin(db: PostgresEngine, pod: PodId, { name, from, untilMs, maxRows }: FeedPin): Promise<void> {
  const result = await db.write([
    { query: lockPod, args: [pod], expect: 1 },
    { query: putPin, args: [name, from.seq, from.mark, untilMs, maxRows, pod] },
    { query: countPins, args: [pod] },
  ])
  if (!result.ok) throw new XpodError('POD_UNKNOWN')
}

export async function unpin(db: PostgresEngine, pod: PodId, name: string): Promise<void> {
  const result = await db.write([
    { query: lockPod, args: [pod], expect: 1 },
    { query: dropPin, args: [pod, name] },
    { query: countPins, args: [pod] },
  ])
  if (!result.ok) throw new XpodError('POD_UNKNOWN')
}

/** One chunk of an import. */
export async function importEntries(db: PostgresEngine, pod: PodId, entries: readonly ImportEntry[]): Promise<void> {
  const bodies: Uint8Array[] = []
  let start = 0
  const rows = entries.map(({ resource, body, deleted }, place) => {
    const key = keyOf(resource.path)
    const { bodyRef, version } = resource
    if (body !== undefined) bodies.push(body)
    return {
      place,
      key,
      parent: parentKeyOf(key),
      name: nameOf(key),
      kind: kinds.indexOf(resource.kind),
      ...version,
      child_seq: resource.childSeq,
      media_type: resource.mediaType,
      size: resource.size,
      sha256: Buffer.from(resource.sha256).toString('hex'),
      start: body === undefined ? undefined : (start += body.length) - body.length,
      blob: bodyRef !== undefined && 'blob' in bodyRef ? bodyRef.blob : undefined,
      modified_ms: resource.modifiedMs,
      deleted,
    }
  })
  const values = [pod, JSON.stringify(rows), Buffer.concat(bodies)]
  const [row] = await db.call<{ result: string }>('SELECT xpod_import(?, ?, ?) AS result', values, again)
  if (row!.result === 'unknown') throw new XpodError('POD_UNKNOWN')
  if (row!.result === 'active') throw new XpodError('POD_READ_ONLY', 'rows are only taken by a pod in state staging')
}
