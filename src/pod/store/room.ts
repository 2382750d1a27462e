// Whether the disk under the bodies still has room above the floor. Asked of the object store at most once a second; in
// between the last answer counts. When room has come back after a full disk, the database is told.

import { MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { ObjectStore } from '../../core/objects/object-store.ts'

export interface RoomOptions {
  readonly objects: ObjectStore
  readonly clock: Clock
  readonly log: Log
  /** Bytes that must stay free; the smaller of 5 % of the disk and 512 MiB when undefined. */
  readonly minFreeBytes: number | undefined
}

const refreshMs = 1000
const ballastBytes = 64 * MiB

export class Room {
  readonly #options: RoomOptions
  #isLow = false
  #isAmple = false
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  constructor(options: RoomOptions) {
    this.#options = options
  }

  /** The last answer; asks again beside when that is old. */
  get isLow(): boolean {
    if (this.#options.clock.monotonicMs() - this.#askedMs >= refreshMs) void this.refresh()
    return this.#isLow
  }

  /** Room enough to fill the ballast without coming near the floor, when last asked. */
  get isAmple(): boolean {
    return this.#isAmple
  }

  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #ask(): Promise<void> {
    const { objects, clock, log, minFreeBytes } = this.#options
    this.#askedMs = clock.monotonicMs()
    try {
      const room = await objects.room()
      if (room === undefined) return
      const floor = minFreeBytes ?? Math.min(room.totalBytes * 0.05, 512 * MiB)
      const isLow = room.freeBytes < floor
      if (isLow !== this.#isLow) log.warn('store.room', { low: isLow, freeBytes: room.freeBytes, floorBytes: floor })
      this.#isLow = isLow
      this.#isAmple = room.freeBytes > floor + 2 * ballastBytes
    } catch (error) {
      log.error('store.room', { error })
    }
  }
}
