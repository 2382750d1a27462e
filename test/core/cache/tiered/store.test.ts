// The cache as callers see it: the contract of the object store, what is served from the disk, what is kept and what is not.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import type { ReadHints } from '../../../../src/core/objects/object-store.ts'
import { objectStoreSuite } from '../../../conformance/object-store.ts'
import { createMemoryObjects } from '../../../support/memory-objects.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { blockBytes, isNotFound, KiB, MiB, openWorld, pattern, putBehind, signal, type World } from './world.ts'

const hits = 'xpod_cache_hits_total{class="small"}'

async function read(
  { objects }: World,
  key: string,
  range?: { start: number; end: number },
  hints?: ReadHints,
): Promise<Buffer> {
  return collect(await objects.get(key, range, signal, hints), Number.MAX_SAFE_INTEGER)
}

for (const [what, size] of [
  ['small blocks', 64 * KiB],
  ['blocks of 4 MiB', 4 * MiB],
] as const) {
  objectStoreSuite(`tiered over memory, ${what}`, async () => {
    const world = await openWorld({ blockBytes: size })
    return { objects: world.objects, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
  })
}

objectStoreSuite('tiered over memory, with no room', async () => {
  const world = await openWorld({ maxSize: 0 })
  return { objects: world.objects, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
})

describe('reading', () => {
  test('what was read once is served from the disk, whole and in parts', async () => {
    await using world = await openWorld()
    const bytes = pattern(5 * blockBytes + 777)
    await putBehind(world, 'pod/a', bytes)
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    await world.holds(6)
    const asked = world.behind.gets.length
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    for (const [start, end] of [
      [0, 0],
      [40_000, 40_001],
      [blockBytes - 1, blockBytes],
      [100_000, 300_000],
      [bytes.length - 1, bytes.length - 1],
      [5 * blockBytes, 10 * blockBytes],
    ] as const) {
      assert.ok(bytes.subarray(start, end + 1).equals(await read(world, 'pod/a', { start, end })), `${start}-${end}`)
    }
    assert.equal(world.behind.gets.length, asked)
    assert.ok(world.metric(`xpod_cache_bytes_hit_total{class="large"}`) >= bytes.length)
  })

  test('each block is fetched once and by its range', async () => {
    await using world = await openWorld()
    const bytes = pattern(4 * blockBytes + 1)
    await putBehind(world, 'pod/a', bytes)
    await read(world, 'pod/a')
    assert.deepEqual(
      world.behind.gets.map(({ start, end }) => [start, end]).sort(([a], [b]) => a! - b!),
      [0, 1, 2, 3, 4].map((n) => [n * blockBytes, Math.min((n + 1) * blockBytes, bytes.length) - 1]),
    )
  })

  test('a range fetches the blocks that cover it and no others', async () => {
    await using world = await openWorld()
    await putBehind(world, 'pod/a', pattern(10 * blockBytes))
    await read(world, 'pod/a', { start: 3 * blockBytes + 5, end: 5 * blockBytes + 5 })
    const numbers = world.behind.gets.map(({ start }) => Math.floor(start / blockBytes)).sort()
    assert.deepEqual(numbers, [3, 4, 5])
  })

  test('a reader that goes through an object has the next blocks fetched beside it', async () => {
    await using world = await openWorld()
    const bytes = pattern(8 * blockBytes)
    await putBehind(world, 'pod/a', bytes)
    let running = 0
    let most = 0
    world.behind.onChunk = async (_fetch, sent) => {
      if (sent === 0) most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      if (sent + world.behind.chunkBytes >= blockBytes) running--
    }
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.ok(most >= 3, `${most} at once`)
    assert.ok(most <= 4, `${most} at once`)
  })

  test('a size that the caller knows saves asking for it', async () => {
    await using world = await openWorld()
    const bytes = pattern(1000)
    await putBehind(world, 'pod/a', bytes)
    await read(world, 'pod/a', undefined, { size: 1000 })
    assert.equal(world.behind.heads, 0)
    await putBehind(world, 'pod/b', bytes)
    await read(world, 'pod/b')
    await read(world, 'pod/b')
    assert.equal(world.behind.heads, 1)
  })

  test('what the store does not have is asked for once in a while, however often it is wanted', async () => {
    await using world = await openWorld()
    for (let turn = 0; turn < 5; turn++) await assert.rejects(read(world, 'pod/none'), isNotFound)
    assert.equal(world.behind.heads, 1)
    for (let turn = 0; turn < 5; turn++)
      await assert.rejects(read(world, 'pod/other', undefined, { size: 5 }), isNotFound)
    assert.equal(world.behind.gets.length, 1)
    await world.objects.put('pod/none', chunksOf(pattern(10)), {}, signal)
    assert.ok(pattern(10).equals(await read(world, 'pod/none')))
    await putBehind(world, 'pod/other', pattern(5))
    world.clock.advance(5001)
    assert.ok(pattern(5).equals(await read(world, 'pod/other')))
  })

  test('an object that is shorter than was said ends where it ends, and is not kept', async () => {
    await using world = await openWorld()
    const bytes = pattern(1000)
    await putBehind(world, 'pod/a', bytes)
    assert.ok(bytes.equals(await read(world, 'pod/a', undefined, { size: 2000 })))
    assert.ok(bytes.equals(await read(world, 'pod/a', undefined, { size: 2000 })))
    await world.holds(0)
  })

  test('a key of another form goes to the store as it is', async () => {
    await using world = await openWorld()
    await putBehind(world, 'pod/a/b', pattern(10))
    assert.ok(pattern(10).equals(await read(world, 'pod/a/b')))
    await world.holds(0)
  })

  test('a reader that goes away before its end takes nothing from the others', async () => {
    await using world = await openWorld({ memoryBytes: 4 * blockBytes })
    const bytes = pattern(6 * blockBytes)
    await putBehind(world, 'pod/a', bytes)
    for (let turn = 0; turn < 20; turn++) {
      const stream = await world.objects.get('pod/a', undefined, signal, { isScan: true })
      for await (const chunk of stream) if (chunk.length > 0) break
      const abort = new AbortController()
      await world.objects.get('pod/a', undefined, abort.signal, { isScan: true })
      abort.abort(new Error('gone'))
    }
    assert.ok(bytes.equals(await read(world, 'pod/a', undefined, { isScan: true })))
    assert.throws(() => world.metric('xpod_cache_admission_rejected_total{reason="crowded"}'), /no metric/)
  })
})

describe('what is kept', () => {
  const large = 320 * KiB

  test('blocks of large objects at their second request, of small ones at the first', async () => {
    await using world = await openWorld({ blockBytes: 512 * KiB })
    await putBehind(world, 'pod/large', pattern(large))
    await putBehind(world, 'pod/small', pattern(100 * KiB))
    await read(world, 'pod/large')
    await read(world, 'pod/small')
    await world.holds(1)
    assert.equal(world.metric('xpod_cache_admission_rejected_total{reason="first_request"}'), 1)
    await read(world, 'pod/large')
    await world.holds(2)
    assert.equal(world.behind.gets.length, 3)
    await read(world, 'pod/large')
    assert.equal(world.behind.gets.length, 3)
    assert.equal(world.metric('xpod_cache_ghost_hit_total'), 1)
  })

  test('a small part of a large object that was asked for once is fetched alone', async () => {
    await using world = await openWorld({ blockBytes: 512 * KiB })
    await putBehind(world, 'pod/large', pattern(large))
    const part = await read(world, 'pod/large', { start: 200_000, end: 200_009 })
    assert.ok(part.equals(pattern(large).subarray(200_000, 200_010)))
    assert.deepEqual(world.behind.gets, [{ key: 'pod/large', start: 200_000, end: 200_009 }])
  })

  test('nothing of a scan, which is served from what is there and counts for nothing', async () => {
    await using world = await openWorld()
    await putBehind(world, 'pod/a', pattern(1000))
    await putBehind(world, 'pod/b', pattern(2000))
    await read(world, 'pod/a')
    await world.holds(1)
    const asked = world.behind.gets.length
    for (let turn = 0; turn < 3; turn++) {
      assert.ok(pattern(1000).equals(await read(world, 'pod/a', undefined, { isScan: true })))
    }
    assert.equal(world.behind.gets.length, asked)
    await read(world, 'pod/b', undefined, { isScan: true })
    await read(world, 'pod/b', undefined, { isScan: true })
    await world.holds(1)
    assert.equal(world.metric('xpod_cache_admission_rejected_total{reason="scan"}'), 2)
  })

  test('nothing that was deleted, not even what was on its way', async () => {
    await using world = await openWorld()
    await putBehind(world, 'pod/a', pattern(3 * blockBytes))
    await read(world, 'pod/a')
    await world.holds(3)
    await world.objects.delete(['pod/a'])
    await world.holds(0)
    await assert.rejects(read(world, 'pod/a'), isNotFound)
    await putBehind(world, 'pod/b', pattern(100))
    const gate = Promise.withResolvers<void>()
    world.behind.onChunk = () => gate.promise
    const reading = read(world, 'pod/b')
    world.clock.advance(0)
    while (world.behind.gets.at(-1)?.key !== 'pod/b') await new Promise((resolve) => setImmediate(resolve))
    await world.objects.delete(['pod/b'])
    gate.resolve()
    assert.ok(pattern(100).equals(await reading))
    await world.objects[Symbol.asyncDispose]()
    await world.holds(0)
  })
})

describe('writing', () => {
  test('what was written is read from the disk', async () => {
    await using world = await openWorld()
    const bytes = pattern(5 * blockBytes + 3)
    const { size, sha256 } = await world.objects.put('pod/a', chunksOf(bytes, 10_007), {}, signal)
    assert.deepEqual([size, Buffer.from(sha256)], [bytes.length, hash('sha256', bytes, 'buffer')])
    await world.holds(6)
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.deepEqual([world.behind.gets.length, world.behind.heads], [0, 0])
    assert.equal(world.metric('xpod_cache_hits_total{class="large"}'), 6)
  })

  test('it is in the cache only after the store has it', async () => {
    await using world = await openWorld()
    async function* body(): AsyncGenerator<Uint8Array> {
      yield pattern(3 * blockBytes)
      await world.holds(0)
      await assert.rejects(read(world, 'pod/a'), isNotFound)
      yield pattern(10)
    }
    await world.objects.put('pod/a', body(), {}, signal)
    await world.holds(4)
  })

  test('what the store refuses is not in the cache, and takes no room', async () => {
    const memory = createMemoryObjects()
    await using world = await openWorld()
    const free = world.metric('xpod_cache_used_bytes')
    world.behind.put = async (key, body, options, signal) => {
      await memory.put(key, body, options, signal)
      throw new Error('refused')
    }
    await assert.rejects(world.objects.put('pod/a', chunksOf(pattern(3 * blockBytes)), {}, signal), /refused/)
    await world.objects[Symbol.asyncDispose]()
    await world.holds(0)
    assert.equal(world.metric('xpod_cache_used_bytes'), free)
  })

  test('a copy that is not what the store took is not kept', async () => {
    await using world = await openWorld()
    const { put } = world.behind
    world.behind.put = async (...given) => ({ ...(await put(...given)), size: 5 })
    await world.objects.put('pod/a', chunksOf(pattern(2 * blockBytes)), {}, signal)
    await world.objects[Symbol.asyncDispose]()
    await world.holds(0)
  })

  test('what is deleted while its copy is on the way to the disk does not stay', async () => {
    await using world = await openWorld()
    for (let turn = 0; turn < 5; turn++) {
      await world.objects.put(`pod/${turn}`, chunksOf(pattern(6 * blockBytes)), {}, signal)
      for (let wait = 0; wait < turn * 10; wait++) await new Promise((resolve) => setImmediate(resolve))
      await world.objects.delete([`pod/${turn}`])
    }
    await world.objects[Symbol.asyncDispose]()
    await world.holds(0)
  })

  test('an object above a twentieth of the room is not copied while it is written', async () => {
    await using world = await openWorld({ maxSize: 2 * MiB })
    await world.objects.put('pod/a', chunksOf(pattern(3 * blockBytes)), {}, signal)
    await world.objects.put('pod/b', chunksOf(pattern(blockBytes)), {}, signal)
    await world.holds(1)
    assert.ok(pattern(3 * blockBytes).equals(await read(world, 'pod/a')))
  })

  test('many small ones at once are all kept', async () => {
    await using world = await openWorld({ memoryBytes: MiB })
    const keys = Array.from({ length: 40 }, (_, index) => `pod/${index}`)
    await Promise.all(keys.map((key) => world.objects.put(key, chunksOf(pattern(20_000)), {}, signal)))
    await world.holds(40)
    for (const key of keys) assert.ok(pattern(20_000).equals(await read(world, key)))
    assert.equal(world.metric(hits), 40)
  })
})
