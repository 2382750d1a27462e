// Rows whose content is not what was written: named in the log, counted, and listed for /readyz?verbose, at most 1000 of
// them. In memory only: a restart reads them again, finds them again, and a replaced one is whole again.

import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Path } from '../path.ts'
import type { PodId } from './resource.ts'

export interface QuarantinedRow {
  readonly pod: PodId
  readonly path: Path
  readonly reason: string
}

const maxRows = 1000

export class Quarantine {
  readonly #rows = new Map<string, QuarantinedRow>()
  readonly #log: Log

  constructor(log: Log, metrics: Metrics) {
    this.#log = log
    metrics.gaugeFrom('xpod_quarantined', 'Resources whose stored content is damaged.', () => this.#rows.size)
  }

  add(pod: PodId, path: Path, reason: string): void {
    const key = `${pod}${path}`
    if (!this.#rows.has(key)) this.#log.error('store.corrupt', { pod, path, reason })
    if (this.#rows.size < maxRows) this.#rows.set(key, { pod, path, reason })
  }

  /** A new version stands at the path. */
  clear(pod: PodId, path: Path): void {
    if (this.#rows.size > 0) this.#rows.delete(`${pod}${path}`)
  }

  list(): readonly QuarantinedRow[] {
    return [...this.#rows.values()]
  }
}
