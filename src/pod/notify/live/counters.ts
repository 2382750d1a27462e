// What the receivers count, by how they are reached; made once.

import type { Counter, Metrics } from '../../../base/metrics.ts'

export interface ReceiverCounters {
  /** Messages handed to a connection. */
  readonly sent: Counter
  /** Messages not sent because the subscriber may not read the topic any more. */
  readonly denied: Counter
  /** Times that what waited was replaced by one message. */
  readonly collapsed: Counter
}

export function createReceiverCounters(metrics: Metrics, channel: string): ReceiverCounters {
  const dropped = 'Messages that were not sent, by reason.'
  return {
    sent: metrics.counter('xpod_notify_delivered_total', 'Messages sent to subscribers.', { channel }),
    denied: metrics.counter('xpod_notify_dropped_total', dropped, { channel, reason: 'denied' }),
    collapsed: metrics.counter('xpod_notify_dropped_total', dropped, { channel, reason: 'collapsed' }),
  }
}
