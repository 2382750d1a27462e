// Objects as files: `<dir>/<first part of the key>/<rest>`, written beside their name and renamed to it, with file and
// directory synced before put resolves (store rule 17). An interrupted put leaves at most a `.part` file, which delete and
// list know of. Never overwrites: a key is used once.

import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

import { collect, freeChunk, giveChunk, KiB } from '../../base/bytes.ts'
import { type Random, systemRandom } from '../../base/random.ts'
import { systemCode, XpodError } from '../../base/errors.ts'
import { DigestCount } from './digest-stream.ts'
import { DirectorySync } from './directory-sync.ts'
import type { ObjectStore, PutOptions, StoredObject } from './object-store.ts'

export interface FilesystemOptions {
  /** Made when it is missing. */
  readonly dir: string
  readonly random?: Random
  /** Tests only: instead of fsync on a directory. */
  readonly syncDirectory?: (dir: string) => Promise<void>
}

const writeBytes = 256 * KiB
/** Larger buffers would be mapped and unmapped for each read: 100 MiB then cost half as much CPU again [measured]. */
const readBytes = 64 * KiB
const maxOpenFiles = 1000
/** Directories of which this process remembers that their name is durable; beyond this they are synced again. */
const maxKnownDirectories = 100_000

export async function openFilesystemObjects(options: FilesystemOptions): Promise<ObjectStore> {
  const store = new Filesystem(
    resolve(options.dir),
    options.random ?? systemRandom,
    new DirectorySync(options.syncDirectory),
  )
  await store.makeDirectory(store.dir)
  return store
}

class Filesystem implements ObjectStore {
  readonly dir: string
  readonly #random: Random
  readonly #syncs: DirectorySync
  readonly #durable = new Map<string, Promise<void>>()
  #writing = 0

