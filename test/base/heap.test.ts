// The space for new objects stays within its bound however much survives, and what work has left behind is given back when
// there is no more of it. In processes of their own, because the flags are the process's.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const heap = new URL('../../src/base/heap.ts', import.meta.url).href
const mebibyte = 1 << 20

/** What a program prints; `tend()` tends its heap by `tick`. */
async function printed(program: string): Promise<number[]> {
  const head = `
    import { setTimeout as delay } from 'node:timers/promises'
    import { getHeapSpaceStatistics } from 'node:v8'
    import { tendHeap } from ${JSON.stringify(heap)}
    let tick = () => {}
    const tend = () => tendHeap({ every: (_ms, callback) => ((tick = callback), () => {}) })`
  const args = ['--input-type=module', '--eval', `${head}\n${program}`]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return stdout.trim().split(' ').map(Number)
}

test('new objects have a bounded room', async () => {
  /** The smallest size of their space, without what a collection takes for a moment, while objects survive. */
  const survive = `
    const size = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
    const kept = []
    let smallest = Infinity
    // Before the loop of events has begun, nothing counts as work.
    await delay(1)
    for (let round = 0; round < 80; round++) {
      for (let index = 0; index < 25_000; index++) kept[index] = { index, list: [round] }
      tick()
      if (round >= 40) smallest = Math.min(smallest, size())
    }
    console.log(smallest)`
  const [tended = 0] = await printed(`tend();${survive}`)
  const [free = 0] = await printed(survive)
  assert.ok(tended <= 16 * mebibyte, `tended: ${tended}`)
  assert.ok(free > 16 * mebibyte, `without a bound: ${free}`)
})

test('garbage is collected after two looks without work, and not before', async () => {
  const [grown = 0, busy = 0, once = 0, idle = 0] = await printed(`
    tend()
    const total = () => process.memoryUsage().heapTotal
    const kept = Array.from({ length: 400_000 }, (_, index) => ({ index, list: [index] }))
    const grown = total()
    kept.length = 0
    const work = () => { for (const untilMs = performance.now() + 100; performance.now() < untilMs; ); }
    for (let look = 0; look < 3; look++) { work(); await delay(1); tick() }
    const busy = total()
    await delay(200)
    tick()
    const once = total()
    await delay(200)
    tick()
    console.log(grown, busy, once, total())`)
  assert.ok(grown > 24 * mebibyte, `${grown}`)
  assert.ok(busy > grown / 2 && once > grown / 2, `${grown} ${busy} ${once}`)
  assert.ok(idle < grown / 2, `${grown} ${idle}`)
})
