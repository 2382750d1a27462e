// Whether a change may happen, decided before anything is written: the fence, then `require` in order, then each op
// (containment, slash exclusivity, auxiliaries, slugs). Refusals are values, not exceptions; nothing here writes.

import {
  ancestorsOf,
  auxiliaryOf,
  hasAuxiliaryAncestor,
  isContainer,
  type Key,
  keyOf,
  type Path,
  subjectOf,
} from '../../../path.ts'
import type { Op, Refusal, Require, StagedBody } from '../../change.ts'
import { aclKind, containerKind, documentKind, firstAuxiliary, type HeadRow, hasFormOf, kinds } from '../../rows.ts'
import type { Plan } from './plan.ts'

export interface Refused {
  readonly ok: false
  readonly why: Refusal
  readonly at: Path
}

export interface Fence {
  readonly node: string
  readonly instance: string
  readonly epoch: number
}

/** The instance that the node's row names belongs to the fence: two processes of one node must not both pass. */
export function passesFence(head: HeadRow & { readonly instance: string }, fence: Fence, state = 'active'): boolean {
  return (
    head.node === fence.node && head.instance === fence.instance && head.epoch === fence.epoch && head.state === state
  )
}

export function judgeRequire(plan: Plan, require: readonly Require[]): Refused | undefined {
  for (const one of require) {
    const why = refusalOf(plan, one)
    if (why !== undefined) return { ok: false, why, at: one.kind === 'acl' ? '/' : one.path }
  }
  return undefined
}

function refusalOf(plan: Plan, one: Require): Refusal | undefined {
  if (one.kind === 'acl') return plan.head.aclSeq === one.aclSeq ? undefined : 'acl'
  const row = plan.stored(keyOf(one.path))
  switch (one.kind) {
    case 'absent':
      return row === undefined ? undefined : 'exists'
    case 'exists':
      return row !== undefined && hasFormOf(row, one.path) ? undefined : 'missing'
    case 'version': {
      const same =
        row !== undefined &&
        hasFormOf(row, one.path) &&
        row.seq === one.version.seq &&
        row.mark === one.version.mark &&
        (one.childSeq === undefined || one.childSeq === row.childSeq)
      return same ? undefined : 'version'
    }
  }
}

/** Puts the op into the plan, or says why not. */
export function judgeOp(plan: Plan, op: Op): Refused | undefined {
  switch (op.kind) {
    case 'put':
      return auxiliaryOf(op.path) === undefined ? judgeDocument(plan, op) : judgeAuxiliary(plan, op)
    case 'create':
      return judgeCreate(plan, op)
    case 'container':
      return judgeContainer(plan, op.path)
    case 'delete':
      return judgeDelete(plan, op.path)
  }
}

function refuse(why: Refusal, at: Path): Refused {
  return { ok: false, why, at }
}

interface Content {
  readonly path: Path
  readonly mediaType: string
  readonly body: StagedBody
}

function judgeDocument(plan: Plan, op: Content): Refused | undefined {
  if (isContainer(op.path) || plan.kindAt(op.path) === containerKind) return refuse('slash-twin', op.path)
  const refused = makeAncestors(plan, op.path)
  if (refused !== undefined) return refused
  plan.put(op.path, documentKind, op)
  return undefined
}

function judgeAuxiliary(plan: Plan, op: Content): Refused | undefined {
  const subject = subjectOf(op.path)
  const kind = plan.kindAt(keyOf(subject))
  if (kind === undefined || kind >= firstAuxiliary || !hasFormOf({ kind }, subject)) return refuse('missing', subject)
  plan.put(op.path, kinds.indexOf(auxiliaryOf(op.path)!), op)
  return undefined
}

function judgeCreate(plan: Plan, op: Extract<Op, { kind: 'create' }>): Refused | undefined {
  const parent = keyOf(op.container)
  if (plan.kindAt(parent) !== containerKind) return refuse('missing', op.container)
  const key = freeKey(plan, parent, op)
  if (key === undefined) return refuse('exists', `${parent}/${op.fallback}`)
  if (op.body === undefined) plan.put(key, containerKind, undefined)
  else plan.put(key, documentKind, { mediaType: op.mediaType, body: op.body })
  if (op.meta !== undefined) plan.put(`${key}${op.body === undefined ? '/' : ''}.meta`, kinds.indexOf('meta'), op.meta)
  return undefined
}

function freeKey(plan: Plan, parent: Key, op: { wish: string | undefined; fallback: string }): Key | undefined {
  const names = op.wish === undefined ? [op.fallback] : [op.wish, op.fallback]
  return names.map((name) => `${parent}/${name}`).find((key) => plan.kindAt(key) === undefined)
}

function judgeContainer(plan: Plan, path: Path): Refused | undefined {
  const key = keyOf(path)
  const kind = plan.kindAt(key)
  if (kind !== undefined) return refuse(kind === containerKind ? 'exists' : 'slash-twin', path)
  const refused = makeAncestors(plan, path)
  if (refused !== undefined) return refused
  plan.put(key, containerKind, undefined)
  return undefined
}

function makeAncestors(plan: Plan, path: Path): Refused | undefined {
  if (hasAuxiliaryAncestor(path)) return refuse('ancestor-is-document', path)
  const missing: Key[] = []
  for (const ancestor of ancestorsOf(path)) {
    const kind = plan.kindAt(keyOf(ancestor))
    if (kind === containerKind) break
    if (kind !== undefined) return refuse('ancestor-is-document', keyOf(ancestor))
    missing.push(keyOf(ancestor))
  }
  for (const key of missing.toReversed()) plan.makeAncestor(key)
  return undefined
}

function judgeDelete(plan: Plan, path: Path): Refused | undefined {
  const key = keyOf(path)
  const kind = plan.kindAt(key)
  if (kind === undefined || !hasFormOf({ kind }, path)) return refuse('missing', path)
  if (key === '') return refuse('not-empty', path)
  if (kind === containerKind && plan.hasChildren(key)) return refuse('not-empty', path)
  plan.delete(key)
  if (kind < firstAuxiliary) {
    plan.cascade(`${path}.acl`)
    plan.cascade(`${path}.meta`)
  }
  return undefined
}

/** Whether the change alters an ACL, also by taking it along with its subject. */
export function touchesAcl(plan: Plan): boolean {
  return plan.planned().some((write) => write.kind === aclKind)
}
