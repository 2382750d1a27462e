// PodId → the local integer that never leaves this store. An id is given once and never again, so a remembered one can
// only be right or gone; at most 100 000 are remembered, the oldest forgotten first.

import { XpodError } from '../../../base/errors.ts'
import type { SqliteEngine } from '../../../core/db/sqlite/open.ts'
import type { PodId } from '../resource.ts'

const maxRemembered = 100_000

export class LocalIds {
  readonly #find
  readonly #known = new Map<PodId, number>()

  constructor(db: SqliteEngine) {
    this.#find = db.prepare<{ pod: number }>('SELECT pod FROM pod WHERE id = ?')
  }

  /** Undefined when there is no such pod, not even a deleted one that is still being emptied. */
  of(id: PodId): number | undefined {
    const known = this.#known.get(id)
    if (known !== undefined) return known
    const found = this.#find.get(id)?.pod
    if (found === undefined) return undefined
    if (this.#known.size >= maxRemembered) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(id, found)
    return found
  }

  /** Throws POD_UNKNOWN. */
  known(id: PodId): number {
    const local = this.of(id)
    if (local === undefined) throw new XpodError('POD_UNKNOWN')
    return local
  }
}
