// Calls to an S3 store as the parts of the object store make them: repeated when that may help, with jitter and a bound;
// not even tried while the store does not answer; counted. Every call here may be repeated safely: keys are used once, parts
// are written again as they were, deleting twice is deleting.

import { type Clock, delay } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Counter, Histogram, Metrics } from '../../../base/metrics.ts'
import type { Random } from '../../../base/random.ts'
import { Breaker, type Pass } from './breaker.ts'
import type { S3Client, S3Connection } from './connection.ts'
import { asXpodError, S3Failure, type S3FailureKind } from './failure.ts'

export type S3Operation = 'get' | 'put' | 'part' | 'multipart' | 'head' | 'delete' | 'list'

export interface CallOptions {
  readonly signal: AbortSignal
  /** Of one attempt, until its answer is read; of a download, until its head is. */
  readonly timeoutMs?: number
  readonly maxAttempts?: number
}

export interface S3Calls {
  readonly connection: S3Connection
  /** Calls fail at once, for a while. */
  readonly isDown: boolean
  /** Throws S3Failure of the kinds missing, exists, range and unknown; else XpodErrors, or the signal's reason. */
  call<T>(op: S3Operation, options: CallOptions, send: (client: S3Client, attempt: number) => Promise<T>): Promise<T>
}

export interface CallsOptions {
  readonly connection: S3Connection
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly breaker?: Breaker
}

const isForCaller: Readonly<Record<S3FailureKind, boolean>> = {
  missing: true,
  exists: true,
  range: true,
  unknown: true,
  refused: false,
  full: false,
  passing: false,
}
const defaultTimeoutMs = 15_000
const defaultAttempts = 4
const firstBackoffMs = 100
const maxBackoffMs = 2000
/** Operations with codes of failures. */
const maxCounted = 100
const secondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function openCalls(options: CallsOptions): S3Calls {
  const { connection, clock, random, log, metrics } = options
  const breaker = options.breaker ?? new Breaker({ clock, random, log })
  const count = counters(metrics)
  metrics.gaugeFrom('xpod_s3_open_breakers', 'Whether calls to the object store fail at once', () =>
    breaker.isOpen ? 1 : 0,
  )

  async function once<T>(op: S3Operation, given: CallOptions, pass: Pass, run: (client: S3Client) => Promise<T>) {
    const startMs = clock.monotonicMs()
    const { signal, timeoutMs = defaultTimeoutMs } = given
    let code: string | undefined
    try {
      const result = await connection.attempt({ signal, timeoutMs, isDownload: op === 'get' }, run)
      code = 'ok'
      pass.answered()
      return result
    } catch (error) {
      if (!(error instanceof S3Failure)) {
        pass.dropped()
        throw error
      }
      code = error.code
      if (error.kind === 'passing') pass.failed()
      else pass.answered()
      throw error
    } finally {
      if (code !== undefined) count(op, code, (clock.monotonicMs() - startMs) / 1000)
    }
  }

  return {
    connection,
    get isDown() {
      return breaker.isOpen
    },
    async call(op, given, send) {
      const { maxAttempts = defaultAttempts, signal } = given
      for (let attempt = 1; ; attempt++) {
        const pass = breaker.enter()
        try {
          return await once(op, given, pass, (client) => send(client, attempt))
        } catch (error) {
          if (!(error instanceof S3Failure)) throw error
          log.debug('objects.call-failed', { op, attempt, kind: error.kind, code: error.code })
          if (isForCaller[error.kind]) throw error
          if (error.kind !== 'passing' || attempt >= maxAttempts) throw told(error, op, log)
          await delay(clock, backoffMs(attempt, random), signal)
        }
      }
    },
  }
}

/** A refusal or a full store is for somebody to mend, so it is said loudly. */
function told(failure: S3Failure, op: S3Operation, log: Log): Error {
  const fields = { op, code: failure.code, reason: failure.detail }
  if (failure.kind === 'passing') log.warn('objects.failed', fields)
  else log.error('objects.refused', fields)
  return asXpodError(failure)
}

/** Full jitter: those who failed together do not come back together. */
function backoffMs(attempt: number, random: Random): number {
  return (Math.min(maxBackoffMs, firstBackoffMs * 2 ** (attempt - 1)) * random.uint32()) / 2 ** 32
}

function counters(metrics: Metrics): (op: S3Operation, code: string, seconds: number) => void {
  const made = new Map<string, { total: Counter; seconds: Histogram }>()
  return (op, given, seconds) => {
    // Stores may say what they like.
    const code = made.size < maxCounted || made.has(`${op} ${given}`) ? given : 'other'
    const key = `${op} ${code}`
    let known = made.get(key)
    if (known === undefined) {
      const total = metrics.counter('xpod_s3_requests_total', 'Calls to the object store', { op, code })
      const time = metrics.histogram('xpod_s3_request_seconds', 'Time of calls to the object store', secondsBounds, {
        op,
      })
      made.set(key, (known = { total, seconds: time }))
    }
    known.total.add()
    known.seconds.observe(seconds)
  }
}
