// Steps as one transaction: two round trips, one for all steps and one for COMMIT (or ROLLBACK, when a step changed another
// number of rows than it must). The transaction leaves a mark of its own, so a COMMIT whose answer is lost is no riddle: the
// same mark is claimed again, which waits until the first transaction has ended one way or the other. It is there: the write
// happened. It is not: the steps are run again. So nothing happens twice, and "unknown" is only said when the database stays
// away. Contention is tried again a few times; a unique index that has it already once, since its owner may just have come.

import { type Clock, delay } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Random } from '../../../base/random.ts'
import type { Step, WriteResult } from '../database.ts'
import type { Connection } from './connection.ts'
import { failureOf, outsideError } from './failure.ts'
import type { Statement, StatementResult } from './pipeline.ts'
import { jitter, type Pool } from './pool.ts'
import { commit } from './session.ts'
import { encodeParameter } from './values.ts'

export interface WriteParts {
  readonly pool: Pool
  readonly clock: Clock
  readonly random: Random
  readonly resolveMs: number
  readonly translate: (query: string) => string
  /** Counts a second and further attempts. */
  readonly onRepeat: () => void
}

/** The table of marks; old ones are removed by the engine. */
export const markTable = `CREATE TABLE IF NOT EXISTS write_mark (
  id text COLLATE "C" PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
)`

const maxAttempts = 5
const firstPauseMs = 20
const maxPauseMs = 1000

const insertMark = 'INSERT INTO write_mark (id) VALUES ($1)'
/** Waits for the transaction that has the id. Writing it again makes this COMMIT wait for the standbys of the first as well. */
const claimMark = `INSERT INTO write_mark (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET at = clock_timestamp()
  RETURNING CASE WHEN xmax = 0 THEN 0 ELSE 1 END AS known`

/** COMMIT was sent and its answer is missing. */
class Unsettled extends Error {
  constructor(cause: unknown) {
    super('the answer to COMMIT is missing', { cause })
    this.name = 'Unsettled'
  }
}

/** What is known of a write while it is tried. */
interface Attempts {
  /** A former attempt may have been committed. */
  isUnsettled: boolean
}

/** Throws DATABASE_UNAVAILABLE, OVERLOADED, DISK_FULL (nothing stored), OUTCOME_UNKNOWN, or what the server says of a step. */
export function writeSteps(parts: WriteParts, steps: readonly Step[]): Promise<WriteResult> {
  const mark = parts.random.uuid7(parts.clock.nowMs())
  const statements = steps.map(
    ({ query, args }): Statement => ({ text: parts.translate(query), values: args.map(encodeParameter) }),
  )
  let changed: readonly number[] = []
  return persist(parts, async (connection, attempts) => {
    let before: readonly Statement[] = [...connection.begin, { text: insertMark, values: [mark] }]
    if (attempts.isUnsettled) {
      if (await claim(connection, mark)) {
        await settle(connection)
        return { ok: true, changed }
      }
      // The former attempt has ended without it, or its mark could not have been written now.
      attempts.isUnsettled = false
      before = []
    }
    const results = await connection.run([...before, ...statements])
    changed = results.slice(before.length).map((result) => result.changed)
    const unmet = steps.findIndex(({ expect }, index) => expect !== undefined && expect !== changed[index])
    if (unmet >= 0) {
      await connection.rollBack()
      return { ok: false, unmet }
    }
    await settle(connection)
    return { ok: true, changed }
  })
}

/** Whether a former attempt was committed. Leaves the transaction open. */
async function claim(connection: Connection, mark: string): Promise<boolean> {
  const results = await connection.run([...connection.begin, { text: claimMark, values: [mark] }])
  return results.at(-1)!.rows[0]!.known === 1
}

async function settle(connection: Connection): Promise<void> {
  await runToCommit(connection, [commit])
}

/** A statement and COMMIT in one round trip. Without an answer it is run again when it may be; else nobody knows. */
export function callOnce(parts: WriteParts, statement: Statement, mayRepeat: boolean): Promise<StatementResult> {
  return persist(parts, async (connection) => {
    const { begin } = connection
    try {
      const results = await runToCommit(connection, [...begin, statement, commit])
      return results[begin.length]!
    } catch (error) {
      throw error instanceof Unsettled && !mayRepeat ? unknownOutcome(error) : error
    }
  })
}

/** What the server refuses is not done. Without an answer, or with "not known to be on a standby", nobody knows. */
async function runToCommit(
  connection: Connection,
  statements: readonly Statement[],
): Promise<readonly StatementResult[]> {
  const { warnings } = connection
  let results: readonly StatementResult[]
  try {
    results = await connection.run(statements)
  } catch (error) {
    throw failureOf(error) === 'lost' ? new Unsettled(error) : error
  }
  if (connection.warnings !== warnings) throw new Unsettled(new Error('no standby has confirmed it'))
  return results
}

/** Runs `work` on a connection, and again while that makes sense. */
async function persist<T>(
  parts: WriteParts,
  work: (connection: Connection, attempts: Attempts) => Promise<T>,
): Promise<T> {
  const { pool, clock, random, resolveMs, onRepeat } = parts
  const attempts: Attempts = { isUnsettled: false }
  const untilMs = clock.monotonicMs() + resolveMs
  let wasTaken = false
  for (let attempt = 1; ; attempt++) {
    try {
      return await onConnection(pool, (connection) => work(connection, attempts))
    } catch (error) {
      const failure = error instanceof Unsettled ? 'lost' : failureOf(error)
      attempts.isUnsettled ||= error instanceof Unsettled
      if (attempts.isUnsettled) {
        const isOver = clock.monotonicMs() >= untilMs || pool.isClosing || failure === 'statement'
        if (isOver) throw unknownOutcome(error)
      } else {
        const isOver = attempt >= maxAttempts || error instanceof XpodError
        const mayPass = failure === 'contended' || failure === 'lost' || (failure === 'taken' && !wasTaken)
        if (isOver || !mayPass) throw outsideError(error)
      }
      wasTaken ||= failure === 'taken'
      onRepeat()
      await delay(clock, jitter(random, Math.min(maxPauseMs, firstPauseMs * 2 ** attempt)))
    }
  }
}

/** Whatever fails, the connection comes back without a transaction, or not at all. */
export async function onConnection<T>(pool: Pool, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await pool.acquire()
  try {
    return await work(connection)
  } catch (error) {
    if (failureOf(error) === 'read-only') pool.renew()
    await connection.rollBack()
    throw error
  } finally {
    pool.release(connection)
  }
}

function unknownOutcome(cause: unknown): XpodError {
  return new XpodError('OUTCOME_UNKNOWN', '', { cause, hint: 'Look whether it is there before you do it again.' })
}