  constructor(dir: string, random: Random, syncs: DirectorySync) {
    this.dir = dir
    this.#random = random
    this.#syncs = syncs
  }

  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    { ownsChunks = false }: PutOptions,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly sha256: Uint8Array }> {
    const path = this.#pathOf(key)
    if (this.#writing >= maxOpenFiles) throw new XpodError('OVERLOADED', 'too many uploads')
    this.#writing++
    try {
      await this.makeDirectory(dirname(path))
      return await this.#write(path, { chunks: body, ownsChunks }, signal)
    } catch (error) {
      await removeFile(`${path}.part`)
      throw systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT'
        ? new XpodError('DISK_FULL', '', { cause: error })
        : error
    } finally {
      this.#writing--
    }
  }

  async #write(
    path: string,
    body: Body,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly sha256: Uint8Array }> {
    const count = new DigestCount()
    {
      await using file = await open(`${path}.part`, 'wx', 0o600)
      await writeAll(file, body, count, signal)
      await file.sync()
    }
    signal.throwIfAborted()
    await rename(`${path}.part`, path)
    await this.#syncs.sync(dirname(path))
    return count.end()
  }

  async get(
    key: string,
    range: { readonly start: number; readonly end: number } | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    signal.throwIfAborted()
    const file = await openForReading(this.#pathOf(key))
    return givenChunks(createReadStream('', { fd: file, highWaterMark: readBytes, signal, ...range }))
  }

  async head(key: string): Promise<StoredObject | undefined> {
    try {
      return { key, size: (await stat(this.#pathOf(key))).size }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    const dirs = new Set<string>()
    for (const key of keys) {
      const path = this.#pathOf(key)
      const found = [await removeFile(path), await removeFile(`${path}.part`)]
      if (found.includes(true)) dirs.add(dirname(path))
    }
    for (const dir of dirs) await this.#syncs.sync(dir)
  }

  async list(prefix: string, after: string | undefined, limit: number): Promise<readonly StoredObject[]> {
    const found: StoredObject[] = []
    for (const dir of await sortedNames(this.dir)) {
      if (!dir.startsWith(prefix.slice(0, dir.length))) continue
      for (const name of await sortedNames(join(this.dir, dir))) {
        const key = `${dir}/${name}`
        if (!key.startsWith(prefix) || (after !== undefined && key <= after)) continue
        const known = await this.head(key)
        if (known !== undefined) found.push(known)
        if (found.length === limit) return found
      }
    }
    return found
  }

  async probe(): Promise<void> {
    const key = `probe/${this.#random.uuid()}`
    const signal = new AbortController().signal
    const bytes = this.#random.bytes(64)
    await this.put(key, once(bytes), {}, signal)
    const read = await collect(await this.get(key, undefined, signal), bytes.length)
    await this.delete([key])
    if (!read.equals(bytes)) throw new XpodError('DATA_DIR_UNUSABLE', 'what is read differs from what was written')
  }

  async room(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    const { bavail, blocks, bsize } = await statfs(this.dir)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /**
   * Resolves when the directory is there and its name is durable. That it exists proves nothing: whoever made it may not have
   * synced its parent yet, or have died before. So each process syncs once for each directory.
   */
  makeDirectory(dir: string): Promise<void> {
    const known = this.#durable.get(dir)
    if (known !== undefined) return known
    if (this.#durable.size >= maxKnownDirectories) this.#durable.clear()
    const made = this.#makeDurable(dir)
    this.#durable.set(dir, made)
    made.catch(() => this.#durable.delete(dir))
    return made
  }

  async #makeDurable(dir: string): Promise<void> {
    const parent = dirname(dir)
    try {
      await mkdir(dir, { mode: 0o700 })
    } catch (error) {
      if (systemCode(error) === 'ENOENT' && parent !== dir) {
        await this.makeDirectory(parent)
        await mkdir(dir, { mode: 0o700 })
      } else if (systemCode(error) !== 'EEXIST') throw error
    }
    await this.#syncs.sync(parent)
  }

  #pathOf(key: string): string {
    if (!/^[A-Za-z0-9-]+\/[A-Za-z0-9-]+$/.test(key)) throw new TypeError(`not a key of an object: ${key}`)
    return join(this.dir, key)
  }
}

interface Body {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly ownsChunks: boolean
}

/** Hashes one part while the one before is on its way to the disk; at most two parts are in memory. */
async function writeAll(
  file: FileHandle,
  { chunks, ownsChunks }: Body,
  count: DigestCount,
  signal: AbortSignal,
): Promise<void> {
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  let writing: Promise<unknown> = Promise.resolve()
  const flush = async (): Promise<void> => {
    await writing
    const parts = pending
    writing = writeParts(file, parts, pendingBytes).then(() => {
      if (ownsChunks) for (const part of parts) freeChunk(part)
    })
    // Awaited before the next part and at the end; until then a failure is not unhandled.
    writing.catch(() => {})
    pending = []
    pendingBytes = 0
  }
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    count.add(chunk)
    pending.push(chunk)
    pendingBytes += chunk.length
    if (pendingBytes >= writeBytes) await flush()
  }
  if (pendingBytes > 0) await flush()
  await writing
}

async function writeParts(file: FileHandle, parts: readonly Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(parts)
  if (bytesWritten === bytes) return
  // A short write: the rest one by one, which reports what stands in the way.
  let skip = bytesWritten
  for (const part of parts) {
    const rest = part.subarray(Math.min(skip, part.length))
    skip -= part.length - rest.length
    for (let at = 0; at < rest.length; ) at += (await file.write(rest, at)).bytesWritten
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new XpodError('NOT_FOUND', 'no such object', { cause: error })
    throw error
  }
}

async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}

async function sortedNames(dir: string): Promise<string[]> {
  const names = await readdir(dir)
  return names.filter((name) => !name.endsWith('.part')).sort()
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** The stream begins when it is read, and otherwise ends with its signal. */
function givenChunks(stream: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of stream) yield giveChunk(chunk)
    },
  }
}
