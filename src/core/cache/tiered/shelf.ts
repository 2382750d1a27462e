// The blocks that lie on the disk: which there are, what may be kept, how much they take. Every way onto the disk and off it
// goes through here, so that index, policy and room agree. Nothing here throws for the disk: what cannot be read or kept
// is simply not there, and the object store has it.

import type { Log } from '../../../base/log.ts'
import { type Block, costOf, fixedBytes, type Layout } from './block.ts'
import type { Counts, Rejection } from './counts.ts'
import type { BlockFiles } from './disk/block-files.ts'
import { checksums } from './disk/format.ts'
import type { Failure, Outcome } from './disk/gate.ts'
import type { DiskHealth } from './disk/health.ts'
import type { S3Fifo } from './policy/s3-fifo.ts'
import type { Shadows } from './policy/shadows.ts'
import { Space } from './space.ts'

export interface ShelfParts {
  readonly layout: Layout
  readonly files: BlockFiles
  readonly health: DiskHealth
  readonly policy: S3Fifo<Block>
  readonly shadows: Shadows
  readonly counts: Counts
  readonly log: Log
  readonly limitBytes: number
  readonly maxBlocks: number
}

/** Content on the disk that is no block yet. */
export interface Draft {
  readonly path: string
  readonly bytes: number
  readonly sums: Uint32Array
}

interface Shelved {
  readonly objectBytes: number
  /** By number, with holes. */
  readonly blocks: (Block | undefined)[]
  count: number
  /** Its blocks, read one after the other, had the hash that the caller knows. Not after a restart. */
  isProven: boolean
}

/** Deletions that a scan still has to learn of, at most; beyond, what is left behind is evicted some day. */
const maxForgotten = 100_000

export class Shelf {
  readonly layout: Layout
  readonly space: Space
  readonly #parts: ShelfParts
  readonly #objects = new Map<string, Shelved>()
  /** Paths that are being written or removed, which nobody else may touch, and whether what is written is still wanted. */
  readonly #busy = new Map<string, { readonly key: string; isWanted: boolean }>()
  /** What could not be removed, with the room it takes; tried again. */
  readonly #stuck = new Map<string, number>()
  /** Deleted while the directory was not known yet. Undefined once it is. */
  #forgotten: Set<string> | undefined = new Set()
  #blocks = 0

