// What lies in the database, as sums for Prometheus: asked for once a minute, because a scrape must not wait for a table.

import { type Clock, othersFirst } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Database, Row } from '../../core/db/database.ts'

export interface StoredMetricsParts {
  readonly db: Pick<Database, 'read'>
  /** This center's name in the rows of pods. */
  readonly node: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

interface Page extends Row {
  readonly last: number | bigint | null
  readonly bytes: number | bigint | null
}

interface Count extends Row {
  readonly channels: number | bigint
}

const everyMs = 60_000
/** A millisecond or two on SQLite, which is read on this thread. */
const pageRows = 5000
const pageQuery = `SELECT max(pod) AS last, sum(CASE WHEN node = ? THEN bytes ELSE 0 END) AS bytes
  FROM (SELECT pod, node, bytes FROM pod_head WHERE pod > ? ORDER BY pod LIMIT ${pageRows}) AS page`

export function measureStored({ db, node, clock, log, metrics }: StoredMetricsParts): Disposable {
  const bytes = metrics.gauge('xpod_pod_bytes', 'Bytes in pods whose home is this server')
  const channels = metrics.gauge('xpod_notify_channels', 'Notification channels in the database')
  const over = new AbortController()

  async function look(): Promise<void> {
    let sum = 0
    let last: Page['last'] = 0
    while (last !== null) {
      const pages: readonly Page[] = await db.read<Page>(pageQuery, [node, last])
      sum += Number(pages[0]!.bytes ?? 0)
      last = pages[0]!.last
      await othersFirst()
      if (over.signal.aborted) return
    }
    bytes.set(sum)
    const [count] = await db.read<Count>('SELECT count(*) AS channels FROM channel', [])
    channels.set(Number(count!.channels))
  }

  const lookAndSay = (): void => void look().catch((error: unknown) => log.warn('metrics.unread', { error }))
  const cancelFirst = clock.after(1000, lookAndSay)
  const cancel = clock.every(everyMs, lookAndSay)
  return {
    [Symbol.dispose]: () => {
      over.abort()
      cancelFirst()
      cancel()
    },
  }
}
