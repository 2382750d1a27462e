// The writer thread: the only connection that writes. It takes arrays of calls, runs as many as wait in one transaction,
// and answers them all after its COMMIT. While a COMMIT syncs, further calls gather in the port; they are the next batch.
// After a COMMIT whose outcome is unknown it writes nothing more: the process must end (exit 74) and recovery decides.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

import { XpodError } from '../../../base/errors.ts'
import { errorToValue, type FromThread, type ReplyLine, type RequestLine } from '../../threads/messages.ts'
import { arrivedLines, type ThreadPort } from '../../threads/serve.ts'
import type { Step, WriteResult } from '../database.ts'
import type { Migration } from '../migrations.ts'
import { freeBallast } from './ballast.ts'
import { type BatchRunner, CommitUnknown, createBatchRunner } from './batch.ts'
import { openWritingConnection, type SqliteConnection, type SqliteStatement, statementCache } from './connection.ts'
import { FairQueue, type Queued } from './fair-queue.ts'
import { migrate } from './migrate.ts'
import { type Call, type Procedure, type Procedures, Undone, type WriterSql } from './procedure.ts'
import { createWal, type Wal } from './wal.ts'

export interface WriterStart {
  readonly path: string
  readonly migrations: readonly Migration[]
  readonly cacheKiB: number
  /** A file whose deletion gives room back when the disk is full. */
  readonly ballast: string
  /** Tests only: a module whose `atPoint(point, db, shared)` is called at each named point. */
  readonly probe?: WriterProbe
}

export interface WriterProbe {
  readonly module: string
  readonly shared: SharedArrayBuffer
}

/** What the writer says unasked. */
export type WriterEvent =
  | { readonly kind: 'fatal'; readonly cause: unknown }
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'disk-full' }

type AtPoint = (point: string, db: SqliteConnection, shared: SharedArrayBuffer) => void

export function runWriter(port: ThreadPort, start: unknown, procedures: Procedures): void {
  const options = start as WriterStart
  const atPoint = options.probe === undefined ? undefined : loadProbe(options.probe)
  const writer = new Writer(port, options, { procedures, atPoint })
  port.on('message', (lines: readonly RequestLine[]) => writer.receive(lines))
}

function loadProbe(probe: WriterProbe): AtPoint {
  const load = createRequire(import.meta.url)
  return (load(fileURLToPath(probe.module)) as { readonly atPoint: AtPoint }).atPoint
}

class Writer {
  readonly #port: ThreadPort
  readonly #options: WriterStart
  readonly #makers: Procedures
  readonly #pause: (point: string) => void
  readonly #queue = new FairQueue()
  readonly #procedures = new Map<string, Procedure>()
  #db!: SqliteConnection
  #sql!: WriterSql
  #batches!: BatchRunner
  #wal!: Wal
  #isRoomLow = false
  #isDead = false

  constructor(
    port: ThreadPort,
    options: WriterStart,
    parts: { readonly procedures: Procedures; readonly atPoint: AtPoint | undefined },
  ) {
    this.#port = port
    this.#options = options
    this.#makers = { write: (sql) => (steps: readonly Step[]) => runSteps(sql, steps), ...parts.procedures }
    const { atPoint } = parts
    this.#pause = atPoint === undefined ? () => {} : (point) => atPoint(point, this.#db, this.#options.probe!.shared)
  }

  receive(lines: readonly RequestLine[]): void {
    this.#enqueue(lines)
    for (;;) {
      this.#enqueueArrived()
      if (this.#queue.isEmpty) return
      this.#runBatch(this.#queue.take())
    }
  }

  #enqueue(lines: readonly RequestLine[]): void {
    for (const [id, request] of lines) {
      const call = request as Call
      const control = this.#controls[call[0]]
      if (control === undefined) this.#queue.add({ id, call })
      else this.#answer([this.#runControl(id, control)])
    }
  }

