// Writes one object: a small one with a single call, a large one in parts (rule 23), one of them on its way while the next
// one fills, or both. Nothing is visible under the key until the last call has succeeded. On failure the unfinished upload is aborted;
// what even that leaves behind is swept. The library's own multipart is not used: it holds 64 MiB a part or more, and resumes
// whatever unfinished upload of the key it finds.

import { freeChunk, KiB, MiB } from '../../../base/bytes.ts'
import { XpodError } from '../../../base/errors.ts'
import { DigestCount } from '../digest-stream.ts'
import type { CallOptions, S3Calls, S3Operation } from './calls.ts'
import type { S3Client } from './connection.ts'
import { asXpodError, S3Failure } from './failure.ts'
import type { UploadMemory } from './memory.ts'
import { type Part, PartReader, putPart } from './part.ts'

export interface UploadParts {
  readonly calls: S3Calls
  readonly memory: UploadMemory
  /** Whether the store refuses a put on a key that exists when it is asked to. */
  readonly isConditional: () => boolean
}

export interface Upload {
  readonly key: string
  readonly body: AsyncIterable<Uint8Array>
  /** As announced; saves memory for what is small. */
  readonly size: number | undefined
  /** Of the body; they are copied into parts, and may be freed then. */
  readonly ownsChunks: boolean
  readonly signal: AbortSignal
}

export interface Uploaded {
  readonly size: number
  readonly sha256: Uint8Array
}

interface SentPart {
  readonly part: number
  readonly etag: string
}

/** Of S3. */
const maxParts = 10_000
const maxInFlight = 2
const abortTimeoutMs = 5000
const abortAttempts = 3
/** Slower than this a part is given up and sent again. */
const minBytesPerSecond = 128 * KiB

/** So that 10 000 parts reach 380 GiB, and small uploads hold little: S3 takes no smaller ones. */
export function partBytes(number: number): number {
  if (number < 1000) return 5 * MiB
  return number < 5000 ? 16 * MiB : 64 * MiB
}

/** Throws OVERLOADED, BODY_TOO_LARGE, what a call throws, what the body throws, or the signal's reason. */
export async function upload(parts: UploadParts, wanted: Upload): Promise<Uploaded> {
  const count = new DigestCount()
  const iterator = wanted.body[Symbol.asyncIterator]()
  const { isEncrypted } = parts.calls.connection
  const { size, ownsChunks, signal } = wanted
  const reader = new PartReader({ iterator, count, memory: parts.memory, size, ownsChunks, isEncrypted, signal })
  let isRead = false
  try {
    const first = await reader.next(partBytes(1))
    if (first.isLast) await putWhole(parts, wanted, first)
    else await putParts(parts, wanted, { reader, count, first })
    isRead = true
    return count.end()
  } finally {
    // Whoever sends the body learns that nobody reads it any more.
    if (!isRead) await iterator.return?.()
  }
}

async function putWhole({ calls, isConditional }: UploadParts, { key, signal }: Upload, part: Part): Promise<void> {
  const { bucket, isEncrypted } = calls.connection
  const headers: Record<string, string> = isConditional() ? { 'if-none-match': '*' } : {}
  const options = { signal, timeoutMs: timeoutMsFor(part.bytes.length) }
  let attempts = 0
  try {
    await calls.call('put', options, (client, attempt) => {
      attempts = attempt
      return putPart(client, { bucketName: bucket, objectName: key, headers }, part, isEncrypted)
    })
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error
    // An earlier attempt may have arrived and only its answer not. Keys are used once, so it was ours.
    const isOurs = error.kind === 'exists' && attempts > 1
    if (!isOurs || (await sizeOf(calls, key, signal)) !== part.bytes.length) throw asXpodError(error)
  } finally {
    part.memory.free()
  }
}

interface Source {
  readonly reader: PartReader
  readonly count: DigestCount
  readonly first: Part
}

async function putParts(parts: UploadParts, { key, signal }: Upload, { reader, count, first }: Source): Promise<void> {
  const { calls } = parts
  const stop = new AbortController()
  const sending = new Sending(calls, key, AbortSignal.any([signal, stop.signal]))
  let part = first
  try {
    await sending.begin()
    for (let number = 1; ; number++) {
      if (number > maxParts) throw new XpodError('BODY_TOO_LARGE', 'more parts than the object store takes')
      if (part.bytes.length > 0) await sending.send(number, part)
      else part.memory.free()
      if (part.isLast) break
      part = await reader.next(partBytes(number + 1))
    }
    await sending.complete(count.size)
  } catch (error) {
    stop.abort(error)
    await sending.abort()
    part.memory.free()
    throw error
  }
}

/** The parts of one upload that are on their way, and those that have arrived. */
class Sending {
  readonly #calls: S3Calls
  readonly #key: string
  readonly #signal: AbortSignal
  readonly #sent: SentPart[] = []
  readonly #inFlight = new Set<Promise<void>>()
  #failure: { readonly error: unknown } | undefined
  #uploadId = ''

