// The one server that this process is with, of all that its URL may lead to over time. Whoever connects says which one it
// met before anything is run there: those who know what the former one said hear of another one first, and nobody goes back
// to a server that another has replaced, however alive it is. Shared by all pools of a process, so that they never are at
// two servers at once. Behind a pooler connections stay while the server changes: there, whoever asks it tells.

import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Counter, Metrics } from '../../../base/metrics.ts'

export interface ServerIdentity {
  /** Names a cluster through all its copies; empty when the role may not ask. */
  readonly system: string
  /** Goes up with each promotion: what was committed last on the one before may be gone. */
  readonly timeline: number
  readonly startedMs: number
}

/** Where it cannot know, as behind a pooler that has just been restarted, a change is one too many rather than one too few. */
export interface ServerChange {
  readonly server: ServerIdentity
  /** Another history from here on: what was acknowledged last may never have been. */
  readonly mayHaveLost: boolean
}

/** Not every role may ask for the name of its cluster. Of a standby, which is not used, the timeline is not known. */
export function identityColumns(mayName: boolean): string {
  const system = mayName ? '(SELECT system_identifier::text FROM pg_control_system())' : "''"
  return `${system} AS system, CASE WHEN pg_is_in_recovery() THEN 0
      ELSE ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint END AS timeline,
    floor(extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint AS "startedMs"`
}

export class Succession {
  readonly #log: Log
  readonly #failovers: Counter
  readonly #listeners = new Set<(change: ServerChange) => void>()
  #server: ServerIdentity | undefined
  #isReadOnly = false
  #mayName = true

  constructor({ log, metrics }: { readonly log: Log; readonly metrics: Metrics }) {
    this.#log = log
    metrics.gaugeFrom('xpod_db_read_only', 'Whether the database takes no writes.', () => Number(this.#isReadOnly))
    this.#failovers = metrics.counter(
      'xpod_db_failovers_total',
      'Times that another server took the place of the database.',
    )
  }

  /** Whether the role may ask for the name of its cluster. */
  get mayName(): boolean {
    return this.#mayName
  }

  /** Then another cluster is told by its timeline alone, and one of an earlier timeline is refused until a restart. */
  refusedToName(): void {
    if (this.#mayName) this.#log.warn('db.unnamed', { reason: 'the role may not execute pg_control_system' })
    this.#mayName = false
  }

  /** Of the server; 1 before the first. */
  get timeline(): number {
    return this.#server?.timeline ?? 1
  }

  /** Throws DATABASE_UNAVAILABLE for one that was replaced. */
  met(server: ServerIdentity): void {
    const before = this.#server
    if (before !== undefined && isSame(before, server)) return
    const isOfCluster = before === undefined || before.system === server.system
    if (before !== undefined && isOfCluster && server.timeline < before.timeline) {
      throw new XpodError('DATABASE_UNAVAILABLE', 'another server has taken its place')
    }
    this.#server = server
    if (before === undefined) return
    const mayHaveLost = !isOfCluster || server.timeline !== before.timeline
    if (mayHaveLost) {
      this.#failovers.add()
      this.#log.error('db.failed-over', { timeline: server.timeline, formerTimeline: before.timeline, isOfCluster })
    } else this.#log.info('db.restarted', { timeline: server.timeline })
    for (const listener of this.#listeners) listener({ server, mayHaveLost })
  }

  /** Whether it takes writes, as was just seen. Said once each time that it changes. */
  takesWrites(does: boolean): void {
    if (does !== this.#isReadOnly) return
    this.#isReadOnly = !does
    if (does) this.#log.info('db.writable')
    else this.#log.error('db.read-only', { reason: 'default_transaction_read_only is on' })
  }

  /** Calls back before anything is run on the other server. */
  onChange(listener: (change: ServerChange) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}

function isSame(one: ServerIdentity, other: ServerIdentity): boolean {
  return one.system === other.system && one.timeline === other.timeline && one.startedMs === other.startedMs
}
