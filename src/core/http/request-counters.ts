// Counting requests without allocating: one counter per method and status, made on first use and kept in plain arrays.

import type { Counter, Histogram, Metrics } from '../../base/metrics.ts'

export interface RequestCounters {
  count(method: string, status: number, seconds: number): void
}

const methods = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE', 'other']
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createRequestCounters(metrics: Metrics): RequestCounters {
  const counters = methods.map((): (Counter | undefined)[] => [])
  const seconds: Histogram[] = methods.map((method) =>
    metrics.histogram('xpod_http_request_seconds', 'Time from the head of a request to the end of its answer', bounds, {
      method,
    }),
  )
  const indexes = new Map(methods.map((method, index) => [method, index]))
  const other = methods.length - 1
  return {
    count(method, status, took) {
      const index = indexes.get(method) ?? other
      const row = counters[index]!
      const counter = (row[status] ??= metrics.counter('xpod_http_requests_total', 'Requests answered', {
        method: methods[index]!,
        code: String(status),
        class: `${Math.floor(status / 100)}xx`,
      }))
      counter.add()
      seconds[index]!.observe(took)
    },
  }
}
