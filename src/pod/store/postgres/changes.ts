// What other centers, and operators by hand, change in the directory: read every three seconds from the lines that each change
// leaves (migration 8), and told like changes of this center. Lines come in by the clock of the database and may become
// visible late, so the last minute is read again each time and what was told is not told again. After a failover, or when
// this process was away for longer than lines are kept, the whole directory is told, because what was heard may not be so.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Row } from '../../../core/db/database.ts'
import type { PostgresEngine } from '../../../core/db/postgres/open.ts'
import type { DirectoryChange } from '../pod-store.ts'
import type { PodRecord } from '../resource.ts'
import { recordOf, type RecordRow } from '../rows.ts'
import { recordColumns } from './columns.ts'

export interface FollowedChanges {
  readonly db: Pick<PostgresEngine, 'read' | 'call' | 'isUp' | 'succession'>
  readonly clock: Clock
  readonly log: Log
  /** The whole directory. */
  readonly each: (visit: (record: PodRecord) => void) => Promise<void>
  readonly tell: (change: DirectoryChange) => void
}

const everyMs = 3000
/** Longer than any transaction may take from its change to its commit. */
const overlapMs = 60_000
const pageLength = 1000
/** Of one round: what is left comes in the next. */
const maxPages = 100
const maxRemembered = 100_000
const keepMs = 24 * 3_600_000
const mostAwayMs = keepMs / 2
const trimEveryMs = 600_000
const maxTrimmed = 500

const databaseMs = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint'

/** One row for each line, or one without a line. */
const changesQuery = `SELECT now.ms AS "nowMs", c.*, ${recordColumns}
  FROM (SELECT ${databaseMs} AS ms) now
  LEFT JOIN LATERAL (
    SELECT number, pod_id AS "podId", base AS "formerBase", at_ms AS "atMs" FROM pod_change
    WHERE (at_ms, number) > (?::bigint, ?::bigint) ORDER BY at_ms, number LIMIT ${pageLength}
  ) c ON true
  LEFT JOIN pod p ON p.id = c."podId" AND p.name IS NOT NULL
  ORDER BY c."atMs", c.number`

const trimQuery = `DELETE FROM pod_change WHERE number IN (
  SELECT number FROM pod_change WHERE at_ms < ${databaseMs} - ${keepMs} ORDER BY at_ms LIMIT ${maxTrimmed})`

interface ChangeRow extends RecordRow {
  readonly nowMs: number
  /** Null together with the next three when there is no line. */
  readonly number: number | null
  readonly podId: string
  readonly formerBase: string
  readonly atMs: number
}

export function followChanges(parts: FollowedChanges): AsyncDisposable {
  const follower = new ChangeFollower(parts)
  const stop = parts.clock.every(everyMs, () => follower.look())
  const failovers = parts.db.succession.onChange(({ mayHaveLost }) => {
    if (mayHaveLost) follower.tellAll()
  })
  return {
    async [Symbol.asyncDispose]() {
      stop()
      failovers[Symbol.dispose]()
      await follower[Symbol.asyncDispose]()
    },
  }
}

class ChangeFollower implements AsyncDisposable {
  readonly #parts: FollowedChanges
  /** Number and time of the lines that were told. */
  readonly #told = new Map<number, number>()
  /** By the clock of the database; undefined before the first look. */
  #fromMs: number | undefined
  #lookedMs: number
  #trimmedMs: number
  #isAllDue = false
  #isClosed = false
  #running: Promise<void> | undefined

  constructor(parts: FollowedChanges) {
    this.#parts = parts
    this.#lookedMs = this.#trimmedMs = parts.clock.monotonicMs()
    this.look()
  }

  look(): void {
    const { db, log } = this.#parts
    if (!db.isUp || this.#isClosed) return
    this.#running ??= this.#round()
      .catch((error: unknown) => log.warn('db.changes', { error }))
      .finally(() => {
        this.#running = undefined
      })
  }

  tellAll(): void {
    this.#isAllDue = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #round(): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs()
    if (nowMs - this.#lookedMs > mostAwayMs) this.#isAllDue = true
    if (this.#isAllDue) await this.#tellDirectory()
    await this.#tellChanges()
    this.#lookedMs = nowMs
    if (nowMs - this.#trimmedMs < trimEveryMs) return
    this.#trimmedMs = nowMs
    await this.#parts.db.call(trimQuery, [], { repeatable: true })
  }

  async #tellChanges(): Promise<void> {
    // Whoever opened this reads the directory after the first look, which only learns the time.
    let after = { atMs: this.#fromMs ?? Number.MAX_SAFE_INTEGER, number: 0 }
    let untilMs: number | undefined
    let isEnd = false
    for (let page = 0; page < maxPages && !isEnd && !this.#isClosed; page++) {
      const rows = await this.#read(after)
      untilMs ??= rows[0]!.nowMs - overlapMs
      const lines = rows.filter(({ number }) => number !== null)
      for (const line of lines) this.#tell(line)
      isEnd = lines.length < pageLength
      const last = lines.at(-1)
      if (last !== undefined) after = { atMs: last.atMs, number: last.number! }
    }
    this.#fromMs = isEnd ? untilMs : after.atMs - 1
    for (const [number, atMs] of this.#told) if (atMs < this.#fromMs!) this.#told.delete(number)
  }

  async #read({ atMs, number }: { readonly atMs: number; readonly number: number }): Promise<readonly ChangeRow[]> {
    return (await this.#parts.db.read<Row>(changesQuery, [atMs, number])) as unknown as readonly ChangeRow[]
  }

  #tell(row: ChangeRow): void {
    if (this.#told.has(row.number!)) return
    if (this.#told.size < maxRemembered) this.#told.set(row.number!, row.atMs)
    const record = recordIn(row)
    this.#parts.tell(
      record === undefined ? { kind: 'delete', id: row.podId, base: row.formerBase } : { kind: 'put', record },
    )
  }

  /** What was told of lines that were lost is taken back in the same way. */
  async #tellDirectory(): Promise<void> {
    this.#isAllDue = false
    this.#told.clear()
    try {
      await this.#parts.each((record) => this.#parts.tell({ kind: 'put', record }))
    } catch (error) {
      this.#isAllDue = true
      throw error
    }
  }
}

/** Undefined when there is no such pod any more, or it has no name. */
function recordIn(row: ChangeRow): PodRecord | undefined {
  const { id, name, base, aliases, owners, quotaBytes, quotaResources, createdMs } = row
  if ((id as string | null) === null) return undefined
  return recordOf({ id, name, base, aliases, owners, quotaBytes, quotaResources, createdMs })
}
