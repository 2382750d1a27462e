// Aborts uploads that nobody finished: those of a process that was killed, or whose abort failed. Younger ones may be somebody
// else's, still under way. Nothing of them was ever visible; they only cost room.

import type { Log } from '../../../base/log.ts'
import type { S3Calls } from './calls.ts'
import { asXpodError, S3Failure } from './failure.ts'

export interface SweepOptions {
  readonly calls: S3Calls
  readonly log: Log
  readonly prefix: string
  /** Uploads begun before this are aborted. */
  readonly beforeMs: number
  readonly signal: AbortSignal
}

/** A page has at most 1 000; what is left waits for the next sweep. */
const maxPages = 20

/** Returns how many were aborted. */
export async function sweepUploads({ calls, log, prefix, beforeMs, signal }: SweepOptions): Promise<number> {
  const { bucket } = calls.connection
  let swept = 0
  let marker = ''
  for (let page = 0; page < maxPages; page++) {
    const listed = await calls.call('list', { signal }, (client) =>
      client.listIncompleteUploadsQuery(bucket, prefix, marker, '', ''),
    )
    for (const { key, uploadId, initiated } of listed.uploads) {
      if (initiated.getTime() >= beforeMs) continue
      if (await abort(calls, { key, uploadId }, signal)) swept++
    }
    if (!listed.isTruncated || listed.nextKeyMarker === '') break
    marker = listed.nextKeyMarker
  }
  if (swept > 0) log.info('objects.swept', { uploads: swept })
  return swept
}

async function abort(
  calls: S3Calls,
  { key, uploadId }: { readonly key: string; readonly uploadId: string },
  signal: AbortSignal,
): Promise<boolean> {
  const { bucket } = calls.connection
  try {
    await calls.call('multipart', { signal }, (client) => client.abortMultipartUpload(bucket, key, uploadId))
    return true
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error
    // Finished or aborted meanwhile.
    if (error.kind === 'missing') return false
    throw asXpodError(error)
  }
}
