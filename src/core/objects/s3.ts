// Objects in an S3 store (Amazon, MinIO, Tencent COS, Alibaba OSS, …), below a prefix of a bucket. Looked at when it is opened:
// wrong settings do not start. One that does not answer may be opened all the same, and is looked at until it does. Durable as the store is; nothing is visible before put resolves. Bounded in memory, time and
// attempts. What it does not do: versions, lifecycle rules, encryption settings and making the bucket are the operator's.

import type { Clock } from '../../base/clock.ts'
import { toXpodError, XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Random } from '../../base/random.ts'
import type { ObjectStore, PutOptions, StoredObject } from './object-store.ts'
import { openCalls, type S3Calls, type S3Operation } from './s3/calls.ts'
import { openConnection, type S3Client, type S3Location } from './s3/connection.ts'
import { download } from './s3/download.ts'
import { asXpodError, failureOf, S3Failure } from './s3/failure.ts'
import { UploadMemory } from './s3/memory.ts'
import { probeStore } from './s3/probe.ts'
import { sweepUploads } from './s3/sweep.ts'
import { upload } from './s3/upload.ts'

export interface S3Options extends S3Location {
  /** Before every key; ends in a slash, or is empty. */
  readonly prefix?: string | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /**
   * Given: a store that does not answer is opened, too. Called once, when it has been found right and before anything is
   * put there; when that fails, so does the put.
   */
  readonly onProven?: () => Promise<void>
}

const maxUploads = 1000
/** Of S3, in one call. */
const maxDeletes = 1000
const maxListed = 1000
const sweepEveryMs = 3_600_000
const unfinishedMs = 24 * 3_600_000
const proveEveryMs = 5000

/** Throws OBJECTS_REFUSED with the setting that is wrong; OBJECTS_UNAVAILABLE without `onProven`. */
export async function openS3Objects(options: S3Options): Promise<ObjectStore> {
  const connection = openConnection(options, options.clock)
  const store = new S3Objects(options, openCalls({ ...options, connection }))
  try {
    await store.prove()
  } catch (error) {
    const mayPass = error instanceof XpodError && error.code === 'OBJECTS_UNAVAILABLE'
    if (!mayPass || options.onProven === undefined) {
      await store[Symbol.asyncDispose]()
      throw error
    }
    options.log.warn('objects.awaited', { error })
    store.proveFromNowOn()
  }
  store.sweepFromNowOn()
  return store
}

class S3Objects implements ObjectStore {
  readonly #options: S3Options
  readonly #prefix: string
  readonly #calls: S3Calls
  readonly #memory: UploadMemory
  readonly #closing = new AbortController()
  #uploads = 0
  #isConditional = false
  #sweeping: Promise<void> = Promise.resolve()
  #cancelSweeps: () => void = () => {}
  #isProven = false
  #proving: Promise<void> | undefined
  #cancelProving: () => void = () => {}
  /** Why it could not be found right yet. */
  #doubt: XpodError | undefined

