// Changes of one path wait for each other, in order, and how long is measured.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createMetrics } from '../../src/base/metrics.ts'
import type { Path } from '../../src/pod/path.ts'
import { PathQueue } from '../../src/pod/path-queue.ts'
import { createFakeClock } from '../support/fake-clock.ts'

test('the second of a path begins when the first has ended, however it ends, and its wait is measured', async () => {
  const clock = createFakeClock()
  const metrics = createMetrics()
  const waits = metrics.histogram('waits', 'Seconds', [0.1, 1])
  const queue = new PathQueue({ clock, waits })
  const count = (): string | undefined => /^waits_count (\d+)$/m.exec(metrics.render())?.[1]
  const done: string[] = []
  const first = Promise.withResolvers<void>()
  const failing = queue.run('/x' as Path, async () => {
    await first.promise
    done.push('first')
    throw new Error('failed')
  })
  const second = queue.run('/x/' as Path, async () => done.push('second'))
  await queue.run('/y' as Path, async () => done.push('other'))
  assert.equal(count(), '0', 'who comes first does not wait')
  clock.advance(500)
  first.resolve()
  await assert.rejects(failing, /failed/)
  await second
  assert.deepEqual(done, ['other', 'first', 'second'])
  assert.match(metrics.render(), /^waits_bucket\{le="0.1"\} 0$/m)
  assert.match(metrics.render(), /^waits_bucket\{le="1"\} 1$/m)
})

test('a task that throws at once holds up nobody', async () => {
  const clock = createFakeClock()
  const queue = new PathQueue({ clock, waits: createMetrics().histogram('waits', 'Seconds', [1]) })
  const broken = queue.run('/x' as Path, () => {
    throw new Error('at once')
  })
  await assert.rejects(broken, /at once/)
  assert.equal(await queue.run('/x' as Path, async () => 1), 1)
})