  constructor(calls: S3Calls, key: string, signal: AbortSignal) {
    this.#calls = calls
    this.#key = key
    this.#signal = signal
  }

  async begin(): Promise<void> {
    const { bucket } = this.#calls.connection
    const request = { method: 'POST', query: 'uploads', bucketName: bucket, objectName: this.#key }
    const answer = await this.#call('multipart', { signal: this.#signal }, async (client) => {
      const response = await client.makeRequestAsync({ ...request, headers: {} })
      return Buffer.concat(await response.toArray()).toString()
    })
    // The library would take an id of digits alone for a number and round it.
    const [, uploadId] = /<UploadId>([^<]+)<\/UploadId>/.exec(answer) ?? []
    if (uploadId === undefined) throw asXpodError(new S3Failure('passing', 'no id of an upload'))
    this.#uploadId = uploadId
  }

  /** Resolves when the next one may be filled: no more than two are in memory. */
  async send(number: number, part: Part): Promise<void> {
    const flight: Promise<void> = this.#sendNow(number, part)
      .then(
        (sent) => void this.#sent.push(sent),
        (error: unknown) => void (this.#failure ??= { error }),
      )
      .finally(() => {
        part.memory.free()
        this.#inFlight.delete(flight)
      })
    this.#inFlight.add(flight)
    while (this.#inFlight.size >= maxInFlight) await Promise.race(this.#inFlight)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  async #sendNow(number: number, part: Part): Promise<SentPart> {
    const { bucket, isEncrypted } = this.#calls.connection
    const query = `partNumber=${number}&uploadId=${encodeURIComponent(this.#uploadId)}`
    const options = { signal: this.#signal, timeoutMs: timeoutMsFor(part.bytes.length) }
    const request = { bucketName: bucket, objectName: this.#key, query }
    const etag = await this.#call('part', options, (client) => putPart(client, request, part, isEncrypted))
    // All of it has arrived. What failed may still be on its way out, and is left to the collector.
    freeChunk(part.bytes)
    return { part: number, etag }
  }

  async complete(size: number): Promise<void> {
    await Promise.all(this.#inFlight)
    if (this.#failure !== undefined) throw this.#failure.error
    this.#signal.throwIfAborted()
    const { bucket } = this.#calls.connection
    const etags = this.#sent.sort((a, b) => a.part - b.part)
    // Some stores copy all parts into one file before they answer.
    const options = { signal: this.#signal, timeoutMs: 60_000 + timeoutMsFor(size) }
    try {
      await this.#calls.call('multipart', options, (client) =>
        client.completeMultipartUpload(bucket, this.#key, this.#uploadId, etags),
      )
    } catch (error) {
      // No such upload: an earlier attempt may have completed it and only its answer not have arrived.
      if (!(error instanceof S3Failure)) throw error
      if (error.kind !== 'missing') throw asXpodError(error)
    }
    if ((await sizeOf(this.#calls, this.#key, this.#signal)) === size) return
    throw asXpodError(new S3Failure('passing', 'the parts did not become the object'))
  }

  /** Stores refuse while a part is still on its way in. What a few attempts leave behind is swept. */
  async abort(): Promise<void> {
    // A part that arrives after the abort would stay behind.
    await Promise.all(this.#inFlight)
    if (this.#uploadId === '') return
    const { bucket } = this.#calls.connection
    const options = { signal: new AbortController().signal, timeoutMs: abortTimeoutMs, maxAttempts: abortAttempts }
    await this.#calls
      .call('multipart', options, (client) => client.abortMultipartUpload(bucket, this.#key, this.#uploadId))
      .catch((error: unknown) => {
        if (!(error instanceof S3Failure || error instanceof XpodError)) throw error
      })
  }

  async #call<T>(op: S3Operation, options: CallOptions, send: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      return await this.#calls.call(op, options, send)
    } catch (error) {
      if (!(error instanceof S3Failure)) throw error
      // What is missing here is the upload: somebody swept it. To the caller that is a store that failed.
      throw asXpodError(error.kind === 'missing' ? new S3Failure('passing', error.code, { cause: error }) : error)
    }
  }
}

async function sizeOf(calls: S3Calls, key: string, signal: AbortSignal): Promise<number | undefined> {
  const options: CallOptions = { signal }
  try {
    return await calls.call(
      'head',
      options,
      async (client) => (await client.statObject(calls.connection.bucket, key)).size,
    )
  } catch (error) {
    if (error instanceof S3Failure && error.kind === 'missing') return undefined
    throw error instanceof S3Failure ? asXpodError(error) : error
  }
}

function timeoutMsFor(bytes: number): number {
  return 15_000 + (bytes / minBytesPerSecond) * 1000
}