  constructor(options: S3Options, calls: S3Calls) {
    const { clock, metrics } = options
    this.#options = options
    this.#prefix = options.prefix ?? ''
    this.#calls = calls
    this.#memory = new UploadMemory({ clock })
    metrics.gaugeFrom('xpod_s3_upload_memory_bytes', 'Memory held by uploads', () => this.#memory.usedBytes)
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { size, ownsChunks = false }: PutOptions,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly sha256: Uint8Array }> {
    const name = this.#nameOf(key)
    if (!this.#isProven) await this.prove()
    if (this.#uploads >= maxUploads) throw new XpodError('OVERLOADED', 'too many uploads')
    this.#uploads++
    try {
      const parts = { calls: this.#calls, memory: this.#memory, isConditional: () => this.#isConditional }
      const wanted = { key: name, body, size, ownsChunks, signal: AbortSignal.any([signal, this.#closing.signal]) }
      return await upload(parts, wanted)
    } finally {
      this.#uploads--
    }
  }

  async get(
    key: string,
    range: { readonly start: number; readonly end: number } | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const { clock, random } = this.#options
    const wanted = { key: this.#nameOf(key), range, signal: AbortSignal.any([signal, this.#closing.signal]) }
    return download({ calls: this.#calls, clock, random }, wanted)
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const name = this.#nameOf(key)
    try {
      const { size } = await this.#call('head', (client) => client.statObject(this.#bucket, name))
      return { key, size }
    } catch (error) {
      if (error instanceof XpodError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += maxDeletes) {
      const names = keys.slice(at, at + maxDeletes).map((key) => this.#nameOf(key))
      await this.#call('delete', async (client) => {
        if (names.length === 1) return client.removeObject(this.#bucket, names[0]!)
        // Only the failures, and not as the library's types say.
        const failed = (await client.removeObjects(this.#bucket, names)) as readonly { readonly Code?: string }[]
        const code = failed.map(({ Code = 'unknown' }) => Code).find((one) => one !== 'NoSuchKey')
        if (code !== undefined) throw failureOf({ code }, { status: undefined, clockAheadMs: undefined })
      })
    }
  }

  async list(prefix: string, after: string | undefined, limit: number): Promise<readonly StoredObject[]> {
    const found: StoredObject[] = []
    let marker = after === undefined ? '' : this.#prefix + after
    while (found.length < limit) {
      const wanted = { Delimiter: '', MaxKeys: Math.min(maxListed, limit - found.length) }
      const { objects, isTruncated } = await this.#call('list', (client) =>
        client.listObjectsQuery(this.#bucket, this.#prefix + prefix, marker, wanted),
      )
      for (const { name = '', size = 0 } of objects) found.push({ key: name.slice(this.#prefix.length), size })
      const last = objects.at(-1)?.name
      if (!isTruncated || last === undefined) break
      marker = last
    }
    return found
  }

  async probe(): Promise<void> {
    const { random } = this.#options
    const key = this.#nameOf(`probe/${random.uuid()}`)
    const { isConditional } = await probeStore(this.#calls, key, random, this.#closing.signal)
    this.#isConditional = isConditional
  }

  /** Probes it, unless that is under way, and says so when it is right for the first time. */
  prove(): Promise<void> {
    this.#proving ??= this.#prove().finally(() => {
      this.#proving = undefined
    })
    return this.#proving
  }

  async #prove(): Promise<void> {
    try {
      await this.probe()
      await this.#options.onProven?.()
      this.#isProven = true
      this.#cancelProving()
      if (this.#doubt !== undefined) this.#options.log.info('objects.proven')
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#doubted(toXpodError(error))
      throw error
    }
  }

  #doubted(error: XpodError): void {
    if (this.#doubt !== undefined && error.code !== this.#doubt.code) {
      this.#options.log.error('objects.doubted', { error })
    }
    this.#doubt = error
  }

  proveFromNowOn(): void {
    // What is wrong was logged.
    this.#cancelProving = this.#options.clock.every(proveEveryMs, () => void this.prove().catch(() => undefined))
  }

  get trouble(): string | undefined {
    if (!this.#isProven) return this.#doubt?.detail || this.#doubt?.message
    return this.#calls.isDown ? 'it does not answer' : undefined
  }

  async room(): Promise<undefined> {
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelSweeps()
    this.#cancelProving()
    this.#closing.abort(new XpodError('SHUTTING_DOWN'))
    await this.#sweeping
    await this.#calls.connection[Symbol.asyncDispose]()
  }

  sweepFromNowOn(): void {
    this.#cancelSweeps = this.#options.clock.every(sweepEveryMs, () => this.#sweep())
    this.#sweep()
  }

  #sweep(): void {
    const { clock, log } = this.#options
    const { signal } = this.#closing
    const sweep = async (): Promise<void> => {
      if (signal.aborted) return
      const beforeMs = clock.nowMs() - unfinishedMs
      await sweepUploads({ calls: this.#calls, log, prefix: this.#prefix, beforeMs, signal })
    }
    this.#sweeping = this.#sweeping.then(sweep).catch((error: unknown) => {
      if (!signal.aborted) log.warn('objects.sweep-failed', { error })
    })
  }

  get #bucket(): string {
    return this.#calls.connection.bucket
  }

  async #call<T>(op: S3Operation, send: (client: S3Client) => Promise<T>): Promise<T> {
    try {
      return await this.#calls.call(op, { signal: this.#closing.signal }, send)
    } catch (error) {
      throw error instanceof S3Failure ? asXpodError(error) : error
    }
  }

  #nameOf(key: string): string {
    if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9-]+$/.test(key)) throw new TypeError(`not a key of an object: ${key}`)
    return this.#prefix + key
  }
}
