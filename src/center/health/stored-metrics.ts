// What lies in the database, as sums for Prometheus: asked for once a minute, because a scrape must not wait for a table.

import type { Clock } from '../../base/clock.ts'
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

interface Sums extends Row {
  readonly bytes: number | bigint
  readonly channels: number | bigint
}

const everyMs = 60_000
const query = `SELECT (SELECT coalesce(sum(bytes), 0) FROM pod_head WHERE node = ?) AS bytes,
  (SELECT count(*) FROM channel) AS channels`

export function measureStored({ db, node, clock, log, metrics }: StoredMetricsParts): Disposable {
  const bytes = metrics.gauge('xpod_pod_bytes', 'Bytes in pods whose home is this server')
  const channels = metrics.gauge('xpod_notify_channels', 'Notification channels in the database')

  async function look(): Promise<void> {
    const [sums] = await db.read<Sums>(query, [node])
    bytes.set(Number(sums!.bytes))
    channels.set(Number(sums!.channels))
  }

  const lookAndSay = (): void => void look().catch((error: unknown) => log.warn('metrics.unread', { error }))
  const cancelFirst = clock.after(1000, lookAndSay)
  const cancel = clock.every(everyMs, lookAndSay)
  return {
    [Symbol.dispose]: () => {
      cancelFirst()
      cancel()
    },
  }
}
