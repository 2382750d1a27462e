// Many readers of one object: one fetch a block, which outlives whoever began it, goes on where it broke off, and is bounded
// in memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { Block, Layout } from '../../../../src/core/cache/tiered/block.ts'
import { Flight, Waker } from '../../../../src/core/cache/tiered/flight.ts'
import { until } from '../../../support/until.ts'
import { blockBytes, KiB, openWorld, pattern, putBehind, signal, type World } from './world.ts'

async function read({ objects }: World, key: string, from: AbortSignal = signal): Promise<Buffer> {
  return collect(await objects.get(key, undefined, from), Number.MAX_SAFE_INTEGER)
}

/** The object store stands still until opened; counts what it was asked. */
function hold(world: World): () => void {
  const gate = Promise.withResolvers<void>()
  world.behind.onChunk = () => gate.promise
  return () => {
    world.behind.onChunk = () => {}
    gate.resolve()
  }
}

test('a thousand readers of one cold object cost one fetch a block', async () => {
  await using world = await openWorld()
  const bytes = pattern(3 * blockBytes + 5)
  await putBehind(world, 'pod/a', bytes)
  const open = hold(world)
  const reading = Array.from({ length: 1000 }, () => read(world, 'pod/a'))
  await until('somebody asked', () => world.behind.gets.length > 0)
  open()
  for (const read of await Promise.all(reading)) assert.ok(bytes.equals(read))
  assert.equal(world.behind.gets.length, 4)
  assert.equal(new Set(world.behind.gets.map(({ start }) => start)).size, 4)
  assert.ok(world.metric('xpod_cache_singleflight_joined_total') >= 999)
  await world.holds(4)
})

test('and so of a large one, whose first reader alone would keep nothing', async () => {
  await using world = await openWorld({ blockBytes: 512 * KiB })
  const bytes = pattern(1200 * KiB)
  await putBehind(world, 'pod/a', bytes)
  const reading = Array.from({ length: 100 }, () => read(world, 'pod/a'))
  for (const read of await Promise.all(reading)) assert.ok(bytes.equals(read))
  assert.equal(world.behind.gets.length, 3)
  await world.holds(3)
})

test('readers get bytes while the rest is on its way', async () => {
  await using world = await openWorld()
  const bytes = pattern(blockBytes)
  await putBehind(world, 'pod/a', bytes)
  const gate = Promise.withResolvers<void>()
  world.behind.onChunk = (_fetch, sent) => (sent >= 32 * KiB ? gate.promise : undefined)
  const stream = await world.objects.get('pod/a', undefined, signal)
  const iterator = stream[Symbol.asyncIterator]()
  const first = Buffer.concat([(await iterator.next()).value, (await iterator.next()).value])
  assert.ok(first.equals(bytes.subarray(0, 32 * KiB)))
  gate.resolve()
  await iterator.return?.()
})

test('the fetch goes on when the one who began it goes away and others wait', async () => {
  await using world = await openWorld()
  const bytes = pattern(blockBytes)
  await putBehind(world, 'pod/a', bytes)
  const open = hold(world)
  const abort = new AbortController()
  const leader = read(world, 'pod/a', abort.signal)
  const follower = read(world, 'pod/a')
  await until('both wait', () => world.metric('xpod_cache_singleflight_joined_total') === 1)
  abort.abort(new Error('gone'))
  await assert.rejects(leader, /gone/)
  open()
  assert.ok(bytes.equals(await follower))
  assert.equal(world.behind.gets.length, 1)
})

test('when everybody goes away it ends early, and is finished and kept late', async () => {
  await using world = await openWorld()
  for (const [key, share, blocks] of [
    ['pod/early', 0.25, 0],
    ['pod/late', 0.75, 1],
  ] as const) {
    const bytes = pattern(blockBytes)
    await putBehind(world, key, bytes)
    const gate = Promise.withResolvers<void>()
    let isEnded = false
    world.behind.onChunk = async (_fetch, sent) => {
      if (sent < share * blockBytes) return
      await gate.promise
      isEnded = true
    }
    const abort = new AbortController()
    const stream = await world.objects.get(key, undefined, abort.signal)
    const iterator = stream[Symbol.asyncIterator]()
    for (let got = 0; got < share * blockBytes; ) got += ((await iterator.next()).value as Uint8Array).length
    abort.abort(new Error('gone'))
    await assert.rejects(iterator.next(), /gone/)
    gate.resolve()
    await until('it was let go on', () => isEnded)
    await world.holds(blocks)
  }
})

