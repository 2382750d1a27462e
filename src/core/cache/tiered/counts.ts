// What the cache counts, under names that do not change (routing-migration-cache.md 4.6). Children are made once, so that
// counting costs an addition.

import { KiB } from '../../../base/bytes.ts'
import type { Counter, Gauge, Histogram, Metrics } from '../../../base/metrics.ts'
import type { DiskState } from './disk/health.ts'

/** Larger objects are admitted at their second request, and counted apart. */
export const largeBytes = 256 * KiB

/** Why something was not kept. */
export type Rejection = 'first_request' | 'no_room' | 'recovering' | 'disk' | 'scan' | 'crowded' | 'mismatch'

export interface ClassCounts {
  readonly hits: Counter
  readonly misses: Counter
  readonly bytesHit: Counter
  readonly bytesMiss: Counter
}

export interface Counts {
  of(objectBytes: number): ClassCounts
  readonly evictions: { readonly small: Counter; readonly main: Counter }
  rejected(reason: Rejection): void
  readonly joined: Counter
  readonly fillSeconds: Histogram
  readonly corrupt: Counter
  readonly scrubbed: Counter
  readonly diskState: Gauge
  readonly ghostHits: Counter
  asked(operation: 'get' | 'head' | 'put' | 'delete' | 'list'): void
}

const states: Readonly<Record<DiskState, number>> = { normal: 0, unstable: 1, down: 2 }
const fillBounds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function stateNumber(state: DiskState): number {
  return states[state]
}

export function createCounts(metrics: Metrics): Counts {
  const classCounts = (name: string): ClassCounts => ({
    hits: metrics.counter('xpod_cache_hits_total', 'Resources from memory, blocks from disk', { class: name }),
    misses: metrics.counter('xpod_cache_misses_total', 'What came from the store behind', { class: name }),
    bytesHit: metrics.counter('xpod_cache_bytes_hit_total', 'Bytes served from disk', { class: name }),
    bytesMiss: metrics.counter('xpod_cache_bytes_miss_total', 'Bytes served from the object store', { class: name }),
  })
  const small = classCounts('small')
  const large = classCounts('large')
  const evictions = (queue: string): Counter =>
    metrics.counter('xpod_cache_evictions_total', 'What made room', { queue })
  return {
    of: (objectBytes) => (objectBytes > largeBytes ? large : small),
    evictions: { small: evictions('small'), main: evictions('main') },
    rejected: (reason) =>
      metrics.counter('xpod_cache_admission_rejected_total', 'Blocks that were not kept', { reason }).add(),
    joined: metrics.counter('xpod_cache_singleflight_joined_total', 'Readers that joined a running fetch'),
    fillSeconds: metrics.histogram(
      'xpod_cache_fill_seconds',
      'From the request of a block to its last byte',
      fillBounds,
    ),
    corrupt: metrics.counter('xpod_cache_corrupt_total', 'Blocks that failed their checksum'),
    scrubbed: metrics.counter('xpod_cache_scrubbed_bytes_total', 'Bytes checked that nobody had asked for'),
    diskState: metrics.gauge('xpod_cache_disk_state', '0 normal, 1 unstable (read only), 2 down (bypassed)'),
    ghostHits: metrics.counter('xpod_cache_ghost_hit_total', 'Blocks that came back soon after they had left'),
    asked: (op) => metrics.counter('xpod_cache_s3_requests_total', 'Requests to the object store', { op }).add(),
  }
}
