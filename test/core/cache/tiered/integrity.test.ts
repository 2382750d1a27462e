// What comes from the object store is compared with the hash that the caller knows: what is damaged or cut never looks whole
// and does not stay, however many blocks it has and whoever fetched them.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import type { ReadHints } from '../../../../src/core/objects/object-store.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { until } from '../../../support/until.ts'
import { blockBytes, KiB, openWorld, pattern, putBehind, signal, type World } from './world.ts'

const roundMs = 5000

type Range = { readonly start: number; readonly end: number }

function hintsFor(bytes: Buffer, more: ReadHints = {}): ReadHints {
  return { size: bytes.length, sha256: hash('sha256', bytes, 'buffer'), ...more }
}

async function read(world: World, hints: ReadHints, range?: Range): Promise<Buffer> {
  return collect(await world.objects.get('pod/a', range, signal, hints), Number.MAX_SAFE_INTEGER)
}

function isCorrupt(error: unknown): boolean {
  return error instanceof XpodError && error.code === 'CORRUPT'
}

/** The store has other bytes than it should, in this place. */
async function putDamaged(world: World, bytes: Buffer, at: number): Promise<void> {
  const damaged = Buffer.from(bytes)
  damaged[at]! ^= 1
  await putBehind(world, 'pod/a', damaged)
}

const mismatches = 'xpod_cache_admission_rejected_total{reason="mismatch"}'

for (const [what, size] of [
  ['of a single chunk', 1000],
  ['of one block', blockBytes],
  ['of several blocks', 5 * blockBytes + 7],
] as const) {
  for (const [where, at] of [
    ['at its beginning', 0],
    ['in the middle', size >> 1],
    ['in its last byte', size - 1],
  ] as const) {
    test(`an object ${what} that comes damaged ${where} ends before its end, and does not stay`, async () => {
      await using world = await openWorld()
      const bytes = pattern(size)
      await putDamaged(world, bytes, at)
      let arrived = 0
      const damaged = async (): Promise<void> => {
        for await (const chunk of await world.objects.get('pod/a', undefined, signal, hintsFor(bytes))) {
          arrived += chunk.length
        }
      }
      await assert.rejects(damaged, isCorrupt)
      assert.ok(arrived < size, `${arrived} of ${size}`)
      await world.holds(0)
      assert.ok(world.metric(mismatches) > 0)
      await putBehind(world, 'pod/a', bytes)
      assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
      assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
    })
  }
}

test('everybody who waited for what came damaged is told', async () => {
  await using world = await openWorld()
  const bytes = pattern(3 * blockBytes)
  await putDamaged(world, bytes, 2 * blockBytes + 5)
  const all = await Promise.allSettled(Array.from({ length: 20 }, () => read(world, hintsFor(bytes))))
  assert.ok(all.every((one) => one.status === 'rejected' && isCorrupt(one.reason)))
  await world.holds(0)
})

test('a damaged block that was there before a whole read is found by it', async () => {
  await using world = await openWorld()
  const bytes = pattern(4 * blockBytes)
  await putDamaged(world, bytes, 2 * blockBytes)
  await read(world, { size: bytes.length }, { start: 2 * blockBytes, end: 3 * blockBytes - 1 })
  await world.holds(1)
  await putBehind(world, 'pod/a', bytes)
  await assert.rejects(read(world, hintsFor(bytes)), isCorrupt)
  await world.holds(0)
  assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
})

for (const byParts of [false, true]) {
  test(`a damaged block that replaces a good one${byParts ? ', fetched by itself,' : ''} is found as well`, async () => {
    const room = 128 * KiB + 6 * 72 * KiB
    await using world = await openWorld({ maxSize: room })
    const bytes = pattern(4 * blockBytes)
    await putBehind(world, 'pod/a', bytes)
    await read(world, hintsFor(bytes))
    await world.holds(4)
    // Now that all of it is here, it is known to be right.
    assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
    await world.objects.setMaxSize(128 * KiB + 2 * 72 * KiB)
    await putBehind(
      world,
      'pod/a',
      bytes.map((byte, at) => (at % blockBytes === 5 ? byte ^ 1 : byte)),
    )
    await world.objects.setMaxSize(room)
    for (let number = byParts ? 0 : 4; number < 4; number++) {
      await read(world, hintsFor(bytes), { start: number * blockBytes, end: (number + 1) * blockBytes - 1 })
    }
    if (byParts) await world.holds(4)
    await assert.rejects(read(world, hintsFor(bytes)), isCorrupt)
  })
}

