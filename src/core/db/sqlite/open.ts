// The embedded database of a data directory. Reads that must be fast run right here on a query_only connection of the
// calling thread; everything that writes goes to the writer thread, which groups it into one transaction and one sync.
// The checkpoint thread is started when it is first needed.

import { join } from 'node:path'

import { MiB } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { startThread, type Thread } from '../../threads/thread.ts'
import type { Database, Row, SqlValue, Step, WriteResult } from '../database.ts'
import { syncDirectory } from '../data-directory.ts'
import type { Migration } from '../migrations.ts'
import { fillBallast } from './ballast.ts'
import type { CheckpointStart } from './checkpoint.ts'
import { openReadingConnection, type SqliteConnection, type SqliteStatement, statementCache } from './connection.ts'
import type { Call } from './procedure.ts'
import type { WriterStart, WriterEvent, WriterProbe } from './writer.ts'

export interface SqliteOptions {
  /** The locked data directory; the database is `xpod.db` in it. */
  readonly dir: string
  readonly migrations: readonly Migration[]
  readonly log: Log
  readonly clock: Clock
  readonly metrics: Metrics
  /** The outcome of a COMMIT is unknown, or the writer died: the process must end with status 74. */
  readonly onFatal: (error: unknown) => void
  /** Kept free for deletes on a full disk; 0 for none. 64 MiB. */
  readonly ballastBytes?: number
  /** Page cache of each connection, KiB. */
  readonly cacheKiB?: number
  /** Tests only. */
  readonly probe?: WriterProbe
}

export interface SqliteEngine extends Database {
  /** A prepared statement of the calling thread's query_only connection; prepared once per text. */
  prepare<R>(query: string): SqliteStatement<R>
  get<R extends Row>(query: string, args: readonly SqlValue[]): R | undefined
  all<R extends Row>(query: string, args: readonly SqlValue[]): R[]
  /** Reads many rows one by one, through a connection of its own that takes its memory with it. */
  each<R>(query: string, visit: (row: R) => void): void
  /**
   * Runs a named procedure in the writer's grouped transaction; durable when it resolves. Throws what the procedure threw,
   * DISK_FULL (nothing stored), OUTCOME_UNKNOWN, OVERLOADED (too much waits), SHUTTING_DOWN.
   */
  call<R>(procedure: string, payload: unknown, options: { readonly lane: string; readonly bytes?: number }): Promise<R>
  /** The disk was full and hasRoom() was not told since: what grows is refused. */
  readonly isFull: boolean
  /** There is room on the disk (again): what grows may be written, the ballast is filled to at most so many bytes. */
  hasRoom(maxBallastBytes?: number): Promise<void>
  readonly waiting: number
}

const maxWaiting = 10_000
const maxWaitingBytes = 64 * MiB
const maxReadRows = 100_000
const readTimeoutMs = 1000
/** What is read once is not kept. */
const scanCacheKiB = 256

