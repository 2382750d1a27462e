// One connection to the server that takes writes. It runs one thing at a time. Whatever takes longer than the server itself
// would allow is taken for a dead connection and cut: a half-open socket answers nothing, for ever. A standby is left at
// once: what it holds may be old.

import assert from 'node:assert/strict'
import { Client, type ClientConfig } from 'pg'

import type { Clock } from '../../../base/clock.ts'
import { systemCode, XpodError } from '../../../base/errors.ts'
import { Pipeline, type Statement, type StatementResult } from './pipeline.ts'
import { rollback, type SessionTexts, sessionTexts, type Timeouts } from './session.ts'
import type { ServerIdentity, Succession } from './succession.ts'
import type { PostgresAddress, PostgresTarget } from './target.ts'

export interface ConnectionParts {
  readonly target: PostgresTarget
  readonly timeouts: Timeouts
  readonly clock: Clock
  /** Hears of the server of each connection before it is used, and may refuse it. */
  readonly succession: Succession
}

/** On top of what the server allows itself. */
const graceMs = 2000
const keepAliveMs = 10_000
/** SQLSTATE. */
const insufficientPrivilege = '42501'

interface Greeted extends ServerIdentity {
  readonly readOnly: number
}

/** What the driver keeps to itself. */
interface DriverInside {
  readonly connection: { readonly stream: { destroy(): void } }
  readonly processID: number | null
}

export class Connection {
  readonly address: PostgresAddress
  readonly openedMs: number
  readonly #client: Client
  readonly #texts: SessionTexts
  readonly #timeouts: Timeouts
  readonly #clock: Clock
  #onEnd = (): void => {}
  #warnings = 0
  /** Of no use any more. */
  isEnded = false
  /** No pooler in between. */
  isDirect = false

  constructor(
    client: Client,
    address: PostgresAddress,
    { timeouts, clock }: Pick<ConnectionParts, 'timeouts' | 'clock'>,
  ) {
    this.address = address
    this.openedMs = clock.monotonicMs()
    this.#client = client
    this.#texts = sessionTexts(timeouts)
    this.#timeouts = timeouts
    this.#clock = clock
    client.on('error', () => this.#ended())
    client.on('end', () => this.#ended())
    client.on('notice', (notice) => (this.#warnings += notice.code === '01000' ? 1 : 0))
  }

  get begin(): readonly Statement[] {
    return this.isDirect ? this.#texts.begin.direct : this.#texts.begin.pooled
  }

  get beginRead(): readonly Statement[] {
    return this.isDirect ? this.#texts.beginRead.direct : this.#texts.beginRead.pooled
  }

  /** Warnings that are no SQL of ours; at a COMMIT: "not known to be replicated". */
  get warnings(): number {
    return this.#warnings
  }

  onEnd(listener: () => void): void {
    this.#onEnd = listener
  }

  /** In one round trip; the first that fails rejects, with the driver's error, and those after it are not run. */
  run(
    statements: readonly Statement[],
    maxMs = this.#timeouts.statementMs + graceMs,
  ): Promise<readonly StatementResult[]> {
    const answer = new Promise<readonly StatementResult[]>((resolve, reject) => {
      this.#client.query(new Pipeline(statements, { resolve, reject }))
    })
    return this.#inTime(answer, maxMs)
  }

  /** Leaves a transaction that failed; the connection is cut when even that does not work. */
  async rollBack(): Promise<void> {
    if (this.isEnded) return
    try {
      await this.run([rollback])
    } catch {
      // Whatever it was: the server forgets the transaction together with the connection.
      this.destroy()
    }
  }

  /** A text of many statements, as migrations are. The caller has begun a transaction. */
  async runScript(text: string, maxMs: number): Promise<void> {
    await this.#inTime(this.#client.query(text), maxMs)
  }

  /** Throws DATABASE_UNAVAILABLE at a standby. */
  async greet(succession: Succession): Promise<Greeted> {
    const { processID } = this.#client as unknown as DriverInside
    const say = (mayName: boolean) => this.run([this.#texts.greet(processID ?? 0, mayName)])
    const [greeting] = await say(succession.mayName).catch((error: unknown) => {
      if (systemCode(error) !== insufficientPrivilege || !succession.mayName) throw error
      succession.refusedToName()
      return say(false)
    })
    const row = greeting?.rows[0]
    assert(row !== undefined)
    if (row.recovering === 1) throw new XpodError('DATABASE_UNAVAILABLE', 'it is a standby')
    this.isDirect = row.pid === processID
    return row as unknown as Greeted
  }

  /** Politely, when nothing runs. */
  close(): void {
    if (this.isEnded) return
    this.isEnded = true
    void this.#client.end()
  }

  destroy(): void {
    ;(this.#client as unknown as DriverInside).connection.stream.destroy()
    this.#ended()
  }

  #ended(): void {
    if (this.isEnded) return
    this.isEnded = true
    this.#onEnd()
  }

  async #inTime<T>(answer: Promise<T>, maxMs: number): Promise<T> {
    const cancel = this.#clock.after(maxMs, () => this.destroy())
    try {
      return await answer
    } finally {
      cancel()
    }
  }
}

interface Opened {
  readonly connection: Connection
  readonly greeted: Greeted
}

/** Tries the addresses in turn, beginning with `first`: the one that takes writes, else one that does not. Throws what the last one said. */
export async function openConnection(parts: ConnectionParts, first = 0): Promise<Connection> {
  const { addresses } = parts.target
  let failure: unknown
  let spare: Opened | undefined
  for (let turn = 0; turn < addresses.length; turn++) {
    try {
      const opened = await openAt(addresses[(first + turn) % addresses.length]!, parts)
      if (opened.greeted.readOnly === 1 && spare === undefined) {
        spare = opened
        continue
      }
      const connection = accept(opened, parts.succession)
      spare?.connection.close()
      return connection
    } catch (error) {
      failure = error
    }
  }
  if (spare !== undefined) return accept(spare, parts.succession)
  throw failure
}

/** Throws DATABASE_UNAVAILABLE when another server has replaced this one. */
function accept({ connection, greeted }: Opened, succession: Succession): Connection {
  try {
    succession.met(greeted)
    succession.takesWrites(greeted.readOnly === 0)
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

async function openAt(address: PostgresAddress, parts: ConnectionParts): Promise<Opened> {
  const { user, password, database, applicationName } = parts.target
  // What is left out here the driver would take from PG… variables; a password only when it is no function.
  const config: ClientConfig = {
    host: address.host,
    port: address.port,
    ssl: address.tls,
    user,
    password: () => password,
    database,
    application_name: applicationName,
    connectionTimeoutMillis: parts.timeouts.connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  }
  const client = new Client(config)
  const connection = new Connection(client, address, parts)
  try {
    await client.connect()
    return { connection, greeted: await connection.greet(parts.succession) }
  } catch (error) {
    connection.destroy()
    throw refusedByDriver(error)
  }
}

/** What the driver itself finds wrong, in fixed words and without a code. */
function refusedByDriver(error: unknown): unknown {
  const text = error instanceof Error ? error.message : ''
  if (text.startsWith('SASL:')) return new XpodError('DATABASE_UNSUITABLE', 'the password is missing', { cause: error })
  if (!text.includes('does not support SSL')) return error
  return new XpodError('DATABASE_UNSUITABLE', 'it offers no TLS', {
    cause: error,
    hint: 'Turn TLS on there, or write ?sslmode=disable where the network is trusted.',
  })
}