test('what was filled part by part is compared when it is whole, without anybody reading it', async () => {
  await using world = await openWorld()
  const bytes = pattern(6 * blockBytes + 100)
  await putDamaged(world, bytes, 4 * blockBytes)
  for (let number = 6; number >= 0; number--) {
    const start = number * blockBytes
    await read(world, hintsFor(bytes), { start, end: Math.min(start + blockBytes, bytes.length) - 1 })
    await world.holds(7 - number)
  }
  await until('it is gone', () => {
    world.clock.advance(roundMs)
    return world.metric('xpod_cache_used_bytes') < blockBytes + 128 * KiB
  })
  await world.holds(0)
  assert.equal(world.metric(mismatches), 1)
})

test('and is left in peace once it has been found right', async () => {
  await using world = await openWorld()
  const bytes = pattern(3 * blockBytes)
  await putBehind(world, 'pod/a', bytes)
  for (const number of [2, 0, 1]) {
    await read(world, hintsFor(bytes), { start: number * blockBytes, end: (number + 1) * blockBytes - 1 })
  }
  await world.holds(3)
  const scrubbed = (): number => world.metric('xpod_cache_scrubbed_bytes_total')
  await until('it was compared', () => {
    world.clock.advance(roundMs)
    return scrubbed() >= bytes.length
  })
  for (let round = 0; round < 10; round++) {
    world.clock.advance(roundMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.ok(scrubbed() <= bytes.length + blockBytes, 'once, besides what is due in a day')
  const asked = world.behind.gets.length
  assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
  assert.equal(world.behind.gets.length, asked)
})

for (const size of [1000, blockBytes, 4 * blockBytes + 10]) {
  test(`an object of ${size} bytes that the store has cut ends where it ends, is not whole and does not stay so`, async () => {
    await using world = await openWorld()
    const bytes = pattern(size)
    await putBehind(world, 'pod/a', bytes.subarray(0, size - 10))
    const got = await read(world, hintsFor(bytes)).catch((error: unknown) => error)
    assert.ok(isCorrupt(got) || (got as Buffer).length < size)
    await putBehind(world, 'pod/a', bytes)
    assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
    assert.ok(bytes.equals(await read(world, hintsFor(bytes))))
  })
}

test('what is asked for as the store has it comes from there, and what is here goes', async () => {
  await using world = await openWorld()
  const bytes = pattern(3 * blockBytes)
  await world.objects.put('pod/a', chunksOf(bytes), {}, signal)
  await world.holds(3)
  assert.ok(bytes.equals(await read(world, hintsFor(bytes, { isFresh: true }))))
  assert.equal(world.behind.gets.length, 1)
  await world.holds(0)
})

test('nobody joins a fetch that was begun before somebody asked for what the store has', async () => {
  await using world = await openWorld()
  const bytes = pattern(blockBytes)
  await putBehind(world, 'pod/a', bytes)
  const gate = Promise.withResolvers<void>()
  world.behind.onChunk = (_fetch, sent) => (sent > 0 && world.behind.gets.length === 1 ? gate.promise : undefined)
  const before = read(world, { size: bytes.length })
  await until('it was begun', () => world.behind.gets.length === 1)
  await read(world, { size: bytes.length, isFresh: true })
  assert.ok(bytes.equals(await read(world, { size: bytes.length })))
  assert.equal(world.behind.gets.length, 3)
  gate.resolve()
  assert.ok(bytes.equals(await before))
})