test('a fetch that breaks off goes on where it stopped', async () => {
  await using world = await openWorld()
  const bytes = pattern(blockBytes)
  await putBehind(world, 'pod/a', bytes)
  let breaks = 0
  world.behind.onChunk = (_fetch, sent) => {
    if (sent === 16 * KiB && breaks++ < 2) throw new Error('connection lost')
  }
  const both = await Promise.all([read(world, 'pod/a'), read(world, 'pod/a')])
  for (const read of both) assert.ok(bytes.equals(read))
  assert.deepEqual(
    world.behind.gets.map(({ start }) => start),
    [0, 16 * KiB, 32 * KiB],
  )
  await world.holds(1)
})

test('a fetch that brings nothing fails for all who wait, and the next one is tried', async () => {
  await using world = await openWorld()
  const bytes = pattern(1000)
  await putBehind(world, 'pod/a', bytes)
  world.behind.onChunk = () => {
    throw new XpodError('OVERLOADED', 'slow down')
  }
  const all = await Promise.allSettled(Array.from({ length: 10 }, () => read(world, 'pod/a')))
  assert.ok(all.every((one) => one.status === 'rejected' && (one.reason as XpodError).code === 'OVERLOADED'))
  assert.equal(world.behind.gets.length, 1)
  world.behind.onChunk = () => {}
  assert.ok(bytes.equals(await read(world, 'pod/a')))
})

test('when there is no memory for more, readers are served by requests of their own', async () => {
  await using world = await openWorld({ memoryBytes: 2 * blockBytes })
  const keys = Array.from({ length: 10 }, (_, index) => `pod/${index}`)
  for (const key of keys) await putBehind(world, key, pattern(blockBytes, 7))
  // Readers that do not read on hold what they wait for; scans are not kept, so the disk does not free them.
  const streams = await Promise.all(keys.map((key) => world.objects.get(key, undefined, signal, { isScan: true })))
  assert.equal(world.metric('xpod_cache_admission_rejected_total{reason="crowded"}'), 8)
  for (const stream of streams) assert.ok(pattern(blockBytes, 7).equals(await collect(stream, blockBytes)))
  await read(world, 'pod/1')
  assert.equal(world.metric('xpod_cache_admission_rejected_total{reason="crowded"}'), 8)
})

test('a slow reader keeps no memory of what lies on the disk', async () => {
  await using world = await openWorld({ memoryBytes: 2 * blockBytes })
  const bytes = pattern(blockBytes)
  const slow: AsyncIterable<Uint8Array>[] = []
  for (let index = 0; index < 10; index++) {
    await putBehind(world, `pod/${index}`, bytes)
    slow.push(await world.objects.get(`pod/${index}`, undefined, signal))
    await world.holds(index + 1)
  }
  for (const stream of slow) assert.ok(bytes.equals(await collect(stream, blockBytes)))
  assert.equal(world.behind.gets.length, 10)
})

test('a block that has landed is not held in memory by who still reads it', () => {
  const block = new Block(new Layout(blockBytes), { key: 'pod/a', number: 0, objectBytes: 100 })
  const flight = new Flight(block, { isKept: true })
  flight.enter(new Waker())
  flight.add(pattern(100))
  assert.equal(flight.read(40)?.length, 60)
  flight.become('landed')
  assert.deepEqual([flight.chunks.length, flight.read(40)], [0, undefined])
})

test('readers that go at their own pace through one object share its blocks', async () => {
  await using world = await openWorld()
  const bytes = pattern(20 * blockBytes)
  await putBehind(world, 'pod/a', bytes)
  const reading = Array.from({ length: 30 }, async (_, index) => {
    const parts: Uint8Array[] = []
    for await (const chunk of await world.objects.get('pod/a', undefined, signal)) {
      parts.push(chunk)
      for (let turn = 0; turn < index % 7; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    return Buffer.concat(parts)
  })
  for (const read of await Promise.all(reading)) assert.ok(bytes.equals(read))
  assert.equal(world.behind.gets.length, 20)
})
