// PodId → the local integer that never leaves this store. An id is given once and never again, so a remembered one can only
// be right or gone, until the database loses what it had; at most 100 000 are remembered, the oldest forgotten first.

import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { PodId } from '../resource.ts'

const maxRemembered = 100_000

export class LocalIds {
  readonly #db: PostgresEngine
  readonly #known = new Map<PodId, number>()

  constructor(db: PostgresEngine) {
    this.#db = db
  }

  /** Undefined where there is no such pod. One question for all that are not remembered. */
  async of(ids: readonly PodId[]): Promise<readonly (number | undefined)[]> {
    const missing = [...new Set(ids.filter((id) => !this.#known.has(id)))]
    if (missing.length > 0) await this.#ask(missing)
    return ids.map((id) => this.#known.get(id))
  }

  forget(): void {
    this.#known.clear()
  }

  async #ask(ids: readonly PodId[]): Promise<void> {
    const query = 'SELECT id, pod FROM pod WHERE id IN (SELECT value FROM json_array_elements_text(?))'
    const rows = await this.#db.read<{ id: string; pod: number }>(query, [JSON.stringify(ids)])
    for (const { id, pod } of rows) this.#known.set(id, pod)
    while (this.#known.size > maxRemembered) this.#known.delete(this.#known.keys().next().value!)
  }
}
