// Pods whose deletion is decided and not yet done, alone or with their account: nobody has access to them any more, and for a
// week they can be brought back as they were, because nothing in them has changed. Asked for every request, so it answers
// from memory. All of them are read again every 2 s: the links of pods are the one place that says so, every center sees
// what another did, and nothing has to be told or mended. When the database is away, what was known last holds.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Database, Row } from '../../core/db/database.ts'
import { pollRead } from './polled-read.ts'

export interface WithdrawnPods {
  readonly isEmpty: boolean
  has(pod: string): boolean
  /** Told of each pod that is withdrawn from now on. */
  onWithdrawn(listener: (pod: string) => void): Disposable
  /** Reads them now: what this process has written before is known when it resolves. */
  refresh(): Promise<void>
}

export interface WithdrawnPodsOptions {
  readonly db: Pick<Database, 'read'>
  readonly clock: Clock
  readonly log: Log
  /** Those that would be deleted last are not withdrawn when there are more, and that is an error in the log. */
  readonly maxPods?: number
}

const pageRows = 1000

interface WithdrawnRow extends Row {
  readonly pod: string
  readonly delete_at_ms: number
}

const select = `SELECT pod, delete_at_ms FROM pod_link
  WHERE delete_at_ms IS NOT NULL AND (delete_at_ms, pod) > (?, ?) ORDER BY delete_at_ms, pod LIMIT ?`

/** Resolves when they are known. */
export async function openWithdrawnPods(options: WithdrawnPodsOptions): Promise<WithdrawnPods & AsyncDisposable> {
  const { db, clock, log, maxPods = 100_000 } = options
  let known: ReadonlySet<string> = new Set()
  let isFull = false
  const listeners = new Set<(pod: string) => void>()

  async function read(): Promise<void> {
    const pods = new Set<string>()
    let last: WithdrawnRow | undefined
    do {
      const rows = await db.read<WithdrawnRow>(select, [last?.delete_at_ms ?? 0, last?.pod ?? '', pageRows])
      for (const { pod } of rows) pods.add(pod)
      last = rows.length < pageRows ? undefined : rows.at(-1)
    } while (last !== undefined && pods.size < maxPods)
    if (last !== undefined && !isFull) log.error('pods.withdrawn.full', { max: maxPods })
    isFull = last !== undefined
    const before = known
    known = pods
    for (const pod of pods) if (!before.has(pod)) for (const listener of listeners) listener(pod)
  }

  const polled = await pollRead(read, { clock, log, unread: 'pods.withdrawn.unread' })
  return {
    ...polled,
    get isEmpty() {
      return known.size === 0
    },
    has: (pod) => known.has(pod),
    onWithdrawn(listener) {
      listeners.add(listener)
      return { [Symbol.dispose]: () => void listeners.delete(listener) }
    },
  }
}
