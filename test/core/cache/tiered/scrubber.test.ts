// What lies there and nobody reads: rot is found all the same, slowly, and never at the cost of somebody who reads.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { until } from '../../../support/until.ts'
import { blockBytes, MiB, namesIn, openWorld, pattern, putBehind, signal, type World } from './world.ts'

const roundMs = 5000
const dayMs = 86_400_000

const scrubbed = (world: World): number => world.metric('xpod_cache_scrubbed_bytes_total')

async function filled(world: World, blocks: number): Promise<void> {
  for (let index = 0; index < blocks; index++) {
    await world.objects.put(`pod/${index}`, chunksOf(pattern(blockBytes, index)), {}, signal)
  }
  await world.holds(blocks)
}

test('a bit that flipped in a block that nobody reads is found, and the block goes', async () => {
  await using world = await openWorld()
  await filled(world, 4)
  const [, path] = await namesIn(world.dir)
  const file = await readFile(path!)
  file[4096 + 40_000]! ^= 4
  await writeFile(path!, file)
  await until('it was found', () => {
    world.clock.advance(dayMs)
    return world.metric('xpod_cache_corrupt_total') === 1
  })
  await world.holds(3)
  assert.ok(!(await namesIn(world.dir)).includes(path!))
})

test('about a hundredth of what lies there is checked in a day, each block in its turn', async () => {
  await using world = await openWorld()
  const read = new Map<string, number>()
  world.files.onOperation = (operation, path) => {
    if (operation === 'open' && path.includes('pod_')) read.set(path, (read.get(path) ?? 0) + 1)
  }
  await filled(world, 10)
  read.clear()
  const used = world.metric('xpod_cache_used_bytes')
  for (let day = 1; day <= 300; day++) {
    world.clock.advance(dayMs)
    const due = (used * day) / 100
    await until('the day is over', () => scrubbed(world) >= due)
    assert.ok(scrubbed(world) <= due + blockBytes, `${scrubbed(world)} after ${day} days, ${due} were due`)
  }
  assert.equal(world.metric('xpod_cache_hits_total{class="small"}'), 0)
  // Blocks stay open, so that each was opened once: nobody else has read any.
  assert.equal(read.size, 10)
})

test('it waits while somebody else wants the disk', async () => {
  await using world = await openWorld()
  await filled(world, 3)
  const gate = Promise.withResolvers<void>()
  let isWriting = false
  world.files.onOperation = async (operation) => {
    if (operation !== 'write' || isWriting) return
    isWriting = true
    await gate.promise
  }
  await world.objects.put('pod/slow', chunksOf(pattern(100)), {}, signal)
  await until('it is being written', () => isWriting)
  for (let round = 0; round < 20; round++) {
    world.clock.advance(roundMs / 10)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const rounds = 3
  for (let round = 0; round < rounds; round++) {
    let looks = 0
    const { onOperation } = world.files
    world.files.onOperation = (operation, path) => {
      if (operation === 'room') looks++
      return onOperation(operation, path)
    }
    await until('a round has begun', () => {
      world.clock.advance(dayMs)
      return looks > 1
    })
    world.files.onOperation = onOperation
  }
  assert.equal(scrubbed(world), 0)
  gate.resolve()
  await until('it goes on', () => {
    world.clock.advance(dayMs)
    return scrubbed(world) > 0
  })
})

test('it reads no more than so much in a round, however much there is to compare', async () => {
  await using world = await openWorld({ blockBytes: 4 * MiB, maxSize: 400 * MiB })
  const bytes = Buffer.alloc(100 * MiB, 'scrub')
  const hints = { size: bytes.length, sha256: hash('sha256', bytes, 'buffer') }
  await putBehind(world, 'pod/a', bytes)
  for (let turn = 0; turn < 2; turn++) {
    for (let start = 0; start < bytes.length; start += 4 * MiB) {
      await collect(await world.objects.get('pod/a', { start, end: start + 4 * MiB - 1 }, signal, hints), 4 * MiB)
    }
  }
  await world.holds(25)
  world.clock.advance(roundMs)
  await until('a round is over', () => scrubbed(world) >= 64 * MiB)
  await until('and nothing follows', async () => {
    const before = scrubbed(world)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    return scrubbed(world) === before
  })
  assert.equal(scrubbed(world), 64 * MiB)
  await until('the next one does the rest', () => {
    world.clock.advance(roundMs)
    return scrubbed(world) >= 100 * MiB
  })
  assert.ok(scrubbed(world) <= 104 * MiB, 'and a block that is due in a day')
})
