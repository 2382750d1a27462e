// The life of a pod inside the writer's transaction: create, settings, state. A name is claimed for ever when it is first
// used; deleting a pod frees its row's name but not the claim.

import { XpodError } from '../../../../base/errors.ts'
import { type Procedures, type WriterSql } from '../../../../core/db/sqlite/procedure.ts'
import type { NewPod } from '../../change.ts'
import { digestBytes } from '../../digest.ts'
import type { Owners, PodId, PodState } from '../../resource.ts'
import { ownersText } from '../../rows.ts'
import { type CommitCall, createCommit } from './commit.ts'

export interface CreateCall extends Omit<CommitCall, 'change'> {
  readonly pod: NewPod
  readonly reuseName: boolean
}

export interface StateCall {
  readonly pod: PodId
  readonly state: PodState
}

export interface QuotaCall {
  readonly pod: PodId
  readonly bytes: number
  readonly resources: number
}

export interface OwnersCall {
  readonly pod: PodId
  readonly owners: Owners
}

export interface NodeCall {
  readonly node: string
  readonly instance: string
}

export const lifeProcedures: Procedures = {
  'pod.node': (sql) => {
    const put = sql.prepare(
      'INSERT INTO node (id, instance) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET instance = excluded.instance',
    )
    return ({ node, instance }: NodeCall) => void put.run(node, instance)
  },
  'pod.create': createPod,
  'pod.state': (sql) => {
    const set = sql.prepare(
      'UPDATE pod_head SET state = ? WHERE pod = (SELECT pod FROM pod WHERE id = ?) AND state <> ?',
    )
    const unname = sql.prepare('UPDATE pod SET name = NULL WHERE id = ?')
    return ({ pod, state }: StateCall) => {
      // Nothing comes back from deleting.
      if (set.run(state, pod, 'deleting').changes === 0) throw new XpodError('POD_UNKNOWN')
      if (state === 'deleting') unname.run(pod)
    }
  },
  'pod.quota': (sql) => {
    const set = sql.prepare('UPDATE pod SET quota_bytes = ?, quota_resources = ? WHERE id = ? AND name IS NOT NULL')
    return ({ pod, bytes, resources }: QuotaCall) => {
      if (set.run(bytes, resources, pod).changes === 0) throw new XpodError('POD_UNKNOWN')
    }
  },
  'pod.owners': (sql) => {
    const set = sql.prepare('UPDATE pod SET owners = ? WHERE id = ? AND name IS NOT NULL')
    return ({ pod, owners }: OwnersCall) => {
      if (set.run(ownersText(owners), pod).changes === 0) throw new XpodError('POD_UNKNOWN')
    }
  },
}

function createPod(sql: WriterSql): (call: CreateCall) => void {
  const findName = sql.prepare<{ living: string | null }>(
    'SELECT p.id AS living FROM used_name u LEFT JOIN pod p ON p.name = u.name WHERE u.name = ?',
  )
  const claimName = sql.prepare(
    'INSERT INTO used_name (name, id) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET id = excluded.id',
  )
  const insertPod = sql.prepare(
    'INSERT INTO pod (id, name, base, aliases, owners, quota_bytes, quota_resources, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const insertHead = sql.prepare('INSERT INTO pod_head VALUES (?, ?, ?, ?, 0, ?, 0, 0, 0, ?, 0, ?, 0)')
  const setState = sql.prepare('UPDATE pod_head SET state = ? WHERE pod = ?')
  const commit = createCommit(sql)

  return (call) => {
    const { record, ops } = call.pod
    const used = findName.get(record.name)
    if (used !== undefined && used.living !== null) throw new XpodError('POD_EXISTS', record.name)
    if (used !== undefined && !call.reuseName) throw new XpodError('POD_NAME_RESERVED', record.name)
    claimName.run(record.name, record.id)
    const lists = [JSON.stringify(record.aliases), ownersText(record)] as const
    const { lastInsertRowid } = insertPod.run(
      record.id,
      record.name,
      record.base,
      ...lists,
      record.quotaBytes,
      record.quotaResources,
      record.createdMs,
    )
    const pod = Number(lastInsertRowid)
    insertHead.run(pod, call.node, 1, 'staging', call.mark, new Uint8Array(digestBytes), call.mark)
    const change = { pod: record.id, epoch: 1, opId: record.id, agent: {}, require: [], ops }
    const outcome = commit({ ...call, change }, 'staging')
    if (!outcome.ok) throw new XpodError(outcome.why === 'quota' ? 'QUOTA_EXCEEDED' : 'INTERNAL', outcome.why)
    setState.run('active', pod)
  }
}
