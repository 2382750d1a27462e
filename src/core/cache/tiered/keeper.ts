// What keeps the cache in order beside the requests: opens the directory and learns what lies there, watches the room of the
// file system, probes a disk that is in trouble, takes the directory again after it was removed, writes the snapshot, has the
// rest checked. One round every few seconds; a round that takes longer makes the next one wait.

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Block } from './block.ts'
import type { CacheSize } from './contract.ts'
import type { BlockFiles } from './disk/block-files.ts'
import type { CacheDirectory } from './disk/directory.ts'
import type { FileOperations, Room } from './disk/files.ts'
import type { DiskGate } from './disk/gate.ts'
import type { DiskHealth } from './disk/health.ts'
import { writeSnapshot } from './disk/snapshot.ts'
import type { S3Fifo } from './policy/s3-fifo.ts'
import type { Shadows } from './policy/shadows.ts'
import { recover } from './recovery.ts'
import type { Scrubber } from './scrubber.ts'
import type { Shelf } from './shelf.ts'

export interface KeeperParts {
  readonly path: string
  readonly maxSize: CacheSize
  readonly freeShare: number
  readonly directory: CacheDirectory
  readonly files: FileOperations
  readonly gate: DiskGate
  readonly blocks: BlockFiles
  readonly shelf: Shelf
  readonly policy: S3Fifo<Block>
  readonly shadows: Shadows
  readonly scrubber: Scrubber
  readonly health: DiskHealth
  readonly clock: Clock
  readonly log: Log
}

const roundMs = 5000
/** A minute between snapshots: that much of what was hot is not known again after a crash. */
const snapshotRounds = 12
const stuckPerRound = 100

export class Keeper implements AsyncDisposable {
  readonly #parts: KeeperParts
  readonly #abort = new AbortController()
  #maxSize: CacheSize
  #cancel = (): void => {}
  #round: Promise<void> | undefined
  #rounds = 0
  #recovering: Promise<void> = Promise.resolve()
  #isScanning = false
  #isOpen = false
  /** Why the directory cannot be used, as logged. */
  #told: string | undefined

  constructor(parts: KeeperParts) {
    this.#parts = parts
    this.#maxSize = parts.maxSize
  }

  /** Ends when everything that lay there is known, or cannot be. */
  get recovered(): Promise<void> {
    return this.#recovering
  }

  /** Throws CACHE_LOCKED; any other trouble is tried again later. */
  async start(): Promise<void> {
    await this.#open()
    this.#cancel = this.#parts.clock.every(roundMs, () => {
      this.#round ??= this.#go().finally(() => {
        this.#round = undefined
      })
    })
  }

  async setMaxSize(size: CacheSize): Promise<void> {
    this.#maxSize = size
    await this.#lookAtRoom()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel()
    this.#abort.abort(new XpodError('SHUTTING_DOWN'))
    await this.#round
    await this.#recovering
    await this.#snapshot()
    this.#parts.blocks.closeAll()
    this.#parts.directory.close()
  }

  async #open(): Promise<void> {
    const { directory, health } = this.#parts
    const failure = await directory.open()
    this.#isOpen = failure === undefined
    if (failure !== undefined) return this.#tell(failure)
    this.#told = undefined
    health.start()
    await this.#lookAtRoom()
    this.#recover()
  }

  #recover(): void {
    const { directory, log, shelf } = this.#parts
    if (this.#isScanning) return
    this.#isScanning = true
    this.#recovering = recover({ ...this.#parts, dir: directory.dir }, this.#abort.signal).then((isDone) => {
      this.#isScanning = false
      log.info('cache.recovered', { isDone, blocks: shelf.blocks, bytes: shelf.space.usedBytes })
    })
  }

  async #go(): Promise<void> {
    const { health, shelf, scrubber } = this.#parts
    if (this.#isOpen && health.state !== 'normal') await this.#probe()
    if (!this.#isOpen) await this.#open().catch((error: unknown) => this.#lost(error))
    if (health.state !== 'normal') return
    if (shelf.isRecovering) this.#recover()
    await this.#lookAtRoom()
    await shelf.removeStuck(stuckPerRound)
    if (++this.#rounds % snapshotRounds === 0) await this.#snapshot()
    if (!shelf.isRecovering) await scrubber.round(this.#abort.signal)
  }

  async #probe(): Promise<void> {
    const { directory, health, blocks } = this.#parts
    // Somebody may have removed some of them, or all.
    blocks.forgetDirectories()
    const failure = await directory.probe(blocks.draftPath())
    if (failure === undefined) return health.recovered()
    if (failure !== 'missing') return
    // What was there turns out to be missing block by block.
    blocks.closeAll()
    this.#isOpen = false
  }

  /** Another process has taken the directory meanwhile. */
  #lost(error: unknown): void {
    if (!(error instanceof XpodError)) throw error
    this.#tell(error.code)
  }

  /** Once, however often it is tried again. */
  #tell(failure: string): void {
    if (this.#told !== failure) this.#parts.log.warn('cache.unusable', { path: this.#parts.path, failure })
    this.#told = failure
  }

  async #lookAtRoom(): Promise<void> {
    const { gate, files, path, shelf, freeShare } = this.#parts
    const { space } = shelf
    if (typeof this.#maxSize === 'number') await this.#setLimit(this.#maxSize)
    const seen = await gate.run('read', () => files.room(path))
    if (seen.failure !== undefined) return
    const room = seen.value
    await space.setCeiling(hasInodes(room, freeShare) ? ceilingOf(room, freeShare, space.usedBytes) : space.usedBytes)
    if (typeof this.#maxSize === 'object') {
      await this.#setLimit(Math.floor((room.totalBytes * this.#maxSize.percent) / 100))
    }
  }

  async #setLimit(bytes: number): Promise<void> {
    const { policy, shadows, shelf } = this.#parts
    if (bytes !== policy.limitBytes) {
      policy.limitBytes = bytes
      shadows.setLimit(bytes)
    }
    await shelf.space.setLimit(bytes)
  }

  async #snapshot(): Promise<void> {
    const { directory, blocks, shelf, health, policy } = this.#parts
    if (shelf.isRecovering || health.state !== 'normal') return
    await writeSnapshot({ ...this.#parts, dir: directory.dir, draft: blocks.draftPath() }, policy)
  }
}

/** What may be used so that a share of the file system stays free. */
function ceilingOf(room: Room, freeShare: number, usedBytes: number): number {
  return usedBytes + room.freeBytes - room.totalBytes * freeShare
}

function hasInodes(room: Room, freeShare: number): boolean {
  return room.freeInodes >= room.totalInodes * freeShare
}
