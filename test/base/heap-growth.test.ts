// The space for new objects stays small during a start and within its bound after it, however much survives. In a process of
// its own, because the flags are the process's.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const heapGrowth = new URL('../../src/base/heap-growth.ts', import.meta.url).href
const mebibyte = 1 << 20

/** The smallest sizes of the space, without what a collection takes for a moment, while objects survive: without any of it, restrained, and with ticks of the clock between. */
async function sizes(): Promise<{ readonly free: number; readonly restrained: number; readonly grown: number }> {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { growHeap, restrainHeap } from ${JSON.stringify(heapGrowth)}
    const size = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size
    const kept = []
    const survive = (tick) => {
      let smallest = Infinity
      for (let round = 0; round < 80; round++) {
        for (let index = 0; index < 25_000; index++) kept[index] = { index, list: [round] }
        tick()
        if (round >= 40) smallest = Math.min(smallest, size())
      }
      return smallest
    }
    if (process.argv[1] === 'free') console.log(survive(() => {}))
    else {
      restrainHeap()
      const restrained = survive(() => {})
      let tick
      growHeap({ every: (_ms, callback) => ((tick = callback), () => {}) })
      console.log(restrained, survive(tick))
    }`
  const run = async (how: string): Promise<number[]> => {
    const args = ['--input-type=module', '--eval', program, how]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return stdout.trim().split(' ').map(Number)
  }
  const [free = 0] = await run('free')
  const [restrained = 0, grown = 0] = await run('restrained')
  return { free, restrained, grown }
}

test('new objects have little room during a start, and a bounded one after it', async () => {
  const { free, restrained, grown } = await sizes()
  assert.ok(restrained <= 4 * mebibyte, `restrained: ${restrained}`)
  assert.ok(grown <= 16 * mebibyte, `grown: ${grown}`)
  assert.ok(free > 16 * mebibyte, `without a bound: ${free}`)
})
