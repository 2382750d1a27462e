// PostgreSQL as the Database contract, and single statements of their own for functions of the pod store. Nothing lives in a
// session, so it works through a pooler in transaction mode as well. A write is durable when it resolves.

import { type Clock, delay } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { Random } from '../../../base/random.ts'
import type { Database, Row, SqlValue, Step, WriteResult } from '../database.ts'
import type { AppliedMigration, Migration } from '../migrations.ts'
import { failureOf, outsideError } from './failure.ts'
import { migrate, readApplied } from './migrate.ts'
import type { Statement } from './pipeline.ts'
import { jitter, Pool } from './pool.ts'
import { commit, standardTimeouts, type Timeouts } from './session.ts'
import { Succession } from './succession.ts'
import { factsQuery, readFacts, requireSuitable, type ServerFacts } from './suitability.ts'
import { readPostgresUrl } from './target.ts'
import { type CallValue, createTranslation, encodeParameter } from './values.ts'
import { callOnce, onConnection, type WriteParts, writeSteps } from './writes.ts'

export interface PostgresOptions {
  readonly url: string
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
  readonly random: Random
  /** Connections of this process. 10. */
  readonly poolSize?: number
  readonly timeouts?: Timeouts
  /** So long a server that does not answer yet is waited for. 30 s. */
  readonly startWithinMs?: number
  /** Of an engine of this process on the same database; else one of its own. */
  readonly succession?: Succession
}

export interface CallOptions {
  /** Running it twice is running it once: it is run again when its answer is lost. */
  readonly repeatable?: boolean
}

export interface PostgresEngine extends Database {
  /**
   * One statement in a transaction of its own, one round trip; durable when it resolves. Throws DATABASE_UNAVAILABLE and
   * OVERLOADED (nothing stored), OUTCOME_UNKNOWN, or what the server says.
   */
  call<T extends Row>(query: string, values: readonly CallValue[], options?: CallOptions): Promise<T[]>
  /** False: whoever asks gets DATABASE_UNAVAILABLE at once. */
  readonly isUp: boolean
  /** Which server it is with. */
  readonly succession: Succession
  status(): Promise<PostgresStatus>
}

export interface PostgresStatus extends ServerFacts {
  /** Through a pooler: settings travel with each transaction. */
  readonly isPooled: boolean
  /** Of the connection: false in clear. */
  readonly isEncrypted: boolean
  readonly applied: readonly AppliedMigration[]
}

const maxReadRows = 100_000
const maxReadAttempts = 3
const readPauseMs = 50
const standardPoolSize = 10
const firstPauseMs = 200
const maxPauseMs = 5000
const sweepMs = 60_000
const sweepRows = 500
const maxSweeps = 100

/** By the clock of the database, and far longer than the outcome of a write is looked for. */
const sweepMarks = `DELETE FROM write_mark WHERE id IN (SELECT id FROM write_mark
  WHERE at < clock_timestamp() - interval '15 minutes' ORDER BY id LIMIT ${sweepRows} FOR UPDATE SKIP LOCKED)`

/** Throws DATABASE_UNSUITABLE, DATABASE_UNAVAILABLE, SCHEMA_NEWER, SCHEMA_ALTERED, CONFIG_INVALID. */
export async function openPostgres(
  options: PostgresOptions & { readonly migrations: readonly Migration[] },
): Promise<PostgresEngine> {
  const engine = await connect(options)
  try {
    for (const { number, name } of await engine.migrate(options.migrations)) {
      options.log.info('db.migrated', { number, name })
    }
    engine.startSweeping()
    return engine
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw startError(error)
  }
}

/** As it is: nothing is migrated, nothing written by itself. For looking at it. */
export function connectPostgres(options: PostgresOptions): Promise<PostgresEngine> {
  return connect(options)
}

async function connect(options: PostgresOptions): Promise<Engine> {
  const { clock, random, log, metrics, poolSize = standardPoolSize, timeouts = standardTimeouts } = options
  const target = await readPostgresUrl(options.url)
  for (const { host, tls } of target.addresses) {
    if (tls !== false && tls.rejectUnauthorized === false) log.warn('db.unverified', { host })
  }
  const succession = options.succession ?? new Succession({ log, metrics })
  const pool = new Pool({ target, timeouts, clock, random, log, succession, size: poolSize })
  try {
    await startPool(pool, options)
    const engine = new Engine(pool, { ...options, succession })
    requireSuitable(await engine.facts())
    metrics.gaugeFrom('xpod_db_pool_waiting', 'Calls that wait for a connection.', () => pool.waiting)
    metrics.gaugeFrom('xpod_db_pool_used', 'Connections to the database in use.', () => pool.used)
    metrics.gaugeFrom('xpod_db_up', 'Whether the database can be reached.', () => Number(pool.isUp))
    return engine
  } catch (error) {
    await pool[Symbol.asyncDispose]()
    throw startError(error)
  }
}

