// A process that opens a cache of very many blocks and reads one of them at once. Prints what that cost, as JSON.

import { monitorEventLoopDelay } from 'node:perf_hooks'

import { collect } from '../../../../src/base/bytes.ts'
import { systemClock } from '../../../../src/base/clock.ts'
import { silentLog } from '../../../../src/base/log.ts'
import { createMetrics } from '../../../../src/base/metrics.ts'
import { openTieredObjects } from '../../../../src/core/cache/tiered/open.ts'
import { holdExclusively } from '../../../../src/core/db/sqlite/lock-file.ts'
import { createMemoryObjects } from '../../../support/memory-objects.ts'

const [path = '', key = '', size = '', maxBlocks = ''] = process.argv.slice(2)
const metrics = createMetrics()
const mebibyte = 1 << 20
const rss = (): number => process.memoryUsage().rss / mebibyte
const atStartMiB = rss()
const delays = monitorEventLoopDelay({ resolution: 1 })
delays.enable()
const startMs = performance.now()
const objects = await openTieredObjects(createMemoryObjects(), {
  path,
  maxSize: 2 ** 50,
  freeShare: 0,
  hold: holdExclusively,
  clock: systemClock,
  log: silentLog,
  metrics,
  ...(maxBlocks === '' ? {} : { maxBlocks: Number(maxBlocks) }),
})
const openedMs = performance.now() - startMs
let isRecovered = false
const recovered = objects.recovered.then(() => {
  isRecovered = true
  return performance.now() - startMs
})
const { signal } = new AbortController()
// The store has nothing: what comes is from the disk.
const body = await collect(await objects.get(key, undefined, signal, { size: Number(size) }), Number(size))
const firstHitMs = performance.now() - startMs
const wasRecovered = isRecovered
const recoveredMs = await recovered
const usedBytes = Number(/^xpod_cache_used_bytes (.*)$/m.exec(metrics.render())![1])
const longestDelayMs = delays.max / 1e6
const closingMs = performance.now()
const grownMiB = rss() - atStartMiB
await objects[Symbol.asyncDispose]()
console.log(
  JSON.stringify({
    openedMs,
    firstHitMs,
    firstHitBytes: body.length,
    wasRecovered,
    recoveredMs,
    usedBytes,
    longestDelayMs,
    grownMiB,
    closedMs: performance.now() - closingMs,
  }),
)
