// The directory of pods on PostgreSQL. Each change is one statement that also gives the record back, so that listeners hear
// what was stored, in the order of the answers. Changes that another center makes are told through `heard` (changes.ts).

import { XpodError } from '../../../base/errors.ts'
import type { Row } from '../../../core/db/database.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { NewPod } from '../change.ts'
import type { DirectoryChange, PodDirectory } from '../pod-store.ts'
import type { PodId, PodRecord } from '../resource.ts'
import { ownersText, recordOf, type RecordRow } from '../rows.ts'
import { encodeBatch, type Stamp } from './call.ts'
import { recordColumns } from './columns.ts'
import { compile } from './lines.ts'

const maxPage = 1000

const byEither = `SELECT ${recordColumns} FROM pod p WHERE p.name IS NOT NULL AND (p.id = ? OR p.name = ?)
  ORDER BY p.id = ? DESC LIMIT 1`
const byId = `SELECT ${recordColumns} FROM pod p WHERE p.name IS NOT NULL AND p.id = ?`
const page = `SELECT ${recordColumns} FROM pod p WHERE p.name > ? ORDER BY p.name LIMIT ?`

/** Nothing comes back from deleting. */
const isPod = "pod = (SELECT pod FROM pod WHERE id = ?) AND state <> 'deleting'"
const setState = `WITH head AS (UPDATE pod_head SET state = ? WHERE ${isPod} RETURNING pod)
  SELECT ${recordColumns} FROM pod p JOIN head ON head.pod = p.pod`
const markDeleting = `UPDATE pod_head SET state = 'deleting' WHERE ${isPod}`
const unname = 'UPDATE pod SET name = NULL WHERE id = ?'
const setQuota = `UPDATE pod p SET quota_bytes = ?, quota_resources = ? WHERE p.id = ? AND p.name IS NOT NULL
  RETURNING ${recordColumns}`
const setOwners = `UPDATE pod p SET owners = ? WHERE p.id = ? AND p.name IS NOT NULL RETURNING ${recordColumns}`

/** After a failover the sequence may count again from before: with the timeline before it a number is used once all the same. */
const nextLocal = "SELECT nextval('pod_pod_seq') + (xpod_timeline() - 1) * 1099511627776 AS pod"
const createPod = 'SELECT xpod_create(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS result'

const again = { repeatable: true }

export interface DirectoryParts {
  readonly db: PostgresEngine
  readonly stamp: () => Stamp
  /** 32 random bits. */
  readonly mark: () => number
  /** A pod was marked deleting: its rows are to be emptied. */
  readonly onDeleting: () => void
}

export interface SharedDirectory extends PodDirectory {
  /** Tells what somebody else has changed. */
  heard(change: DirectoryChange): void
}

export function createDirectory({ db, stamp, mark, onDeleting }: DirectoryParts): SharedDirectory {
  const listeners = new Set<(change: DirectoryChange) => void>()

  function tell(change: DirectoryChange): void {
    for (const listener of listeners) listener(change)
  }

  async function change(query: string, values: readonly (string | number)[]): Promise<void> {
    const [row] = await db.call<Row>(query, values, again)
    if (row === undefined) throw new XpodError('POD_UNKNOWN')
    tell({ kind: 'put', record: recordOf(row as unknown as RecordRow) })
  }

  /** Once, also when its answer is lost: a second time there would be no such pod. */
  async function remove(pod: PodId): Promise<void> {
    const result = await db.write([
      { query: markDeleting, args: [pod], expect: 1 },
      { query: unname, args: [pod] },
    ])
    if (!result.ok) throw new XpodError('POD_UNKNOWN')
  }

  async function read(query: string, args: readonly (string | number)[]): Promise<readonly PodRecord[]> {
    return (await db.read<Row>(query, args)).map((row) => recordOf(row as unknown as RecordRow))
  }

  const list: PodDirectory['list'] = (after, limit) => read(page, [after ?? '', Math.min(limit, maxPage)])

  return {
    async create(pod, options = {}) {
      const [{ pod: local } = { pod: 0 }] = await db.call<{ pod: number }>(nextLocal, [], again)
      const values = createValues(pod, { local, mark: mark(), stamp: stamp(), reuse: options.reuseName ?? false })
      const [row] = await db.call<{ result: string }>(createPod, values, again)
      assertCreated(row!.result, pod.record.name)
      tell({ kind: 'put', record: pod.record })
    },
    get: async (idOrName) => (await read(byEither, [idOrName, idOrName, idOrName]))[0],
    list,
    async each(visit) {
      for (let after: string | undefined; ; ) {
        const records = await list(after, maxPage)
        for (const record of records) visit(record)
        if (records.length < maxPage) return
        after = records.at(-1)!.name
      }
    },
    setState: (pod, state) => (state === 'deleting' ? remove(pod) : change(setState, [state, pod])),
    setQuota: (pod, quota) => change(setQuota, [quota.bytes, quota.resources, pod]),
    setOwners(pod, owners) {
      if (owners.owners.length === 0) throw new XpodError('USAGE', 'a pod has at least one owner')
      return change(setOwners, [ownersText(owners), pod])
    },
    async delete(pod) {
      const [record] = await read(byId, [pod])
      await remove(pod)
      if (record !== undefined) tell({ kind: 'delete', id: pod, base: record.base })
      onDeleting()
    },
    heard: tell,
    onChange(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
}

interface Creation {
  readonly local: number
  readonly mark: number
  readonly stamp: Stamp
  readonly reuse: boolean
}

function createValues(
  { record, ops }: NewPod,
  { local, mark, stamp, reuse }: Creation,
): (string | number | Uint8Array)[] {
  const change = { pod: record.id, epoch: 1, opId: record.id, agent: {}, require: [], ops }
  const { changes, lines, groups, bodies } = encodeBatch([{ change, compiled: compile(change), mark }], [local])
  const row = JSON.stringify({ ...record, aliases: JSON.stringify(record.aliases), owners: ownersText(record) })
  const { node, instance, nowMs, isRoomLow } = stamp
  const first = [row, String(reuse), node, instance, nowMs, String(isRoomLow), local, mark]
  return [...first, changes, lines, groups, bodies]
}

function assertCreated(result: string, name: string): void {
  switch (result) {
    case 'created':
      return
    case 'exists':
      throw new XpodError('POD_EXISTS', name)
    case 'reserved':
      throw new XpodError('POD_NAME_RESERVED', name)
    case 'full':
      throw new XpodError('DISK_FULL')
    default:
      throw new XpodError(result === 'quota' ? 'QUOTA_EXCEEDED' : 'INTERNAL', result)
  }
}
