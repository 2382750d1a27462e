// The answers of successful writes: 201 with an absolute Location for what was made, 204 for what was changed (decision on
// update statuses; pitfall 47), with the ETag of a document that is as the commit left it. Never a body.

import type { PodResponse } from '../exchange.ts'
import type { PodHome } from '../home.ts'
import type { Path } from '../path.ts'
import { etagOf } from '../resource/etag.ts'
import { urlOf } from '../resource/links.ts'
import type { Committed } from './commit.ts'

/** By what the commit says it did to `wanted`, or to its first operation. */
export function written(home: PodHome, committed: Committed, wanted?: Path): PodResponse {
  const { act, path } = committed.made.find((one) => one.path === wanted) ?? committed.made[0]!
  const etag = etagHeader(home, path, committed)
  if (act !== 'create') return { status: 204, headers: etag, body: undefined }
  return { status: 201, headers: ['Location', urlOf(home.pod, path), ...etag], body: undefined }
}

/** Only from memory, and only when nobody wrote since. */
function etagHeader(home: PodHome, path: Path, { at }: Committed): readonly string[] {
  const entry = home.peek(path)
  const isThis = entry?.resource?.version.seq === at.seq && entry.resource.kind !== 'container'
  return isThis ? ['ETag', etagOf(entry)] : []
}

export const noContent: PodResponse = { status: 204, headers: [], body: undefined }
