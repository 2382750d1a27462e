// One call of the commit function: what it is given for a batch, and what its answer means. Small bodies go as one run of
// bytes with offsets, everything else as JSON, in the order of the batch.

import type { CallValue } from '../../../core/db/postgres/values.ts'
import type { Change, Outcome, Refusal } from '../change.ts'
import { agentCell, outcomeOf } from '../feed.ts'
import type { Compiled } from './lines.ts'

export interface CompiledChange {
  readonly change: Change
  readonly compiled: Compiled
  /** 32 random bits of its commit. */
  readonly mark: number
}

/** Node, instance, time: the same for all of a batch. */
export interface Stamp {
  readonly node: string
  readonly instance: string
  readonly nowMs: number
  /** The disk under the bodies is below its floor. */
  readonly isRoomLow: boolean
}

export interface BatchValues {
  readonly changes: string
  readonly lines: string
  readonly groups: string
  readonly bodies: Uint8Array
}

/** `local`: the pod's number in this database, for each change. */
export function encodeBatch(batch: readonly CompiledChange[], local: readonly number[]): BatchValues {
  const changes: unknown[] = []
  const lines: unknown[] = []
  const groups: unknown[] = []
  const bodies: Uint8Array[] = []
  let start = 0
  for (const [ord, { change, compiled, mark }] of batch.entries()) {
    const pod = local[ord]!
    const { opId: op, epoch } = change
    changes.push({ ord, pod, op, epoch, mark, agent: agentCell(change) })
    const starts = compiled.bodies.map((body) => (start += body.length) - body.length)
    bodies.push(...compiled.bodies)
    for (const [place, { inline, ...line }] of compiled.lines.entries()) {
      lines.push({ ord, place, pod, ...line, start: inline === undefined ? undefined : starts[inline] })
    }
    for (const { acl, documents } of change.groups ?? []) {
      for (const document of documents) groups.push({ ord, document, acl })
    }
  }
  return {
    changes: JSON.stringify(changes),
    lines: JSON.stringify(lines),
    groups: JSON.stringify(groups),
    bodies: bodies.length === 1 ? bodies[0]! : Buffer.concat(bodies),
  }
}

export const commitQuery = 'SELECT xpod_commit(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS answer'

export function commitValues(stamp: Stamp, local: readonly number[], values: BatchValues): readonly CallValue[] {
  const { node, instance, nowMs, isRoomLow } = stamp
  const { changes, lines, groups, bodies } = values
  const pods = [...new Set(local)]
  return [node, instance, 'active', nowMs, String(isRoomLow), pods, changes, lines, groups, bodies]
}

type Verdict = 'ok' | 'known' | 'again' | 'full' | Refusal

type AnswerLine = readonly [
  verdict: Verdict,
  at: string | null,
  seq: number,
  mark: number,
  aclSeq: number,
  touched: string,
  parents: string,
]

/** An outcome for each change, or that it comes again, or that there is no room for it. */
export function decodeAnswer(answer: string): readonly (Outcome | 'again' | 'full')[] {
  return (JSON.parse(answer) as AnswerLine[]).map(([verdict, at, seq, mark, aclSeq, touched, parents]) => {
    if (verdict === 'ok' || verdict === 'known') return outcomeOf({ seq, mark, aclSeq, touched, parents })
    return verdict === 'again' || verdict === 'full' ? verdict : { ok: false, why: verdict, at: at ?? '/' }
  })
}
