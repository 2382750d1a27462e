// Blocks as files: read with their checksums, written beside their name and renamed to it, removed. A few files stay open, so
// that ranges of one block cost one open; readers hold nothing, so a reader that goes away leaves nothing open. Knows
// nothing of room or policy.

import { join } from 'node:path'

import { giveChunk, KiB } from '../../../../base/bytes.ts'
import type { Block } from '../block.ts'
import type { FileOperations, OpenFile } from './files.ts'
import { areIntact, checksums, decodeHeader, encodeHeader, headerBytes, pieceBytes } from './format.ts'
import type { DiskGate, Failure, Outcome } from './gate.ts'

/** What one read brings at most. Larger buffers are mapped and unmapped for each read. */
const readBytes = 64 * KiB
const maxOpen = 128

/** Where a read that begins here ends, unless the block or what is wanted of it ends before. */
export function endOfRead(from: number): number {
  return Math.floor(from / pieceBytes) * pieceBytes + readBytes
}

interface Opened {
  readonly file: OpenFile
  readonly sums: Uint32Array
  users: number
  isLeaving: boolean
}

/** corrupt: it is there, and not what was written. */
export type ReadOutcome =
  | { readonly value: Uint8Array; readonly failure?: never }
  | { readonly failure: Failure | 'corrupt' }

export class BlockFiles {
  readonly #dir: string
  readonly #files: FileOperations
  readonly #gate: DiskGate
  /** Oldest use first. */
  readonly #opened = new Map<string, Opened>()
  readonly #shards = new Set<string>()
  #drafts = 0
  /** How many files were removed, or are about to be. */
  #removals = 0

  constructor(parts: { readonly dir: string; readonly files: FileOperations; readonly gate: DiskGate }) {
    this.#dir = parts.dir
    this.#files = parts.files
    this.#gate = parts.gate
  }

  /** Checked bytes of the block from `from` on, at least one and none at or after `to`. */
  async read(block: Block, from: number, to: number): Promise<ReadOutcome> {
    const outcome = await this.#gate.run('read', () => this.#read(block, from, to))
    if (outcome.failure !== undefined) return { failure: outcome.failure }
    return outcome.value === undefined ? { failure: 'corrupt' } : { value: outcome.value }
  }

  /** Writes a whole block as a draft and renames it. */
  write(block: Block, chunks: readonly Uint8Array[], draft: string): Promise<Outcome<void>> {
    const header = encodeHeader(block.name, block.length, checksums(chunks, block.length))
    return this.#gate.run('write', async () => {
      await this.#fill(await this.#files.open(draft, 'wx+'), [header, ...chunks], 0)
      await this.#publish(draft, block)
    })
  }

  /** The first half of a write: content whose block has no name yet. */
  writeDraft(chunks: readonly Uint8Array[], draft: string): Promise<Outcome<void>> {
    return this.#gate.run('write', async () => this.#fill(await this.#files.open(draft, 'wx+'), chunks, headerBytes))
  }

  /** The second half. */
  publishDraft(block: Block, sums: Uint32Array, draft: string): Promise<Outcome<void>> {
    const header = encodeHeader(block.name, block.length, sums)
    return this.#gate.run('write', async () => {
      await this.#fill(await this.#files.open(draft, 'r+'), [header], 0)
      await this.#publish(draft, block)
    })
  }

  /** A path that nothing has yet. */
  draftPath(): string {
    return join(this.#dir, 'tmp', String(++this.#drafts))
  }

  pathOf(block: Block): string {
    return join(this.#dir, block.shard, block.name)
  }

  remove(path: string): Promise<Outcome<void>> {
    this.#removals++
    this.#close(path)
    return this.#gate.run('write', () => this.#files.unlink(path))
  }

  /** Directories may have been removed. */
  forgetDirectories(): void {
    this.#shards.clear()
  }

  closeAll(): void {
    for (const path of this.#opened.keys()) this.#close(path)
  }

  async #read(block: Block, from: number, to: number): Promise<Uint8Array | undefined> {
    const path = this.pathOf(block)
    const opened = this.#reopened(path) ?? (await this.#open(path, block))
    if (opened === undefined) return undefined
    try {
      const start = Math.floor(from / pieceBytes) * pieceBytes
      const bytes = Buffer.allocUnsafeSlow(Math.min(endOfRead(from), block.length) - start)
      const read = await opened.file.read(bytes, headerBytes + start)
      if (read < bytes.length || !areIntact(bytes, start / pieceBytes, opened.sums)) return undefined
      return giveChunk(bytes.subarray(from - start, Math.min(to - start, bytes.length)))
    } finally {
      opened.users--
      if (opened.isLeaving && opened.users === 0) await opened.file.close()
    }
  }

  #reopened(path: string): Opened | undefined {
    const opened = this.#opened.get(path)
    if (opened === undefined) return undefined
    this.#opened.delete(path)
    this.#opened.set(path, opened)
    opened.users++
    return opened
  }

  /** With its first user, so that nobody closes it in between. */
  async #open(path: string, block: Block): Promise<Opened | undefined> {
    const removals = this.#removals
    const file = await this.#files.open(path, 'r')
    const sums = await readHeader(file, block).catch(async (error: unknown) => {
      await file.close()
      throw error
    })
    if (sums === undefined) {
      await file.close()
      return undefined
    }
    // Another may have opened it as well, or removed it: then it stays open for this read only, for an open file takes room.
    const isLeaving = this.#opened.has(path) || removals !== this.#removals
    const opened = { file, sums, users: 1, isLeaving }
    if (!isLeaving) this.#keepOpen(path, opened)
    return opened
  }

  #keepOpen(path: string, opened: Opened): void {
    this.#opened.set(path, opened)
    if (this.#opened.size <= maxOpen) return
    for (const oldest of this.#opened.keys()) return this.#close(oldest)
  }

  #close(path: string): void {
    const opened = this.#opened.get(path)
    if (opened === undefined) return
    this.#opened.delete(path)
    opened.isLeaving = true
    // Nobody waits for it; a failure to close is the gate's to count.
    if (opened.users === 0) void this.#gate.run('read', () => opened.file.close())
  }

  async #fill(file: OpenFile, parts: readonly Uint8Array[], position: number): Promise<void> {
    try {
      const bytes = parts.reduce((sum, part) => sum + part.length, 0)
      if ((await file.write(parts, position)) < bytes) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
    } finally {
      await file.close()
    }
  }

  async #publish(draft: string, block: Block): Promise<void> {
    if (!this.#shards.has(block.shard)) {
      await this.#files.makeDirectory(join(this.#dir, block.shard))
      this.#shards.add(block.shard)
    }
    await this.#files.rename(draft, this.pathOf(block))
  }
}

async function readHeader(file: OpenFile, block: Block): Promise<Uint32Array | undefined> {
  const header = Buffer.allocUnsafe(headerBytes)
  if ((await file.read(header, 0)) < headerBytes) return undefined
  return decodeHeader(header, block.name, block.length)
}
