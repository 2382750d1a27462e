// One change inside the writer's transaction, start to end: opId, fence, require, ops, quota (all judged before the first
// write), then rows, counters and feed. The caller's COMMIT makes the outcome true; it is sent only after that.

import type { WriterSql } from '../../../../core/db/sqlite/procedure.ts'
import { XpodError } from '../../../../base/errors.ts'
import type { Path } from '../../../path.ts'
import type { Change, Outcome } from '../../change.ts'
import type { Committed } from '../../feed.ts'
import { bytesPerResource, fitsQuota, type Growth } from '../../quota.ts'
import type { Version } from '../../resource.ts'
import { aclKind, documentKind, type HeadRow, pathOf } from '../../rows.ts'
import { type Bumps, bumpsOf } from './bumps.ts'
import { createFeedWriter, type FeedWriter } from '../feed.ts'
import { type Fence, judgeOp, judgeRequire, passesFence, type Refused, touchesAcl } from './judge.ts'
import { createPodRows, Plan, type PlannedWrite } from './plan.ts'
import { headColumns } from '../columns.ts'
import { createPlanWriter, type WriteContext } from './write.ts'

/** A change on its way to the writer thread, with the time and chance that the thread has not. */
export interface CommitCall {
  readonly change: Change
  readonly node: string
  readonly instance: string
  readonly nowMs: number
  /** 32 random bits of this commit. */
  readonly mark: number
  /** The disk is below its floor: what grows is refused, except ACLs. */
  readonly isRoomLow: boolean
}

interface CommitHead extends HeadRow {
  readonly instance: string
  readonly quotaBytes: number
  readonly quotaResources: number
}

/** The state a pod must be in: 'staging' only for the first change of a new pod. */
export type CommitChange = (call: CommitCall, state?: 'active' | 'staging') => Outcome

export function createCommit(sql: WriterSql): CommitChange {
  // Subqueries rather than joins, as in reader.ts.
  const findHead = sql.prepare<CommitHead>(
    `SELECT ${headColumns}, (SELECT instance FROM node n WHERE n.id = h.node) AS instance,
       (SELECT quota_bytes FROM pod p WHERE p.pod = h.pod) AS quotaBytes,
       (SELECT quota_resources FROM pod p WHERE p.pod = h.pod) AS quotaResources
     FROM pod_head h WHERE h.pod = (SELECT pod FROM pod WHERE id = ?)`,
  )
  const rows = createPodRows(sql)
  const feed = createFeedWriter(sql)
  const judge = createJudge(sql)
  const write = createWrite(sql, feed)

  return (call, state = 'active') => {
    const { change } = call
    const head = findHead.get(change.pod)
    if (head === undefined) return moved
    const first = feed.outcomeOf(head.pod, change.opId)
    if (first !== undefined) return first
    const fence: Fence = { node: call.node, instance: call.instance, epoch: change.epoch }
    if (!passesFence(head, fence, state)) return moved
    const plan = new Plan(head, call.nowMs, rows)
    const refused = judge(head, plan, call)
    sql.pause('judged')
    return refused ?? write(head, plan, call)
  }
}

/** Fills the plan, or says why not. Throws DISK_FULL for what grows while there is no room. */
function createJudge(sql: WriterSql): (head: CommitHead, plan: Plan, call: CommitCall) => Refused | undefined {
  const findStage = sql.prepare('SELECT 1 AS one FROM stage WHERE pod = ? AND blob = ?')
  const isStaged = (pod: number, blob: string): boolean => findStage.get(pod, blob) !== undefined

  return (head, plan, call) => {
    const { change } = call
    const unmet = judgeRequire(plan, change.require)
    if (unmet !== undefined) return unmet
    for (const op of change.ops) {
      const refused = judgeOp(plan, op)
      if (refused !== undefined) return refused
    }
    const lost = plan.planned().find(({ body }) => body?.blob !== undefined && !isStaged(head.pod, body.blob))
    if (lost !== undefined) return { ok: false, why: 'stage-lost', at: pathOf(lost.key, lost.kind) }
    const growth = growthOf(plan)
    if (!fitsQuota(head, growth)) return { ok: false, why: 'quota', at: plan.firstPath() }
    if ((call.isRoomLow || sql.isRoomLow()) && growth.bytes > 0 && !growth.isAclOnly) throw new XpodError('DISK_FULL')
    return undefined
  }
}