  constructor(parts: ShelfParts) {
    this.#parts = parts
    this.layout = parts.layout
    this.space = new Space({ limitBytes: parts.limitBytes, evict: () => this.#evict() })
    this.space.adopt(fixedBytes)
  }

  /** Not everything that lies there is known yet: it is served, and nothing is added. */
  get isRecovering(): boolean {
    return this.#forgotten !== undefined
  }

  get blocks(): number {
    return this.#blocks
  }

  /** Size of an object of which anything is here. */
  sizeOf(key: string): number | undefined {
    return this.#objects.get(key)?.objectBytes
  }

  has(block: Block): boolean {
    return this.#find(block) !== undefined
  }

  hasAll(key: string): boolean {
    const object = this.#objects.get(key)
    return object !== undefined && object.count === this.layout.countOf(object.objectBytes)
  }

  isProven(key: string): boolean {
    return this.#objects.get(key)?.isProven ?? false
  }

  prove(key: string): void {
    const object = this.#objects.get(key)
    if (object !== undefined) object.isProven = true
  }

  /** Some of it comes anew. */
  doubt(key: string): void {
    const object = this.#objects.get(key)
    if (object !== undefined) object.isProven = false
  }

  /** The block whose turn it is, when each has its turn. */
  blockAt(place: number): Block | undefined {
    let passed = 0
    for (const { blocks, count } of this.#objects.values()) {
      if (passed + count > place) return blocks.filter((block) => block !== undefined)[place - passed]
      passed += count
    }
    return undefined
  }

  /** Counts a request for a block, and tells whether it is to be kept if it is not here. */
  ask(block: Block): boolean {
    const { policy, shadows } = this.#parts
    shadows.request(block)
    const known = this.#find(block)
    if (known !== undefined) policy.touch(known)
    else if (policy.admits(block.fingerprint, block.bytes)) return true
    else this.reject('first_request')
    return false
  }

  /** Checked bytes from `from` on, or undefined when they must come from elsewhere. Offsets are within the block. */
  async read(block: Block, from: number, to: number): Promise<Uint8Array | undefined> {
    const { health, files, counts, log } = this.#parts
    if (health.state === 'down' || !(this.isRecovering || this.has(block))) return undefined
    const outcome = await files.read(block, from, to)
    if (outcome.failure === undefined) return outcome.value
    if (outcome.failure === 'corrupt') {
      counts.corrupt.add()
      log.warn('cache.corrupt', { key: block.key, block: block.number })
    }
    if (outcome.failure === 'corrupt' || outcome.failure === 'missing') await this.#lose(block)
    return undefined
  }

  /** Keeps a whole block. False when it was not to be. */
  async keep(block: Block, chunks: readonly Uint8Array[]): Promise<boolean> {
    const { files } = this.#parts
    if (!this.#claim(block)) return false
    if (!(await this.#reserve(block.bytes))) {
      this.#busy.delete(files.pathOf(block))
      return false
    }
    const path = files.draftPath()
    return this.#finish(block, path, await files.write(block, chunks, path))
  }

  /** Keeps content of which it is not known yet what block it will be. */
  async draft(chunks: readonly Uint8Array[]): Promise<Draft | undefined> {
    const { files } = this.#parts
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const draft = { path: files.draftPath(), bytes: costOf(length), sums: checksums(chunks, length) }
    if (!(await this.#reserve(draft.bytes))) return undefined
    const outcome = await files.writeDraft(chunks, draft.path)
    if (outcome.failure === undefined) return draft
    if (outcome.failure === 'late') void outcome.ended.then(() => this.discard(draft))
    else await this.#discard(draft, outcome.failure)
    return undefined
  }

  /** Makes a draft the content of a block. */
  async publish(block: Block, draft: Draft): Promise<boolean> {
    if (!this.#claim(block)) {
      await this.discard(draft)
      return false
    }
    return this.#finish(block, draft.path, await this.#parts.files.publishDraft(block, draft.sums, draft.path))
  }

  async discard(draft: Draft): Promise<void> {
    await this.#remove(draft.path, draft.bytes)
  }

  /** Removes every block of an object that was deleted. */
  async forget(key: string): Promise<void> {
    if (this.#forgotten !== undefined && this.#forgotten.size < maxForgotten) this.#forgotten.add(key)
    for (const busy of this.#busy.values()) if (busy.key === key) busy.isWanted = false
    const blocks = this.#objects.get(key)?.blocks.slice() ?? []
    for (const block of blocks) {
      if (block !== undefined && this.holds(block)) await this.#drop(block)
    }
  }

  /** A file that a scan found: counted from now on, or known already, or to be removed. */
  adopt(block: Block): 'adopted' | 'known' | 'unwanted' {
    const path = this.#parts.files.pathOf(block)
    if (this.#forgotten?.has(block.key) === true) return 'unwanted'
    if (this.has(block) || this.#busy.has(path) || this.#stuck.has(path)) return 'known'
    if ((this.sizeOf(block.key) ?? block.objectBytes) !== block.objectBytes) return 'unwanted'
    if (this.#blocks >= this.#parts.maxBlocks) return 'unwanted'
    this.#put(block)
    this.space.adopt(block.bytes)
    return 'adopted'
  }

  /** Whether this very block, adopted some time ago, is still here. */
  holds(block: Block): boolean {
    return this.#find(block) === block
  }

  /** The whole directory is known: from now on there is room to give. */
  async recovered(): Promise<void> {
    this.#forgotten = undefined
    await this.space.settle()
  }

  /** Tries again to remove what could not be removed. */
  async removeStuck(limit: number): Promise<void> {
    for (const [path, bytes] of [...this.#stuck].slice(0, limit)) {
      this.#stuck.delete(path)
      if (!(await this.#remove(path, bytes))) return
    }
  }

  reject(reason: Rejection): false {
    this.#parts.counts.rejected(reason)
    return false
  }

  /** Room for something that is about to be written. */
  async #reserve(bytes: number): Promise<boolean> {
    const { health, maxBlocks } = this.#parts
    if (this.isRecovering) return this.reject('recovering')
    if (health.state !== 'normal') return this.reject('disk')
    if (this.#blocks >= maxBlocks) await this.#evict()
    return (this.#blocks < maxBlocks && (await this.space.reserve(bytes))) || this.reject('no_room')
  }

  /** False when it is here already, or on its way here or out. */
  #claim(block: Block): boolean {
    const path = this.#parts.files.pathOf(block)
    if (this.#busy.has(path) || this.has(block)) return false
    this.#busy.set(path, { key: block.key, isWanted: true })
    return true
  }

  /** The end of writing a claimed block. One that is late may still arrive; its room stays taken until that is known. */
  async #finish(block: Block, draft: string, outcome: Outcome<void>): Promise<boolean> {
    if (outcome.failure === 'late') {
      void outcome.ended.then((ended) => this.#finish(block, draft, ended))
      return false
    }
    const path = this.#parts.files.pathOf(block)
    const isWanted = this.#busy.get(path)!.isWanted
    if (outcome.failure !== undefined) await this.#discard({ path: draft, bytes: block.bytes }, outcome.failure)
    else if (!isWanted) await this.#remove(path, block.bytes)
    else {
      this.#put(block)
      this.#parts.policy.add(block)
    }
    this.#busy.delete(path)
    return outcome.failure === undefined && isWanted
  }

  async #discard(draft: { readonly path: string; readonly bytes: number }, failure: Failure): Promise<void> {
    this.reject('disk')
    await this.#remove(draft.path, draft.bytes)
    // The disk is fuller than was thought: make way, until its room is looked at again.
    if (failure === 'full') await this.space.setCeiling(this.space.usedBytes - draft.bytes)
    if (failure === 'missing') this.#parts.health.fall('removed')
  }

  #find(block: Block): Block | undefined {
    return this.#objects.get(block.key)?.blocks[block.number]
  }

  #put(block: Block): void {
    let object = this.#objects.get(block.key)
    if (object === undefined) {
      // An array that grows takes room for sixteen more, and most objects are one block.
      const blocks = block.number === 0 ? [block] : []
      object = { objectBytes: block.objectBytes, blocks, count: 0, isProven: false }
      this.#objects.set(block.key, object)
    }
    object.blocks[block.number] = block
    object.count++
    this.#blocks++
  }

  #take(block: Block): void {
    const object = this.#objects.get(block.key)!
    object.blocks[block.number] = undefined
    this.#blocks--
    if (--object.count === 0) this.#objects.delete(block.key)
  }

  #evict(): Promise<boolean> | undefined {
    const block = this.#parts.policy.evict()
    return block === undefined ? undefined : this.#drop(block)
  }

  /** Its file is not there, or is not what was written. */
  async #lose(block: Block): Promise<void> {
    const known = this.#find(block)
    if (known !== undefined) await this.#drop(known)
    // Found by its name before the scan came to it: it was not counted yet.
    else await this.#parts.files.remove(this.#parts.files.pathOf(block))
  }

  async #drop(block: Block): Promise<boolean> {
    const path = this.#parts.files.pathOf(block)
    this.#parts.policy.remove(block)
    this.#take(block)
    this.#busy.set(path, { key: block.key, isWanted: false })
    const isGone = await this.#remove(path, block.bytes)
    this.#busy.delete(path)
    return isGone
  }

  /** Gives the room back once the file is gone; until then it counts as used. */
  async #remove(path: string, bytes: number): Promise<boolean> {
    const outcome = await this.#parts.files.remove(path)
    if (outcome.failure === 'late') void outcome.ended.then((ended) => this.#removed(path, bytes, ended))
    return this.#removed(path, bytes, outcome)
  }

  #removed(path: string, bytes: number, { failure }: Outcome<void>): boolean {
    const isGone = failure === undefined || failure === 'missing'
    if (isGone) this.space.release(bytes)
    else if (failure !== 'late') this.#stuck.set(path, bytes)
    return isGone
  }
}
