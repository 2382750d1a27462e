// The limit: for any sequence of what callers do, what lies on the disk is never more, also when the limit changes meanwhile.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { fixedBytes } from '../../../../src/core/cache/tiered/block.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { until } from '../../../support/until.ts'
import {
  bytesIn,
  failing,
  KiB,
  MiB,
  namesIn,
  openWorld,
  pattern,
  putBehind,
  sequence,
  signal,
  type World,
} from './world.ts'

const sizes = [1, 5000, 60_000, 64 * KiB, 64 * KiB + 1, 150_000, 300_000]
const steps = 150

/** Objects by key; what they must read as. */
type Truth = Map<string, Buffer>

async function readOrMiss(world: World, truth: Truth, key: string, draw: () => number): Promise<void> {
  const expected = truth.get(key)
  const length = expected?.length ?? 1
  const start = draw() < 0.5 ? 0 : Math.floor(draw() * length)
  const range = draw() < 0.5 ? undefined : { start, end: start + Math.floor(draw() * length) }
  try {
    const stream = await world.objects.get(key, range, signal, { isScan: draw() < 0.1 })
    const bytes = await collect(stream, MiB)
    // Deleted while it was read: either is right.
    if (expected !== undefined && truth.has(key)) {
      assert.ok(bytes.equals(range === undefined ? expected : expected.subarray(range.start, range.end + 1)), key)
    }
  } catch (error) {
    if (!(error instanceof XpodError && error.code === 'NOT_FOUND') || truth.has(key)) throw error
  }
}

async function step(world: World, truth: Truth, draw: () => number): Promise<void> {
  const what = draw()
  const some = [...truth.keys()][Math.floor(draw() * truth.size)] ?? 'pod/none'
  if (what < 0.3) {
    const key = `${draw() < 0.7 ? 'heavy' : 'light'}/${truth.size}-${Math.floor(draw() * 1e9)}`
    const bytes = pattern(sizes[Math.floor(draw() * sizes.length)]!, draw() * 1e6)
    if (draw() < 0.5) await world.objects.put(key, chunksOf(bytes, 20_000), {}, signal)
    else await putBehind(world, key, bytes)
    truth.set(key, bytes)
  } else if (what < 0.85) await readOrMiss(world, truth, some, draw)
  else if (what < 0.9) {
    truth.delete(some)
    await world.objects.delete([some])
  } else world.clock.advance(Math.floor(draw() * 3000))
}

for (const seed of [1, 2]) {
  test(`no sequence of requests, faults and limits takes more than the limit (seed ${seed})`, async () => {
    const draw = sequence(seed)
    let limit = MiB
    await using world = await openWorld({ maxSize: limit })
    const truth: Truth = new Map()
    let faults = 0
    world.files.onOperation = (operation) => {
      const isWrite = ['write', 'rename', 'unlink', 'open'].includes(operation)
      if (!isWrite || draw() > 0.01) return
      faults++
      failing(draw() < 0.5 ? 'ENOSPC' : 'EIO')
    }
    for (let turn = 0; turn < steps; turn++) {
      await Promise.all([0, 1, 2].map(() => step(world, truth, draw)))
      const used = await bytesIn(world.dir)
      assert.ok(used <= limit, `${used} of ${limit} after turn ${turn}`)
      assert.ok(used <= world.metric('xpod_cache_used_bytes'), `counted less than lies there after turn ${turn}`)
      if (draw() < 0.03) {
        limit = Math.floor(300 * KiB + draw() * MiB)
        // Faults would leave what cannot be removed; that is another test.
        const faulty = world.files.onOperation
        world.files.onOperation = () => {}
        await until('the disk is well', () => {
          world.clock.advance(5000)
          return world.metric('xpod_cache_disk_state') === 0
        })
        await world.objects.setMaxSize(limit)
        world.files.onOperation = faulty
      }
    }
    assert.ok(faults > 3)
    assert.ok(
      world.metric('xpod_cache_evictions_total{queue="main"}') +
        world.metric('xpod_cache_evictions_total{queue="small"}') >
        10,
    )
    world.files.onOperation = () => {}
    for (const key of truth.keys()) await world.objects.delete([key])
    await until('nothing is left', async () => {
      world.clock.advance(5000)
      return (await namesIn(world.dir)).length === 0 && world.metric('xpod_cache_used_bytes') === fixedBytes
    })
  })
}

