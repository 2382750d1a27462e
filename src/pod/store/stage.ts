// Bodies on their way in. Up to 64 KiB they stay in memory and travel with the change. Larger ones get a stage row, durable
// before the first byte reaches the object store, so that whatever happens a row knows of the blob; the commit consumes
// that row (store rules 15 to 19).

import { MiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { ObjectStore } from '../../core/objects/object-store.ts'
import type { Staged } from './change.ts'
import { maxInlineBytes, stageInline } from './inline.ts'
import type { StageLimits } from './pod-store.ts'
import type { Reservation, Reservations } from './reservations.ts'
import type { PodId } from './resource.ts'
import type { Room } from './room.ts'

/** Room is reserved in steps while a body of unknown length arrives. */
const reserveStepBytes = 1 * MiB

export interface StageCall {
  readonly pod: PodId
  readonly blob: string
  readonly node: string
  readonly instance: string
  readonly nowMs: number
}

export interface UnstageCall {
  readonly pod: PodId
  readonly blob: string
}

/** Stage rows; each call is durable when it resolves. */
export interface StageRows {
  add(call: StageCall): Promise<void>
  /** The blob becomes garbage if the row is still there. */
  drop(call: UnstageCall): Promise<void>
}

export interface StageParts {
  readonly rows: StageRows
  readonly objects: ObjectStore
  readonly random: Random
  readonly log: Log
  readonly reservations: Reservations
  readonly room: Room
  readonly stamp: () => { readonly node: string; readonly instance: string; readonly nowMs: number }
  /** A blob without a row to consume it: may be deleted now. */
  readonly onGarbage: () => void
  readonly pause?: ((point: string) => Promise<void>) | undefined
}

export interface Stager {
  stage(pod: PodId, body: AsyncIterable<Uint8Array>, limits: StageLimits, signal: AbortSignal): Promise<Staged>
  /** The commit has consumed this blob's stage row: its bytes are the pod's now. */
  consumed(blob: string): void
}

export function createStager(parts: StageParts): Stager {
  const { rows, objects, random, reservations, room } = parts
  /** Staged blobs without a commit yet. */
  const open = new Map<string, Reservation>()

  function consumed(blob: string): void {
    open.get(blob)?.[Symbol.dispose]()
    open.delete(blob)
  }

  /** Only a row that is still there may go: after an unknown outcome the blob may belong to a resource. */
  async function giveUp(pod: PodId, blob: string): Promise<void> {
    if (!open.has(blob)) return
    consumed(blob)
    try {
      await rows.drop({ pod, blob })
      parts.onGarbage()
    } catch (error) {
      // Its row stays and is swept a day later; why the body was given up is what the caller is to hear.
      if (!(error instanceof XpodError)) throw error
      parts.log.warn('store.stage-kept', { pod, blob, error })
    }
  }

  async function stageBlob(pod: PodId, body: Arriving, signal: AbortSignal): Promise<Staged> {
    const blob = `${pod}/${random.uuid()}`
    open.set(blob, body.reservation)
    try {
      await rows.add({ pod, blob, ...parts.stamp() })
      const { expectedBytes, ownsChunks } = body.limits
      const { size, sha256 } = await objects.put(blob, body.all(), { size: expectedBytes, ownsChunks }, signal)
      body.assertComplete(size)
      await parts.pause?.('staged')
      return { size, sha256, inline: undefined, blob, [Symbol.asyncDispose]: () => giveUp(pod, blob) }
    } catch (error) {
      await giveUp(pod, blob)
      throw error
    }
  }

  return {
    consumed,
    async stage(pod, body, limits, signal) {
      signal.throwIfAborted()
      if ((limits.expectedBytes ?? 0) > limits.maxBytes) throw tooLarge(limits)
      const isSmall = limits.expectedBytes !== undefined && limits.expectedBytes <= maxInlineBytes
      if (!isSmall && room.isLow) throw new XpodError('DISK_FULL')
      const arriving = new Arriving(body, limits, reservations.open(pod, limits.spareBytes ?? 0))
      try {
        const inline = await arriving.readSmall(signal)
        if (inline === undefined) return await stageBlob(pod, arriving, signal)
        arriving.assertComplete(inline.length)
        return stageInline(inline)
      } catch (error) {
        arriving.reservation[Symbol.dispose]()
        throw error
      }
    },
  }
}

/** A body that is counted against its limits while it is read, first into memory, then onwards. */
class Arriving {
  readonly limits: StageLimits
  readonly reservation: Reservation
  readonly #source: AsyncIterator<Uint8Array>
  readonly #first: Uint8Array[] = []
  #size = 0
  #reservedBytes = 0

  constructor(body: AsyncIterable<Uint8Array>, limits: StageLimits, reservation: Reservation) {
    this.limits = limits
    this.reservation = reservation
    this.#source = body[Symbol.asyncIterator]()
  }

  /** The whole body when it is small; otherwise what was read is kept for all(). */
  async readSmall(signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { expectedBytes } = this.limits
    if (expectedBytes !== undefined && expectedBytes > maxInlineBytes) {
      await this.#reserve(expectedBytes)
      return undefined
    }
    for (;;) {
      const chunk = await this.#next()
      signal.throwIfAborted()
      if (chunk === undefined) return Buffer.concat(this.#first, this.#size)
      this.#first.push(chunk)
      if (this.#size > maxInlineBytes) return undefined
    }
  }

  async *all(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#first
      this.#first.length = 0
      for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk
    } finally {
      await this.#source.return?.()
    }
  }

  assertComplete(size: number): void {
    const { expectedBytes } = this.limits
    if (expectedBytes !== undefined && size !== expectedBytes) throw new XpodError('BODY_INCOMPLETE')
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#source.next()
    if (done === true) return undefined
    this.#size += value.length
    if (this.#size > this.limits.maxBytes) {
      await this.#source.return?.()
      throw tooLarge(this.limits)
    }
    if (this.#size > Math.max(maxInlineBytes, this.#reservedBytes)) await this.#reserve(this.#size + reserveStepBytes)
    return value
  }

  /** The step beyond what has arrived is only taken when there is room for it. */
  async #reserve(bytes: number): Promise<void> {
    try {
      await this.reservation.reach(bytes)
      this.#reservedBytes = bytes
    } catch (error) {
      if (!(error instanceof XpodError) || error.code !== 'QUOTA_EXCEEDED' || this.#size === 0) throw error
      await this.reservation.reach(this.#size)
      this.#reservedBytes = this.#size
    }
  }
}

function tooLarge(limits: StageLimits): XpodError {
  return new XpodError('BODY_TOO_LARGE', `more than ${limits.maxBytes} bytes`, { members: { limit: limits.maxBytes } })
}
