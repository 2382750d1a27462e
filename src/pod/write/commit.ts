// The end of every write: what was judged in memory is repeated inside the commit through `require`, and when the state
// moved in between, the caller judges again from the top (rule 5). Refusals that no second look can change become the
// errors that the client sees. No outcome is answered before it is durable.

import { XpodError } from '../../base/errors.ts'
import type { Operation, PodParts } from '../operation.ts'
import type { Change, Outcome, Refusal } from '../store/change.ts'

export type Committed = Extract<Outcome, { ok: true }>

const maxRetries = 3

/**
 * Calls `attempt` until it gives a result, at most four times; it gives undefined when the state moved between its judging
 * and its commit. Throws POD_BUSY after that.
 */
export async function untilSettled<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries <= maxRetries; tries++) {
    const result = await attempt()
    if (result !== undefined) return result
  }
  throw new XpodError('POD_BUSY', 'the resource or its rights change too often')
}

export type Planned = Pick<Change, 'require' | 'ops' | 'groups'>

/** Undefined when a requirement was not met: whoever judged must look again. */
export async function tryCommit(
  parts: Pick<PodParts, 'clock' | 'random' | 'store'>,
  op: Operation,
  planned: Planned,
): Promise<Committed | undefined> {
  const opId = parts.random.uuid7(parts.clock.nowMs())
  const outcome = await op.home.commit({ ...planned, opId, agent: op.agent })
  if (outcome.ok) return outcome
  switch (outcome.why) {
    case 'acl':
    case 'version':
    case 'exists':
    case 'missing':
      return undefined
    case 'quota':
      throw await quotaError(parts, op)
    case 'moved':
    case 'busy':
    case 'not-empty':
    case 'slash-twin':
    case 'ancestor-is-document':
    case 'stage-lost':
      throw refusalError(outcome.why)
  }
}

function refusalError(why: Exclude<Refusal, 'acl' | 'version' | 'exists' | 'missing' | 'quota'>): XpodError {
  switch (why) {
    case 'moved':
      return new XpodError('POD_ELSEWHERE')
    case 'busy':
      return new XpodError('POD_BUSY')
    case 'stage-lost':
      return new XpodError('OVERLOADED', 'the body came too slowly to be kept')
    case 'not-empty':
      return new XpodError('CONTAINER_NOT_EMPTY', 'only an empty container can be deleted')
    case 'slash-twin':
      return new XpodError('SLASH_TWIN')
    case 'ancestor-is-document':
      return new XpodError('ANCESTOR_IS_DOCUMENT')
  }
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