test('a limit that is lowered is kept when the call returns, and one that is raised is used', async () => {
  await using world = await openWorld({ maxSize: 2 * MiB })
  const put = async (from: number, count: number): Promise<void> => {
    for (let index = from; index < from + count; index++) {
      await putBehind(world, `pod/${index}`, pattern(60_000))
      await collect(await world.objects.get(`pod/${index}`, undefined, signal), MiB)
      await until('it is in', async () => (await namesIn(world.dir)).some((path) => path.includes(`pod_${index}_`)))
    }
  }
  await put(0, 27)
  for (const limit of [MiB, 500 * KiB, fixedBytes, 0]) {
    await world.objects.setMaxSize(limit)
    assert.ok((await namesIn(world.dir)).length * 68 * KiB <= Math.max(0, limit - fixedBytes), `${limit}`)
    assert.equal(world.metric('xpod_cache_limit_bytes'), limit)
  }
  await world.objects.setMaxSize(2 * MiB)
  await put(100, 20)
  assert.equal((await namesIn(world.dir)).length, 20)
})

test('a limit that is lowered while the room of the disk cannot be seen is kept', async () => {
  await using world = await openWorld({ maxSize: 2 * MiB })
  for (let index = 0; index < 10; index++) {
    await world.objects.put(`pod/${index}`, chunksOf(pattern(60_000)), {}, signal)
    await collect(await world.objects.get(`pod/${index}`, undefined, signal), MiB)
  }
  world.files.onOperation = (operation) => (operation === 'room' ? failing('EIO') : undefined)
  await world.objects.setMaxSize(500 * KiB)
  assert.equal((await namesIn(world.dir)).length, 5)
})

test('a share is taken of the file system', async () => {
  await using world = await openWorld({ maxSize: { percent: 50 } })
  const { totalBytes } = await world.files.room(world.dir)
  assert.equal(
    world.metric('xpod_cache_limit_bytes'),
    Math.min(Math.floor(totalBytes / 2), world.metric('xpod_cache_limit_bytes')),
  )
  await world.objects.setMaxSize({ percent: 1e-9 })
  assert.ok(world.metric('xpod_cache_limit_bytes') < MiB)
})

test('no more blocks than there may be', async () => {
  await using world = await openWorld({ maxBlocks: 5 })
  for (let index = 0; index < 12; index++) {
    await world.objects.put(`pod/${index}`, chunksOf(pattern(1000)), {}, signal)
    await collect(await world.objects.get(`pod/${index}`, undefined, signal), MiB)
  }
  assert.equal((await namesIn(world.dir)).length, 5)
})

test('one pod does not push out another, however much of it is read', async () => {
  await using world = await openWorld({ maxSize: 3 * MiB })
  const put = async (key: string): Promise<void> => {
    await world.objects.put(key, chunksOf(pattern(60_000)), {}, signal)
    await collect(await world.objects.get(key, undefined, signal), MiB)
  }
  for (let index = 0; index < 20; index++) await put(`light${index % 5}/${index}`)
  for (let index = 0; index < 150; index++) await put(`heavy/${index}`)
  const names = await namesIn(world.dir)
  const light = names.filter((path) => path.includes('light')).length
  assert.equal(light, 20)
  assert.ok(names.length >= 40, 'the heavy one has what nobody else needs')
  for (let index = 20; index < 45; index++) await put(`light${index % 5}/${index}`)
  const heavy = (await namesIn(world.dir)).filter((path) => path.includes('heavy')).length
  assert.ok(heavy * 69 * KiB <= 0.27 * 3 * MiB, `${heavy} blocks of the heavy one when others need the room`)
})
