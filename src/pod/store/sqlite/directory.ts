// The directory of pods as its users see it: reads from the calling thread's connection, changes through the writer, and
// listeners told in order once a change is durable.

import { XpodError } from '../../../base/errors.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import type { NewPod } from '../change.ts'
import type { DirectoryChange, PodDirectory } from '../pod-store.ts'
import type { PodId } from '../resource.ts'
import { recordOf, type RecordRow } from '../rows.ts'
import type { CreateCall, OwnersCall, QuotaCall, StateCall } from './writer/pods.ts'

const maxPage = 1000

const columns =
  'id, name, base, aliases, owners, quota_bytes AS quotaBytes, quota_resources AS quotaResources, created_ms AS createdMs'

export interface DirectoryParts {
  readonly db: SqliteEngine
  /** What a commit needs besides the pod: node, instance, time, chance. */
  readonly stamp: () => Omit<CreateCall, 'pod' | 'reuseName'>
  /** A pod was marked deleting: its rows are to be emptied. */
  readonly onDeleting: () => void
}

export function createDirectory({ db, stamp, onDeleting }: DirectoryParts): PodDirectory {
  const byEither = db.prepare<RecordRow>(
    `SELECT ${columns} FROM pod WHERE name IS NOT NULL AND (id = ? OR name = ?) ORDER BY id = ? DESC LIMIT 1`,
  )
  const byId = db.prepare<RecordRow>(`SELECT ${columns} FROM pod WHERE name IS NOT NULL AND id = ?`)
  const page = db.prepare<RecordRow>(`SELECT ${columns} FROM pod WHERE name > ? ORDER BY name LIMIT ?`)
  const listeners = new Set<(change: DirectoryChange) => void>()

  function tell(change: DirectoryChange): void {
    for (const listener of listeners) listener(change)
  }

  function tellNow(pod: PodId): void {
    const row = byId.get(pod)
    if (row !== undefined) tell({ kind: 'put', record: recordOf(row) })
  }

  async function change(procedure: string, payload: StateCall | QuotaCall | OwnersCall): Promise<void> {
    await db.call(procedure, payload, { lane: payload.pod })
    tellNow(payload.pod)
  }

  return {
    async create(pod: NewPod, options = {}) {
      const call: CreateCall = { ...stamp(), pod, reuseName: options.reuseName ?? false }
      await db.call('pod.create', call, { lane: pod.record.id })
      tell({ kind: 'put', record: pod.record })
    },
    async get(idOrName) {
      const row = byEither.get(idOrName, idOrName, idOrName)
      return row === undefined ? undefined : recordOf(row)
    },
    list: async (after, limit) => page.all(after ?? '', Math.min(limit, maxPage)).map(recordOf),
    async each(visit) {
      db.each<RecordRow>(`SELECT ${columns} FROM pod WHERE name IS NOT NULL`, (row) => visit(recordOf(row)))
    },
    setState: (pod, state) => change('pod.state', { pod, state } satisfies StateCall),
    setQuota: (pod, quota) => change('pod.quota', { pod, ...quota } satisfies QuotaCall),
    setOwners(pod, owners) {
      if (owners.owners.length === 0) throw new XpodError('USAGE', 'a pod has at least one owner')
      return change('pod.owners', { pod, owners } satisfies OwnersCall)
    },
    async delete(pod) {
      const row = byId.get(pod)
      await db.call('pod.state', { pod, state: 'deleting' } satisfies StateCall, { lane: pod })
      if (row !== undefined) tell({ kind: 'delete', id: pod, base: row.base })
      onDeleting()
    },
    onChange(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
}