  #enqueueArrived(): void {
    for (;;) {
      const arrived = arrivedLines(this.#port)
      if (arrived === undefined) return
      this.#enqueue(arrived)
    }
  }

  #runBatch(batch: readonly Queued[]): void {
    if (this.#isDead || this.#wal.isFull) {
      const error = errorToValue(new XpodError(this.#isDead ? 'SHUTTING_DOWN' : 'OVERLOADED'))
      this.#answer(batch.map(({ id }) => [id, true, error]))
      if (!this.#isDead) this.#wal.afterBatch()
      return
    }
    try {
      const results = this.#batches.run(
        batch.map(
          ({ call }) =>
            () =>
              this.#procedure(call[0])(call[3] as never),
        ),
      )
      this.#answer(
        results.map((result, index) =>
          result.ok ? [batch[index]!.id, false, result.reply] : [batch[index]!.id, true, errorToValue(result.error)],
        ),
      )
    } catch (error) {
      this.#die(batch, error)
      return
    }
    this.#wal.afterBatch()
  }

  #die(batch: readonly Queued[], error: unknown): void {
    this.#isDead = true
    const cause = error instanceof CommitUnknown ? error.cause : error
    this.#tell({ kind: 'fatal', cause: errorToValue(cause).cause })
    const unknown = errorToValue(new XpodError('OUTCOME_UNKNOWN', '', { cause }))
    this.#answer(batch.map(({ id }) => [id, true, unknown]))
  }

  #answer(replies: readonly ReplyLine[]): void {
    this.#port.postMessage({ replies } satisfies FromThread)
  }

  #tell(event: WriterEvent): void {
    this.#port.postMessage({ event } satisfies FromThread)
  }

  #runControl(id: number, control: () => unknown): ReplyLine {
    try {
      return [id, false, control()]
    } catch (error) {
      return [id, true, errorToValue(error)]
    }
  }

  /** Calls that are no transaction and go ahead of the queue. */
  readonly #controls: Readonly<Record<string, () => unknown>> = {
    '#open': () => this.#open(),
    '#checkpointed': () => this.#wal.checkpointed(),
    '#room': () => {
      this.#isRoomLow = false
    },
    '#walBytes': () => this.#wal.bytes,
    '#close': () => {
      this.#isDead = true
      this.#db.pragma('wal_checkpoint(TRUNCATE)')
      this.#db.close()
    },
  }

  #open(): void {
    const { path, cacheKiB, migrations } = this.#options
    const db = openWritingConnection(path, { cacheKiB, timeoutMs: 5000 })
    this.#db = db
    migrate(db, migrations)
    const prepare = statementCache(db)
    this.#sql = {
      prepare: <R>(query: string) => prepare(query) as SqliteStatement<R>,
      isRoomLow: () => this.#isRoomLow,
      pause: this.#pause,
    }
    this.#batches = createBatchRunner({ db, pause: this.#pause, makeRoom: () => this.#makeRoom() })
    this.#wal = createWal(db, () => this.#tell({ kind: 'checkpoint' }))
    this.#pause('opened')
  }

  /** Made, with its statements prepared, when it is first called. */
  #procedure(name: string): Procedure {
    let procedure = this.#procedures.get(name)
    if (procedure === undefined) {
      const make = this.#makers[name]
      assert(make !== undefined, `there is a procedure ${name}`)
      this.#procedures.set(name, (procedure = make(this.#sql)))
    }
    return procedure
  }

  #makeRoom(): boolean {
    this.#isRoomLow = true
    this.#tell({ kind: 'disk-full' })
    return existsSync(this.#options.ballast) && freeBallast(this.#options.ballast)
  }
}

function runSteps(sql: WriterSql, steps: readonly Step[]): WriteResult {
  const changed: number[] = []
  for (const [index, step] of steps.entries()) {
    const { changes } = sql.prepare(step.query).run(...step.args)
    if (step.expect !== undefined && step.expect !== changes) throw new Undone({ ok: false, unmet: index })
    changed.push(changes)
  }
  return { ok: true, changed }
}