/** Only an operator sees it: with the words of the server. */
function startError(error: unknown): unknown {
  const told = outsideError(error)
  if (!(told instanceof XpodError) || told === error || !(error instanceof Error) || error.message === '') return told
  return new XpodError(told.code, error.message, { cause: error })
}

/** A database often starts together with its users. Wrong settings are not waited for. */
async function startPool(pool: Pool, { clock, random, log, startWithinMs = 30_000 }: PostgresOptions): Promise<void> {
  const untilMs = clock.monotonicMs() + startWithinMs
  for (let attempt = 0; ; attempt++) {
    try {
      return await pool.start()
    } catch (error) {
      if (failureOf(error) !== 'lost' || clock.monotonicMs() >= untilMs) throw error
      if (attempt === 0) log.warn('db.awaited', { error })
    }
    await delay(clock, jitter(random, Math.min(maxPauseMs, firstPauseMs * 2 ** attempt)))
  }
}

class Engine implements PostgresEngine {
  readonly succession: Succession
  readonly #pool: Pool
  readonly #options: PostgresOptions
  readonly #writes: WriteParts
  #stop = (): void => {}

  constructor(pool: Pool, options: PostgresOptions & { readonly succession: Succession }) {
    this.succession = options.succession
    const { clock, random, metrics, timeouts = standardTimeouts } = options
    const { resolveMs } = timeouts
    const repeats = metrics.counter('xpod_db_repeats_total', 'Transactions that were run again.')
    this.#pool = pool
    this.#options = options
    this.#writes = { pool, clock, random, resolveMs, translate: createTranslation(), onRepeat: () => repeats.add() }
  }

  get isUp(): boolean {
    return this.#pool.isUp
  }

  async read<T extends Row>(query: string, args: readonly SqlValue[]): Promise<T[]> {
    const statement = this.#statement(query, args)
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#readOnce(statement)) as T[]
      } catch (error) {
        const mayPass = failureOf(error) === 'lost' && !(error instanceof XpodError)
        if (!mayPass || attempt >= maxReadAttempts) throw outsideError(error)
      }
      // The others that were idle may be dead as well and not know it yet.
      const { clock, random } = this.#options
      await delay(clock, jitter(random, readPauseMs))
    }
  }

  write(steps: readonly Step[]): Promise<WriteResult> {
    return writeSteps(this.#writes, steps)
  }

  async call<T extends Row>(query: string, values: readonly CallValue[], options: CallOptions = {}): Promise<T[]> {
    const result = await callOnce(this.#writes, this.#statement(query, values), options.repeatable === true)
    return result.rows as T[]
  }

  async facts(): Promise<ServerFacts> {
    const [row] = await this.#readOnce({ text: factsQuery(this.succession.mayName), values: [] })
    return readFacts(row!)
  }

  async status(): Promise<PostgresStatus> {
    try {
      const facts = await this.facts()
      return await onConnection(this.#pool, async (connection) => ({
        ...facts,
        isPooled: !connection.isDirect,
        isEncrypted: connection.address.tls !== false,
        applied: await readApplied(connection),
      }))
    } catch (error) {
      throw outsideError(error)
    }
  }

  migrate(migrations: readonly Migration[]): Promise<readonly Migration[]> {
    return onConnection(this.#pool, (connection) => migrate(connection, migrations))
  }

  startSweeping(): void {
    const { clock, log } = this.#options
    this.#stop = clock.every(sweepMs, () => {
      this.#sweep().catch((error: unknown) => log.warn('db.unswept', { error }))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    await this.#pool[Symbol.asyncDispose]()
  }

  #statement(query: string, values: readonly CallValue[]): Statement {
    return { text: this.#writes.translate(query), values: values.map(encodeParameter), maxRows: maxReadRows }
  }

  async #readOnce(statement: Statement): Promise<Row[]> {
    return onConnection(this.#pool, async (connection) => {
      const before = connection.beginRead
      const results = await connection.run([...before, statement, ...(before.length === 0 ? [] : [commit])])
      return results[before.length]!.rows
    })
  }

  async #sweep(): Promise<void> {
    if (!this.#pool.isUp) return
    for (let round = 0; round < maxSweeps; round++) {
      const { changed } = await callOnce(this.#writes, { text: sweepMarks, values: [] }, true)
      if (changed < sweepRows) return
    }
  }
}