/** Throws SCHEMA_NEWER, SCHEMA_ALTERED, DISK_FULL. The directory must be locked. */
export async function openSqlite(options: SqliteOptions): Promise<SqliteEngine> {
  const engine = new Engine(options)
  try {
    await engine.open()
    return engine
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}

class Engine implements SqliteEngine {
  readonly #options: SqliteOptions
  readonly #path: string
  readonly #ballast: string
  readonly #writer: Thread<Call, unknown>
  #checkpoint: Thread<'passive' | 'close', null> | undefined
  #db: SqliteConnection | undefined
  #prepare!: (query: string) => SqliteStatement
  #isClosing = false
  isFull = false

  constructor(options: SqliteOptions) {
    this.#options = options
    this.#path = join(options.dir, 'xpod.db')
    this.#ballast = join(options.dir, 'ballast')
    const start: WriterStart = {
      path: this.#path,
      migrations: options.migrations,
      cacheKiB: options.cacheKiB ?? 8192,
      ballast: this.#ballast,
      ...(options.probe === undefined ? {} : { probe: options.probe }),
    }
    this.#writer = startThread<Call, unknown>('sqlite-writer', {
      data: start,
      maxWaiting,
      maxWaitingBytes,
      crashCode: 'OUTCOME_UNKNOWN',
      onEvent: (event) => this.#hear(event as WriterEvent),
      onCrash: (error) => this.#fail(error),
    })
  }

  async open(): Promise<void> {
    await this.#control('#open')
    syncDirectory(this.#options.dir)
    const db = openReadingConnection(this.#path, {
      cacheKiB: this.#options.cacheKiB ?? 8192,
      timeoutMs: readTimeoutMs,
    })
    this.#db = db
    this.#prepare = statementCache(db)
    const { metrics } = this.#options
    metrics.gaugeFrom('xpod_db_waiting', 'Calls that wait for the writer thread.', () => this.#writer.waiting)
  }

  get waiting(): number {
    return this.#writer.waiting
  }

  prepare<R>(query: string): SqliteStatement<R> {
    return this.#prepare(query) as SqliteStatement<R>
  }

  get<R extends Row>(query: string, args: readonly SqlValue[]): R | undefined {
    return this.prepare<R>(query).get(...args)
  }

  all<R extends Row>(query: string, args: readonly SqlValue[]): R[] {
    return this.prepare<R>(query).all(...args)
  }

  each<R>(query: string, visit: (row: R) => void): void {
    const db = openReadingConnection(this.#path, { cacheKiB: scanCacheKiB, timeoutMs: readTimeoutMs })
    try {
      for (const row of db.prepare(query).iterate()) visit(row as R)
    } finally {
      db.close()
    }
  }

  async read<T extends Row>(query: string, args: readonly SqlValue[]): Promise<T[]> {
    return this.all<T>(query, args).slice(0, maxReadRows)
  }

  async write(steps: readonly Step[]): Promise<WriteResult> {
    return this.call<WriteResult>('write', steps, { lane: '' })
  }

  call<R>(procedure: string, payload: unknown, options: { lane: string; bytes?: number }): Promise<R> {
    const bytes = options.bytes ?? 0
    return this.#writer.ask([procedure, options.lane, bytes, payload], { bytes }) as Promise<R>
  }

  async hasRoom(maxBallastBytes = Number.POSITIVE_INFINITY): Promise<void> {
    const bytes = Math.min(maxBallastBytes, this.#options.ballastBytes ?? 64 * MiB)
    if (bytes > 0) await fillBallast(this.#ballast, bytes)
    await this.#control('#room')
    this.isFull = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#db !== undefined) {
      this.#db.close()
      await this.#checkpoint?.ask('close').catch((error: unknown) => this.#logFailure('close', error))
      await this.#control('#close').catch((error: unknown) => this.#logFailure('close', error))
    }
    await this.#checkpoint?.[Symbol.asyncDispose]()
    await this.#writer[Symbol.asyncDispose]()
  }

  #control(name: '#open' | '#checkpointed' | '#room' | '#close'): Promise<unknown> {
    return this.#writer.ask([name, '', 0, undefined])
  }

  #hear(event: WriterEvent): void {
    if (event.kind === 'fatal') this.#fail(event.cause)
    else if (event.kind === 'disk-full') this.#hearFull()
    else void this.#runCheckpoint()
  }

  #hearFull(): void {
    this.isFull = true
    this.#options.log.error('db.full')
  }

  async #runCheckpoint(): Promise<void> {
    if (this.#isClosing) return
    const start: CheckpointStart = { path: this.#path }
    try {
      this.#checkpoint ??= startThread('sqlite-checkpoint', {
        data: start,
        maxWaiting: 2,
        onCrash: () => (this.#checkpoint = undefined),
      })
      await this.#checkpoint.ask('passive')
    } catch (error) {
      this.#logFailure('checkpoint', error)
    }
    if (!this.#isClosing)
      await this.#control('#checkpointed').catch((error: unknown) => this.#logFailure('checkpoint', error))
  }

  #logFailure(what: string, error: unknown): void {
    this.#options.log.error('db.failure', { what, error })
  }

  #fail(cause: unknown): void {
    if (this.#isClosing) return
    this.#options.log.error('db.fatal', { cause })
    this.#options.onFatal(cause)
  }
}
