// Tries everything that a store must do, with an object of its own, and says which setting is wrong when it cannot. Finds out
// whether the store refuses a put on a key that exists when it is asked to (If-None-Match: *), as not all of them do.

import { XpodError } from '../../../base/errors.ts'
import type { Random } from '../../../base/random.ts'
import type { S3Calls } from './calls.ts'
import { S3Failure } from './failure.ts'

export interface Probed {
  readonly isConditional: boolean
}

const probeBytes = 64
const attempts = 2
/** Of one: a center that starts waits for it. */
const timeoutMs = 5000

/** Throws OBJECTS_REFUSED with the setting that is wrong, or OBJECTS_UNAVAILABLE. */
export async function probeStore(calls: S3Calls, key: string, random: Random, signal: AbortSignal): Promise<Probed> {
  try {
    return await tryAll(calls, key, random, signal)
  } catch (error) {
    throw named(error, calls.connection.host)
  }
}

async function tryAll(calls: S3Calls, key: string, random: Random, signal: AbortSignal): Promise<Probed> {
  const bytes = Buffer.from(random.bytes(probeBytes))
  const bucketName = calls.connection.bucket
  const options = { signal, timeoutMs, maxAttempts: attempts }
  const put = (headers: Record<string, string>): Promise<unknown> =>
    calls.call('put', options, (client) =>
      client.makeRequestAsyncOmit({ method: 'PUT', bucketName, objectName: key, headers: { ...headers } }, bytes),
    )
  await put({})
  const isConditional = await refuses(() => put({ 'if-none-match': '*' }))
  const read = await calls.call('get', options, async (client) => {
    const part = await client.getPartialObject(bucketName, key, 1, 2)
    return Buffer.concat(await part.toArray())
  })
  await calls.call('delete', options, (client) => client.removeObject(bucketName, key))
  if (read.equals(bytes.subarray(1, 3))) return { isConditional }
  throw new XpodError('OBJECTS_REFUSED', 'a range that was read differs from what was written')
}

async function refuses(put: () => Promise<unknown>): Promise<boolean> {
  try {
    await put()
    return false
  } catch (error) {
    if (error instanceof S3Failure && (error.kind === 'exists' || error.kind === 'unknown'))
      return error.kind === 'exists'
    throw error
  }
}

function named(error: unknown, host: string): unknown {
  const failure = error instanceof XpodError ? error.cause : error
  if (!(failure instanceof S3Failure)) return error
  const { kind, detail, code } = failure
  if (kind === 'full') return error
  if (kind === 'passing') return new XpodError('OBJECTS_UNAVAILABLE', `${host} (s3) fails: ${code}`, { cause: error })
  const isStrange = kind === 'missing' || kind === 'unknown' || kind === 'exists' || kind === 'range'
  const reason = isStrange ? 'no S3 store answers there (s3), or there is no such bucket (s3-bucket)' : detail
  return new XpodError('OBJECTS_REFUSED', `${host}: ${reason}`, { cause: error })
}
