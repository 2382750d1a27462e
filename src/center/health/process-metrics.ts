// What Prometheus users expect of any process: CPU, memory, open files, start time, and how late the event loop is.

import { readdirSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

import type { Clock } from '../../base/clock.ts'
import type { Metrics } from '../../base/metrics.ts'

const nsPerSecond = 1e9

export function measureProcess(metrics: Metrics, clock: Clock): Disposable {
  const startedSeconds = clock.nowMs() / 1000 - process.uptime()
  const loop = monitorEventLoopDelay({ resolution: 20 })
  loop.enable()
  metrics.gaugeFrom('process_cpu_seconds_total', 'CPU time used', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.gaugeFrom('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss())
  metrics.gaugeFrom('process_start_time_seconds', 'Start, seconds since 1970', () => startedSeconds)
  metrics.gaugeFrom('process_open_fds', 'Open files', countOpenFiles)
  metrics.gaugeFrom('nodejs_heap_size_used_bytes', 'JavaScript heap in use', () => process.memoryUsage().heapUsed)
  const delays = [
    ['nodejs_eventloop_lag_mean_seconds', () => loop.mean],
    ['nodejs_eventloop_lag_p99_seconds', () => loop.percentile(99)],
    ['nodejs_eventloop_lag_max_seconds', () => loop.max],
  ] as const
  for (const [name, read] of delays) {
    metrics.gaugeFrom(name, 'Delay of the event loop since the start', () => (read() || 0) / nsPerSecond)
  }
  return { [Symbol.dispose]: () => loop.disable() }
}

function countOpenFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0
}
