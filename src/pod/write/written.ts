// The answers of successful writes: 201 with an absolute Location for what was made, 204 for what was changed (decision on
// update statuses; pitfall 47). Never a body.

import type { PodResponse } from '../exchange.ts'
import type { Path } from '../path.ts'
import { urlOf } from '../resource/links.ts'
import type { PodRecord } from '../store/resource.ts'
import type { Committed } from './commit.ts'

/** By what the commit says it did to its first operation. */
export function written(pod: PodRecord, committed: Committed): PodResponse {
  const first = committed.made[0]!
  return first.act === 'create' ? created(pod, first.path) : noContent
}

export function created(pod: PodRecord, path: Path): PodResponse {
  return { status: 201, headers: ['Location', urlOf(pod, path)], body: undefined }
}

export const noContent: PodResponse = { status: 204, headers: [], body: undefined }
