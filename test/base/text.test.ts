// Errors, sizes, ids, log lines and metrics: what people and machines read.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collect, GiB, KiB, parseSize } from '../../src/base/bytes.ts'
import type { Clock } from '../../src/base/clock.ts'
import { systemClock } from '../../src/base/clock.ts'
import { XpodError } from '../../src/base/errors.ts'
import { createLog, type LogFormat } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'

const clock: Clock = { ...systemClock, nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6) }

function logged(format: LogFormat, journal = false): string {
  const lines: string[] = []
  const log = createLog({ level: 'info', format, clock, journal, write: (line) => lines.push(line) })
  log.debug('never.seen')
  log.warn('store.slow', {
    pod: 'alice',
    tookMs: 12,
    note: 'two words',
    error: new XpodError('DISK_FULL', '', { cause: new Error('x') }),
  })
  return lines.join('')
}

test('a JSON log line holds time, level, event and fields, and an error with its code and cause', () => {
  const line = JSON.parse(logged('json'))
  assert.deepEqual([line.ts, line.level, line.msg, line.tookMs], ['2026-01-02T03:04:05.006Z', 'warn', 'store.slow', 12])
  assert.equal(line.error.code, 'DISK_FULL')
  assert.equal(line.error.cause.message, 'x')
})

test('logfmt and text quote what needs quotes, and the journal gets a priority and no time', () => {
  assert.match(
    logged('logfmt'),
    /^ts=2026-01-02T03:04:05\.006Z level=warn msg=store\.slow pod=alice tookMs=12 note="two words" /,
  )
  assert.match(logged('text'), /^03:04:05 warn {2}store\.slow pod=alice /)
  assert.match(logged('text', true), /^<4>warn {2}store\.slow /)
})

test('sizes take decimal and binary units', () => {
  assert.deepEqual(['50GB', '16 KiB', '1000', '1.5g', '2GiB'].map(parseSize), [50e9, 16 * KiB, 1000, 1.5e9, 2 * GiB])
  assert.deepEqual(['', 'GB', '-1', '1XB', '1e9', '99999999TB'].map(parseSize), Array(6).fill(undefined))
})

test('collecting a body stops at its bound', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('ab')
    yield Buffer.from('cd')
  }
  assert.equal((await collect(chunks(), 4)).toString(), 'abcd')
  await assert.rejects(collect(chunks(), 3), { code: 'BODY_TOO_LARGE' })
})

test('UUIDs of version 7 sort by time and carry version and variant', () => {
  const ids = [1, 2, 2 ** 40].map((ms) => systemRandom.uuid7(ms))
  assert.deepEqual([...ids].sort(), ids)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('metrics render as Prometheus text, one family a name, labels escaped, children bounded', () => {
  const metrics = createMetrics()
  metrics.counter('a_total', 'Counts.', { code: '2"0' }).add(2)
  metrics.counter('a_total', 'Counts.', { code: '2"0' }).add()
  metrics.gaugeFrom('g', 'Asked.', () => 7)
  metrics.histogram('h', 'Seconds.', [0.1, 1]).observe(0.5)
  const page = metrics.render()
  assert.match(page, /^# HELP a_total Counts\.\n# TYPE a_total counter\na_total\{code="2\\"0"\} 3\n/)
  assert.match(page, /\ng 7\n/)
  assert.match(page, /h_bucket\{le="0\.1"\} 0\nh_bucket\{le="1"\} 1\nh_bucket\{le="\+Inf"\} 1\nh_sum 0\.5\nh_count 1\n/)
  for (let index = 0; index < 2000; index++) metrics.counter('many', 'Many.', { id: String(index) }).add()
  assert.equal(metrics.render().match(/^many\{/gm)?.length, 1001)
})
