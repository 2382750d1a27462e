// Bytes on their way into a pod: what is staged but not committed counts against the quota, so that a thousand uploads at
// once cannot pass it together (store rule 19). In memory: a staged body does not outlive the process that took it.

import { XpodError } from '../../../base/errors.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import type { PodId } from '../resource.ts'

export interface Reservation extends Disposable {
  /** Makes the reservation at least this large. Throws QUOTA_EXCEEDED, POD_UNKNOWN. */
  reach(bytes: number): void
}

export class Reservations {
  readonly #usage
  readonly #staged = new Map<PodId, number>()

  constructor(db: SqliteEngine) {
    this.#usage = db.prepare<{ bytes: number; quota: number }>(
      `SELECT h.bytes, p.quota_bytes AS quota FROM pod p JOIN pod_head h ON h.pod = p.pod
       WHERE p.id = ? AND p.name IS NOT NULL`,
    )
  }

  /** `spare` bytes need no room: what the body replaces gives as much back. Asks nothing of the database before `reach`. */
  open(pod: PodId, spare: number): Reservation {
    let reserved = 0
    return {
      reach: (bytes) => {
        const wanted = Math.max(0, bytes - spare)
        if (wanted > reserved) this.#take(pod, wanted - reserved)
        reserved = Math.max(reserved, wanted)
      },
      [Symbol.dispose]: () => {
        this.#give(pod, reserved)
        reserved = 0
      },
    }
  }

  stagedBytes(pod: PodId): number {
    return this.#staged.get(pod) ?? 0
  }

  #take(pod: PodId, bytes: number): void {
    const usage = this.#usage.get(pod)
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