/** Carries out a plan that was judged good; the last step of it is the feed entry. */
function createWrite(sql: WriterSql, feed: FeedWriter): (head: HeadRow, plan: Plan, call: CommitCall) => Committed {
  const findGroup = sql.prepare('SELECT 1 AS one FROM group_ref WHERE pod = ? AND document = ? LIMIT 1')
  const insertGroup = sql.prepare('INSERT OR IGNORE INTO group_ref (pod, document, acl) VALUES (?, ?, ?)')
  const updateHead = sql.prepare(
    'UPDATE pod_head SET seq = ?, mark = ?, acl_seq = ?, bytes = ?, resources = ?, digest = ? WHERE pod = ?',
  )
  const writer = createPlanWriter(sql)

  function bumpsAclSeq(pod: number, plan: Plan): boolean {
    if (touchesAcl(plan)) return true
    return plan.planned().some(({ kind, key }) => kind === documentKind && findGroup.get(pod, key) !== undefined)
  }

  return (head, plan, call) => {
    const { change, mark, nowMs } = call
    const version = { seq: head.seq + 1, mark }
    const context: WriteContext = { head, version, nowMs, digest: new Uint8Array(head.digest) }
    const aclSeq = bumpsAclSeq(head.pod, plan) ? version.seq : head.aclSeq
    const growth = growthOf(plan)
    const bumps = bumpsOf(plan)
    for (const one of plan.planned()) writer.write(context, one, bumps.made.has(one.key) ? version.seq : 0)
    for (const one of bumps.stored) writer.bump(context, one)
    for (const { acl, documents } of change.groups ?? []) {
      for (const document of documents) insertGroup.run(head.pod, document, acl)
    }
    const { seq } = version
    updateHead.run(
      seq,
      mark,
      aclSeq,
      head.bytes + growth.bytes,
      head.resources + growth.resources,
      context.digest,
      head.pod,
    )
    const writes = [...plan.writes, ...plan.further]
    const outcome = outcomeOf({ version, aclSeq, writes, bumps, nowMs })
    feed.add(head.pod, { change, outcome, writes, atMs: nowMs, bytesDelta: growth.bytes })
    return outcome
  }
}

interface Written {
  readonly version: Version
  readonly aclSeq: number
  readonly writes: readonly PlannedWrite[]
  readonly bumps: Bumps
  readonly nowMs: number
}

function outcomeOf({ version, aclSeq, writes, bumps, nowMs }: Written): Committed {
  const stored = bumps.stored.map(({ before, containment, modifiedMs }) => ({
    path: `${before.key}/`,
    containment,
    modifiedMs,
  }))
  const made = [...bumps.made].map((key) => ({ path: `${key}/`, containment: true, modifiedMs: nowMs }))
  return {
    ok: true,
    at: version,
    aclSeq,
    made: writes.map(({ key, kind, act, modifiedMs }) => ({ path: pathOf(key, kind), act, modifiedMs })),
    parents: [...stored, ...made],
  }
}

const moved: Outcome = { ok: false, why: 'moved', at: '/' satisfies Path }

/** What the plan adds to the pod's counters. */
function growthOf(plan: Plan): Growth {
  let bytes = 0
  let resources = 0
  let isAclOnly = true
  for (const write of plan.planned()) {
    const isGone = write.act === 'delete'
    const rows = (isGone ? 0 : 1) - (write.before === undefined ? 0 : 1)
    const grown = (isGone ? 0 : (write.body?.size ?? 0)) - (write.before?.size ?? 0) + rows * bytesPerResource
    if (grown > 0 && write.kind !== aclKind) isAclOnly = false
    bytes += grown
    resources += rows
  }
  return { bytes, resources, isAclOnly }
}
