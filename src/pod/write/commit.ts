// The end of every write: what was judged in memory is repeated inside the commit through `require`, and when the state
// moved in between, the caller judges again from the top (rule 5). Refusals that no second look can change become the
// errors that the client sees. No outcome is answered before it is durable.

import assert from 'node:assert/strict'

import type { ErrorCode } from '../../base/error-codes.ts'
import { XpodError } from '../../base/errors.ts'
import type { PodRequest } from '../exchange.ts'
import type { KnownBodies, PodHome } from '../home.ts'
import type { Operation, PodParts } from '../operation.ts'
import { aclOf, auxiliaryOf } from '../path.ts'
import type { Change, Outcome, Refusal } from '../store/change.ts'

export type Committed = Extract<Outcome, { ok: true }>

const maxRetries = 3

/** No path is called like this, so the line cannot be one of a path that waits already. */
const rightsLine = 'rights'

/**
 * Calls `attempt` until it gives a result, at most four times; it gives undefined when the state moved between its judging
 * and its commit. Throws POD_BUSY after that.
 *
 * Every change of an ACL outdates what was judged for all other writes of the pod. So that a burst of them starves nobody,
 * writes that change rights, and those that lost to one, stand in one line of the pod.
 */
export async function untilSettled<T>({ home, request }: Operation, attempt: () => Promise<T | undefined>): Promise<T> {
  let left = maxRetries + 1
  const settle = async (isInLine: boolean): Promise<T | undefined> => {
    while (left-- > 0) {
      const { aclSeq } = home
      const result = await attempt()
      if (result !== undefined) return result
      if (!isInLine && home.aclSeq !== aclSeq) return undefined
    }
    throw new XpodError('POD_BUSY', 'the resource or its rights change too often')
  }
  const first = changesRights(home, request) ? undefined : await settle(false)
  if (first !== undefined) return first
  const result = await home.inOrder(rightsLine, () => settle(true))
  assert(result !== undefined, 'in line it settles or throws')
  return result
}

function changesRights(home: PodHome, { method, path }: PodRequest): boolean {
  return auxiliaryOf(path) === 'acl' || (method === 'DELETE' && home.peek(aclOf(path))?.resource !== undefined)
}

export interface Planned extends Pick<Change, 'require' | 'ops' | 'groups' | 'ended'> {
  readonly bodies?: KnownBodies
}

/** Undefined when a requirement was not met: whoever judged must look again. */
export async function tryCommit(
  parts: Pick<PodParts, 'clock' | 'random' | 'store'>,
  op: Operation,
  { bodies, ...planned }: Planned,
): Promise<Committed | undefined> {
  const opId = parts.random.uuid7(parts.clock.nowMs())
  // Who can read the feed learns who wrote, not by which grant.
  const { grant: _, ...agent } = op.agent
  const outcome = await op.home.commit({ ...planned, opId, agent }, bodies)
  if (outcome.ok) return outcome
  if (outcome.why === 'quota') throw await quotaError(parts, op)
  const refusal = refusals[outcome.why]
  if (refusal === undefined) return undefined
  throw new XpodError(...refusal)
}

/** What the client is told; undefined where a second look decides. */
const refusals: Readonly<Record<Exclude<Refusal, 'quota'>, readonly [ErrorCode, string] | undefined>> = {
  acl: undefined,
  version: undefined,
  exists: undefined,
  missing: undefined,
  moved: ['POD_ELSEWHERE', ''],
  busy: ['POD_BUSY', ''],
  'stage-lost': ['OVERLOADED', 'the body came too slowly to be kept'],
  'not-empty': ['CONTAINER_NOT_EMPTY', 'only an empty container can be deleted'],
  'slash-twin': ['SLASH_TWIN', ''],
  'ancestor-is-document': ['ANCESTOR_IS_DOCUMENT', ''],
}

async function quotaError(parts: Pick<PodParts, 'store'>, op: Operation): Promise<XpodError> {
  const { id, quotaBytes, quotaResources } = op.home.pod
  const head = await parts.store.head(id)
  const isByCount = head !== undefined && head.resources >= quotaResources
  const [used, limit] = isByCount ? [head.resources, quotaResources] : [head?.bytes ?? 0, quotaBytes]
  return new XpodError('QUOTA_EXCEEDED', isByCount ? 'too many resources' : 'too many bytes', {
    members: { used, limit },
  })
}
