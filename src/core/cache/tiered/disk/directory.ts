// The directory of the cache: made, held against a second process, probed, and taken again after it was removed. All of it
// lies below `v1`; nothing else in the configured directory is touched. It is never made on another device than the one it
// was on: when its file system is gone, the cache must not fill the one below.

import { dirname, join } from 'node:path'

import { XpodError } from '../../../../base/errors.ts'
import type { FileOperations } from './files.ts'
import type { DiskGate, Failure } from './gate.ts'

export interface HeldLock {
  release(): void
}

export interface DirectoryParts {
  /** Absolute, as configured. */
  readonly path: string
  readonly files: FileOperations
  readonly gate: DiskGate
  /** Holds the file for this process as long as it lives; undefined when another one does. */
  readonly hold: (file: string) => HeldLock | undefined
}

const probeBytes = Buffer.alloc(4096, 'xpod')

export class CacheDirectory {
  /** Where the blocks lie. */
  readonly dir: string
  readonly #parts: DirectoryParts
  #device: number | undefined
  #lock: HeldLock | undefined

  constructor(parts: DirectoryParts) {
    this.#parts = parts
    this.dir = join(parts.path, 'v1')
  }

  /** Makes it, holds it and empties `tmp`. Throws CACHE_LOCKED; another failure is returned. */
  async open(): Promise<Failure | undefined> {
    const { files, gate } = this.#parts
    const made = await gate.run('write', async () => {
      if (this.#device !== undefined && (await this.#deviceBelow()) !== this.#device) throw new Error('other device')
      await files.makeDirectory(this.dir)
      this.#device ??= await files.device(this.dir)
    })
    if (made.failure !== undefined) return made.failure
    const held = await gate.run('write', async () => this.#hold())
    if (held.failure !== undefined) return held.failure
    if (!held.value) {
      throw new XpodError('CACHE_LOCKED', this.#parts.path)
    }
    return this.#emptyDrafts()
  }

  /** Undefined when a file at this path could be written, read and removed; `missing` when the directory has to be opened again. */
  async probe(path: string): Promise<Failure | undefined> {
    const { files, gate } = this.#parts
    const outcome = await gate.run('write', async () => {
      await files.device(this.#lockPath)
      const file = await files.open(path, 'wx+')
      try {
        const read = Buffer.alloc(probeBytes.length)
        await file.write([probeBytes], 0)
        await file.read(read, 0)
        if (!read.equals(probeBytes)) throw new Error('it reads back something else')
      } finally {
        await file.close()
        await files.unlink(path)
      }
    })
    return outcome.failure
  }

  close(): void {
    this.#lock?.release()
    this.#lock = undefined
  }

  get #lockPath(): string {
    return join(this.dir, 'LOCK')
  }

  /** Of the nearest directory that is there. */
  async #deviceBelow(): Promise<number> {
    for (let path = this.dir; ; path = dirname(path)) {
      try {
        return await this.#parts.files.device(path)
      } catch (error) {
        if (path === dirname(path)) throw error
      }
    }
  }

  /** A lock on a file that was removed holds nothing, so it is taken again. */
  #hold(): boolean {
    this.close()
    this.#lock = this.#parts.hold(this.#lockPath)
    return this.#lock !== undefined
  }

  /** What an earlier process left half written. */
  async #emptyDrafts(): Promise<Failure | undefined> {
    const { files, gate } = this.#parts
    const tmp = join(this.dir, 'tmp')
    const listed = await gate.run('write', async () => {
      await files.makeDirectory(tmp)
      return files.list(tmp)
    })
    if (listed.failure !== undefined) return listed.failure
    for (const name of listed.value) {
      const { failure } = await gate.run('write', () => files.unlink(join(tmp, name)))
      if (failure !== undefined && failure !== 'missing') return failure
    }
    return undefined
  }
}
