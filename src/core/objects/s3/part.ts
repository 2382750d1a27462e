// One part of an upload: a piece of a body in memory, with the hash that the store checks it by. Both grow while the bytes
// arrive, and the part leaves in slices: hashing or sending 8 MiB at once would hold up everybody else for milliseconds.

import { createHash, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'

import { freeChunk, KiB, MiB } from '../../../base/bytes.ts'
import type { DigestCount } from '../digest-stream.ts'
import type { S3Client } from './connection.ts'
import type { PartMemory, UploadMemory } from './memory.ts'

export interface Part {
  readonly bytes: Buffer
  /** SHA-256, or MD5 over TLS. */
  readonly hash: Buffer
  /** The body ended with it. */
  readonly isLast: boolean
  readonly memory: PartMemory
}

export interface PartReaderOptions {
  readonly iterator: AsyncIterator<Uint8Array>
  /** Of the whole body. */
  readonly count: DigestCount
  readonly memory: UploadMemory
  /** As announced. */
  readonly size: number | undefined
  /** Whether chunks may be freed. */
  readonly ownsChunks: boolean
  readonly isEncrypted: boolean
  readonly signal: AbortSignal
}

const growth = [256 * KiB, 2 * MiB]
const sliceBytes = 256 * KiB

/** Cuts a body into parts. */
export class PartReader {
  readonly #options: PartReaderOptions
  /** Of the last chunk, what the part before had no room for. */
  #rest: Uint8Array | undefined

  constructor(options: PartReaderOptions) {
    this.#options = options
  }

  /** So many bytes, fewer only at the end. */
  async next(maxBytes: number): Promise<Part> {
    const { signal, isEncrypted, ownsChunks } = this.#options
    const hash = createHash(isEncrypted ? 'md5' : 'sha256')
    const memory = this.#options.memory.open()
    let bytes = Buffer.alloc(0)
    let length = 0
    try {
      while (length < maxBytes) {
        const chunk = this.#rest ?? (await this.#pull())
        if (chunk === undefined) return { bytes: bytes.subarray(0, length), hash: hash.digest(), isLast: true, memory }
        const taken = chunk.subarray(0, maxBytes - length)
        const needed = length + taken.length
        if (needed > bytes.length) {
          const capacity = this.#capacityFor(needed, maxBytes)
          await memory.grow(capacity - bytes.length, signal)
          const grown = Buffer.allocUnsafeSlow(capacity)
          bytes.copy(grown, 0, 0, length)
          freeChunk(bytes)
          bytes = grown
        }
        add(taken, bytes, length, hash)
        length = needed
        this.#rest = taken.length < chunk.length ? chunk.subarray(taken.length) : undefined
        if (ownsChunks && this.#rest === undefined) freeChunk(chunk)
      }
      return { bytes, hash: hash.digest(), isLast: false, memory }
    } catch (error) {
      memory.free()
      throw error
    }
  }

  async #pull(): Promise<Uint8Array | undefined> {
    const { iterator, count, signal } = this.#options
    const { done, value } = await iterator.next()
    signal.throwIfAborted()
    if (done) return undefined
    count.add(value)
    return value
  }

  #capacityFor(needed: number, maxBytes: number): number {
    const { size } = this.#options
    if (size !== undefined && size >= needed && size <= maxBytes) return size
    return Math.min(maxBytes, growth.find((bytes) => bytes >= needed) ?? maxBytes)
  }
}

function add(taken: Uint8Array, bytes: Buffer, at: number, hash: Hash): void {
  bytes.set(taken, at)
  hash.update(taken)
}

interface PutRequest {
  readonly bucketName: string
  readonly objectName: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Over TLS the signature leaves the body out, so a Content-MD5 vouches for it; else the signature does. Returns the ETag. */
export async function putPart(
  client: S3Client,
  request: PutRequest,
  { bytes, hash }: Pick<Part, 'bytes' | 'hash'>,
  isEncrypted: boolean,
): Promise<string> {
  const check = isEncrypted ? { 'content-md5': hash.toString('base64') } : {}
  const headers = { ...request.headers, ...check, 'content-length': String(bytes.length) }
  const body = bytes.length <= sliceBytes ? bytes : Readable.from(slices(bytes))
  const sha256 = isEncrypted ? '' : hash.toString('hex')
  const response = await client.makeRequestStreamAsync({ ...request, method: 'PUT', headers }, body, sha256, [200], '')
  const etag = response.headers.etag ?? ''
  for await (const _ of response);
  return etag.replaceAll('"', '')
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes)
}
