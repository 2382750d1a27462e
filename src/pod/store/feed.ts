// The feed: one row per committed change (store rule 25). It tells consumers which keys changed, and a retried change what
// its first outcome was. Rows hold compact JSON arrays: [path, act, kind, mediaType, size, modifiedMs] of each key touched and
// [path, containment, modifiedMs] of each container that learned of it, acts and kinds as numbers. An ACL that ended stands with
// the agent, because nothing else is as rare.

import type { Path } from '../path.ts'
import type { Change, Outcome } from './change.ts'
import type { EndedAcl, FeedAgent, FeedEntry, FeedTouch, Version } from './resource.ts'
import { kinds } from './rows.ts'

export type Committed = Extract<Outcome, { ok: true }>

export type TouchLine = readonly [
  path: Path,
  act: number,
  kind: number,
  mediaType: string,
  size: number,
  modifiedMs: number,
]
export type ParentLine = readonly [path: Path, containment: number, modifiedMs: number]

/** The order is stored. */
export const acts = ['create', 'update', 'delete'] as const

/** What a retried change needs of its entry. */
export interface OutcomeRow extends Version {
  readonly aclSeq: number
  readonly touched: string
  readonly parents: string
}

export interface FeedRow extends OutcomeRow {
  readonly epoch: number
  readonly atMs: number
  readonly opId: string
  /** JSON of AgentCell. */
  readonly agent: string
  readonly bytesDelta: number
}

type AgentCell = FeedAgent & { readonly ended?: EndedAcl }

export function agentCell({ agent, ended }: Pick<Change, 'agent' | 'ended'>): string {
  const cell: AgentCell = ended === undefined ? agent : { ...agent, ended }
  return JSON.stringify(cell)
}

export function entryOf(row: FeedRow): FeedEntry {
  const { ended, ...agent } = JSON.parse(row.agent) as AgentCell
  return {
    version: { seq: row.seq, mark: row.mark },
    epoch: row.epoch,
    atMs: row.atMs,
    opId: row.opId,
    agent,
    bytesDelta: row.bytesDelta,
    touched: (JSON.parse(row.touched) as TouchLine[]).map(touchOf),
    ...(ended && { ended }),
  }
}

export function outcomeOf(row: OutcomeRow): Committed {
  const touched = (JSON.parse(row.touched) as TouchLine[]).map(touchOf)
  const parents = JSON.parse(row.parents) as ParentLine[]
  return {
    ok: true,
    at: { seq: row.seq, mark: row.mark },
    aclSeq: row.aclSeq,
    made: touched.map(({ path, act, modifiedMs }) => ({ path, act, modifiedMs })),
    parents: parents.map(([path, containment, modifiedMs]) => ({ path, containment: containment === 1, modifiedMs })),
  }
}

function touchOf([path, act, kind, mediaType, size, modifiedMs]: TouchLine): FeedTouch {
  return { path, act: acts[act]!, kind: kinds[kind]!, mediaType, size, modifiedMs }
}

export interface FloorRow extends Version {
  /** Entries up to this one are gone. */
  readonly floorSeq: number
  readonly floorMark: number
}

/** A position from before the feed's floor is truncated; one that this pod never was at is diverged. */
export function goneSince(
  now: FloorRow,
  after: Version,
  markAt: () => number | undefined,
): 'truncated' | 'diverged' | undefined {
  if (after.seq === 0) return now.floorSeq === 0 ? undefined : 'truncated'
  if (after.seq > now.seq) return 'diverged'
  if (after.seq < now.floorSeq) return 'truncated'
  const mark = after.seq === now.floorSeq ? now.floorMark : markAt()
  return mark === after.mark ? undefined : 'diverged'
}
