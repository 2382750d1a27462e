// Bytes on their way into a pod: what is staged but not committed counts against the quota, so that a thousand uploads at
// once cannot pass it together (store rule 19). In memory: a staged body does not outlive the process that took it.

import { XpodError } from '../../base/errors.ts'
import type { PodId } from './resource.ts'

export interface Reservation extends Disposable {
  /** Makes the reservation at least this large. Throws QUOTA_EXCEEDED, POD_UNKNOWN. */
  reach(bytes: number): Promise<void>
}

/** What a pod holds and may hold; undefined when there is no such pod. */
export type ReadUsage = (pod: PodId) => Promise<{ readonly bytes: number; readonly quota: number } | undefined>

export class Reservations {
  readonly #readUsage: ReadUsage
  readonly #staged = new Map<PodId, number>()

  constructor(readUsage: ReadUsage) {
    this.#readUsage = readUsage
  }

  /** `spare` bytes need no room: what the body replaces gives as much back. Asks nothing of the database before `reach`. */
  open(pod: PodId, spare: number): Reservation {
    let reserved = 0
    let isOpen = true
    return {
      reach: async (bytes) => {
        const wanted = Math.max(0, bytes - spare)
        if (wanted <= reserved) return
        await this.#take(pod, wanted - reserved)
        if (isOpen) reserved = wanted
        else this.#give(pod, wanted - reserved)
      },
      [Symbol.dispose]: () => {
        isOpen = false
        this.#give(pod, reserved)
        reserved = 0
      },
    }
  }

  stagedBytes(pod: PodId): number {
    return this.#staged.get(pod) ?? 0
  }

  /** What others stage while the database is asked counts, because the sum is looked at after it has answered. */
  async #take(pod: PodId, bytes: number): Promise<void> {
    const usage = await this.#readUsage(pod)
    if (usage === undefined) throw new XpodError('POD_UNKNOWN')
    const staged = this.stagedBytes(pod)
    if (usage.bytes + staged + bytes > usage.quota) {
      throw new XpodError('QUOTA_EXCEEDED', '', { members: { used: usage.bytes + staged, limit: usage.quota } })
    }
    this.#staged.set(pod, staged + bytes)
  }

  #give(pod: PodId, bytes: number): void {
    const left = this.stagedBytes(pod) - bytes
    if (left > 0) this.#staged.set(pod, left)
    else this.#staged.delete(pod)
  }
}
