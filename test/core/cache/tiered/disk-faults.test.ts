// A disk that flips bits, tears files, fails, hangs, is full, read-only or removed: the answer is always that of the object
// store, and the cache comes back when the disk does.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { lacks } from '../../../support/needs.ts'
import { until } from '../../../support/until.ts'
import {
  blockBytes,
  bytesIn,
  failing,
  KiB,
  MiB,
  namesIn,
  openWorld,
  pass,
  pattern,
  putBehind,
  signal,
  type World,
} from './world.ts'

const roundMs = 5000

async function read({ objects }: World, key: string): Promise<Buffer> {
  return collect(await objects.get(key, undefined, signal), Number.MAX_SAFE_INTEGER)
}

/** One object of three blocks, in the cache. */
async function filled(world: World): Promise<Buffer> {
  const bytes = pattern(2 * blockBytes + 1000)
  await world.objects.put('pod/a', chunksOf(bytes), {}, signal)
  await world.holds(3)
  return bytes
}

/** Lets rounds of upkeep pass until it is so. */
async function rounds(world: World, what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  await until(what, async () => {
    world.clock.advance(roundMs)
    return probe()
  })
}

const state = (world: World): number => world.metric('xpod_cache_disk_state')

describe('what lies on the disk is damaged', () => {
  for (const [what, damage] of [
    ['one bit of its content flipped', (file: Buffer) => (file[4096 + 40_000]! ^= 4)],
    ['one bit of its last byte flipped', (file: Buffer) => (file[file.length - 1]! ^= 1)],
    ['one bit of a checksum flipped', (file: Buffer) => (file[30]! ^= 128)],
    ['one bit of its name flipped', (file: Buffer) => (file[9]! ^= 1)],
    ['no content', (file: Buffer) => file.fill(0)],
  ] as const) {
    test(`a block with ${what} is not served, and is fetched again`, async () => {
      await using world = await openWorld()
      const bytes = await filled(world)
      const [path] = await namesIn(world.dir)
      const file = await readFile(path!)
      damage(file)
      await writeFile(path!, file)
      assert.ok(bytes.equals(await read(world, 'pod/a')))
      assert.equal(world.metric('xpod_cache_corrupt_total'), 1)
      assert.equal(world.behind.gets.length, 1)
      await world.holds(3)
      assert.ok(bytes.equals(await read(world, 'pod/a')))
      assert.equal(world.behind.gets.length, 1)
      assert.equal(state(world), 0)
    })
  }

  for (const length of [0, 100, 4096, 4096 + 32 * KiB + 5]) {
    test(`a block torn at ${length} bytes is not served`, async () => {
      await using world = await openWorld()
      const bytes = await filled(world)
      for (const path of await namesIn(world.dir)) await truncate(path, Math.min(length, 1000))
      assert.ok(bytes.equals(await read(world, 'pod/a')))
      assert.equal(world.metric('xpod_cache_corrupt_total'), 3)
    })
  }

  test('a block under the name of another is not served', async () => {
    await using world = await openWorld()
    const bytes = await filled(world)
    const [first, second] = (await namesIn(world.dir)).filter((path) => !path.includes('_2_'))
    await writeFile(first!, await readFile(second!))
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.equal(world.metric('xpod_cache_corrupt_total'), 1)
  })

  test('damage of a block that is being read is noticed at the piece it is in', async () => {
    await using world = await openWorld({ blockBytes: 2 * MiB, maxSize: 64 * MiB })
    const bytes = pattern(2 * MiB)
    await world.objects.put('pod/a', chunksOf(bytes), {}, signal)
    await world.holds(1)
    const stream = (await world.objects.get('pod/a', undefined, signal))[Symbol.asyncIterator]()
    const parts = [(await stream.next()).value as Uint8Array]
    const [path] = await namesIn(world.dir)
    await using file = await open(path!, 'r+')
    await file.write(Buffer.alloc(100), 0, 100, 4096 + MiB)
    for (let next = await stream.next(); next.done !== true; next = await stream.next()) parts.push(next.value)
    assert.ok(bytes.equals(Buffer.concat(parts)))
    assert.equal(world.metric('xpod_cache_corrupt_total'), 1)
  })

  test('files that vanished are missed, and their room is free', async () => {
    await using world = await openWorld()
    const free = world.metric('xpod_cache_used_bytes')
    const bytes = await filled(world)
    for (const path of await namesIn(world.dir)) await rm(path)
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    await world.objects.delete(['pod/a'])
    await until('it is free', () => world.metric('xpod_cache_used_bytes') === free)
  })
})

describe('the disk fails', () => {
  test('reads that fail come from the store; after three of them nothing is written, after three more it is left alone', async () => {
    await using world = await openWorld()
    const bytes = await filled(world)
    world.files.onOperation = (operation) => (operation === 'open' ? failing('EIO') : undefined)
    for (let turn = 0; turn < 4; turn++) assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.equal(state(world), 2)
    let touched = 0
    world.files.onOperation = () => void touched++
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.equal(touched, 0)
    await rounds(world, 'it is back', () => state(world) === 0)
    const asked = world.behind.gets.length
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.equal(world.behind.gets.length, asked)
  })

  test('on a disk that became read-only, what is there is served and nothing is written', async () => {
    await using world = await openWorld()
    const bytes = await filled(world)
    const writing = ['write', 'rename', 'unlink', 'makeDirectory']
    let attempts = 0
    world.files.onOperation = (operation, path) => {
      const isNew = operation === 'open' && path.includes('/v1/tmp/')
      if (!isNew && !writing.includes(operation)) return
      attempts++
      failing('EROFS')
    }
    for (let turn = 0; turn < 5; turn++) {
      await world.objects.put(`pod/b${turn}`, chunksOf(pattern(1000, turn)), {}, signal)
      await until('it was tried', () => attempts > Math.min(turn, 2))
      assert.ok(pattern(1000, turn).equals(await read(world, `pod/b${turn}`)))
    }
    await until('it is noticed', () => state(world) === 1)
    await world.objects.put('pod/c0', chunksOf(pattern(1000)), {}, signal)
    const before = attempts
    await world.objects.put('pod/c', chunksOf(pattern(1000)), {}, signal)
    const asked = world.behind.gets.length
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.deepEqual([world.behind.gets.length, attempts], [asked, before])
    world.files.onOperation = () => {}
    await rounds(world, 'it is back', () => state(world) === 0)
    await world.objects.put('pod/d', chunksOf(pattern(1000)), {}, signal)
    await world.holds(4)
  })

  test('a disk that hangs holds up a reader for its deadline and not the others, and is left alone', async () => {
    await using world = await openWorld()
    const bytes = await filled(world)
    const gate = Promise.withResolvers<void>()
    let hanging = 0
    world.files.onOperation = async (operation) => {
      if (operation !== 'open' && operation !== 'read') return
      hanging++
      await gate.promise
    }
    const reading = [0, 1, 2, 3, 4].map(() => read(world, 'pod/a'))
    await until('operations hang', () => hanging === 3)
    await until('the readers are served', () => {
      world.clock.advance(100)
      return state(world) === 2
    })
    for (const read of await Promise.all(reading)) assert.ok(bytes.equals(read))
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    world.clock.advance(20 * roundMs)
    await world.objects.put('pod/b', chunksOf(pattern(10)), {}, signal)
    assert.equal(hanging, 3, 'no more threads are given to it')
    world.files.onOperation = () => {}
    gate.resolve()
    await rounds(world, 'it is back', () => state(world) === 0)
    const asked = world.behind.gets.length
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    assert.equal(world.behind.gets.length, asked)
  })

  test('a write that is late holds up no reader, and counts when it arrives after all', async () => {
    await using world = await openWorld()
    const gate = Promise.withResolvers<void>()
    await putBehind(world, 'pod/a', pattern(1000))
    let isWriting = false
    world.files.onOperation = async (operation) => {
      if (operation !== 'write') return
      isWriting = true
      await gate.promise
    }
    const free = world.metric('xpod_cache_used_bytes')
    assert.ok(pattern(1000).equals(await read(world, 'pod/a')))
    await until('it is being written', () => isWriting)
    await pass(world.clock, roundMs)
    assert.ok(pattern(1000).equals(await read(world, 'pod/a')))
    assert.ok(world.metric('xpod_cache_used_bytes') > free, 'its room stays taken')
    gate.resolve()
    await world.holds(1)
    await until('it is in', async () => {
      const asked = world.behind.gets.length
      await read(world, 'pod/a')
      return world.behind.gets.length === asked
    })
  })

  test('a full disk is no failure: what is there is served, room is made, and writing goes on when there is some', async () => {
    await using world = await openWorld()
    const bytes = await filled(world)
    world.files.onOperation = (operation) => (operation === 'write' ? failing('ENOSPC') : undefined)
    const before = world.metric('xpod_cache_used_bytes')
    for (let turn = 0; turn < 4; turn++) {
      await world.objects.put(`pod/b${turn}`, chunksOf(pattern(60_000)), {}, signal)
      assert.ok(pattern(60_000).equals(await read(world, `pod/b${turn}`)))
    }
    await until('room was made', () => world.metric('xpod_cache_used_bytes') < before)
    assert.equal(state(world), 0)
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    world.files.onOperation = () => {}
    world.clock.advance(roundMs)
    await until('it is written again', async () => {
      await read(world, 'pod/b0')
      return (await namesIn(world.dir)).some((path) => path.includes('pod_b0_'))
    })
  })

  test('a directory that was removed is missed, and made again', async () => {
    await using world = await openWorld()
    const bytes = await filled(world)
    await rm(join(world.dir, 'v1'), { recursive: true })
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    await world.objects.put('pod/b', chunksOf(pattern(1000)), {}, signal)
    assert.ok(pattern(1000).equals(await read(world, 'pod/b')))
    await rounds(world, 'it is there again', async () => {
      await read(world, 'pod/b')
      return state(world) === 0 && (await namesIn(world.dir).catch(() => [])).length > 0
    })
    assert.ok(bytes.equals(await read(world, 'pod/a')))
    await assert.rejects(openWorld({ dir: world.dir }), { code: 'CACHE_LOCKED' })
  })

  test('a part of it that was removed is made again', async () => {
    await using world = await openWorld()
    await filled(world)
    for (const name of ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'tmp']) {
      await rm(join(world.dir, 'v1', name), { recursive: true, force: true })
    }
    for (let turn = 0; turn < 5; turn++) {
      await world.objects.put(`pod/b${turn}`, chunksOf(pattern(1000)), {}, signal)
      assert.ok(pattern(1000).equals(await read(world, `pod/b${turn}`)))
    }
    await rounds(world, 'it is whole again', async () => {
      await world.objects.put('pod/c', chunksOf(pattern(1000)), {}, signal)
      await read(world, 'pod/c')
      return state(world) === 0 && (await namesIn(world.dir)).some((path) => path.includes('pod_c_'))
    })
  })

  test('a directory on a device that is gone is not made on the one below', async () => {
    await using world = await openWorld()
    await filled(world)
    await rm(join(world.dir, 'v1'), { recursive: true })
    const { device } = world.files
    world.files.device = async (path) => (await device(path)) + 1
    await world.objects.put('pod/b', chunksOf(pattern(1000)), {}, signal)
    await until('it was noticed', () => state(world) === 2)
    for (let turn = 0; turn < 5; turn++) {
      world.clock.advance(roundMs)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.deepEqual(await bytesIn(world.dir), 0)
    assert.equal(state(world), 2)
  })

  test('a directory that cannot be used at the start is no reason not to start', async () => {
    await using world = await openWorld()
    const file = join(world.dir, 'file')
    await writeFile(file, '')
    await using second = await openWorld({ dir: file })
    await putBehind(second, 'pod/a', pattern(1000))
    assert.ok(pattern(1000).equals(await read(second, 'pod/a')))
    assert.equal(state(second), 2)
    assert.ok(second.events.some(({ event }) => event === 'cache.unusable'))
    await rm(file)
    await rounds(second, 'it is in use', () => state(second) === 0)
  })
})

test('a second process, or a second cache of this one, is refused; after the first has ended it is let in', async () => {
  await using world = await openWorld()
  await assert.rejects(openWorld({ dir: world.dir }), { code: 'CACHE_LOCKED', exit: 75 })
  await using again = await world.reopen()
  await filled(again)
})

const mountBytes = 2 * MiB

function mount(folder: string): boolean {
  return (
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mountBytes}`, 'tmpfs', folder], { stdio: 'ignore' }).status === 0
  )
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'xpod-mount-'))
  const isMounted = mount(folder)
  if (isMounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return isMounted
}

const skip = lacks('mounts', canMount())

test('a disk that others fill up is given way to, and used again when they leave', { skip }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'xpod-cache-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(dir, { recursive: true, force: true }))
  assert.ok(mount(dir))
  stack.defer(() => void spawnSync('umount', ['-l', dir]))
  const world = stack.use(await openWorld({ dir, maxSize: { percent: 90 }, freeShare: 0.1 }))
  const limit = (): number => world.metric('xpod_cache_limit_bytes')
  assert.equal(limit(), Math.floor(mountBytes * 0.9))
  const putMany = async (from: number): Promise<void> => {
    for (let index = from; index < from + 60; index++) {
      await world.objects.put(`pod/${index}`, chunksOf(pattern(60_000, index)), {}, signal)
      assert.ok(pattern(60_000, index).equals(await read(world, `pod/${index}`)))
    }
  }
  await putMany(0)
  await until('it is well used', async () => (await bytesIn(dir)) > mountBytes * 0.7)
  await assert.rejects(writeFile(join(dir, 'others'), Buffer.alloc(MiB)), { code: 'ENOSPC' })
  await putMany(100)
  await rounds(world, 'it has made way', () => limit() < mountBytes * 0.85)
  assert.equal(state(world), 0)
  await writeFile(join(dir, 'more'), Buffer.alloc(100 * KiB))
  await rm(join(dir, 'others'))
  await rm(join(dir, 'more'))
  await rounds(world, 'it is used again', () => limit() === Math.floor(mountBytes * 0.9))
  await putMany(200)
  await until('it is well used again', async () => (await bytesIn(dir)) > mountBytes * 0.7)
})

test('a share of the file system stays free', { skip }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'xpod-cache-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(dir, { recursive: true, force: true }))
  assert.ok(mount(dir))
  stack.defer(() => void spawnSync('umount', ['-l', dir]))
  const world = stack.use(await openWorld({ dir, maxSize: 100 * MiB, freeShare: 0.4 }))
  for (let index = 0; index < 60; index++) {
    await world.objects.put(`pod/${index}`, chunksOf(pattern(60_000, index)), {}, signal)
  }
  await world.objects[Symbol.asyncDispose]()
  const used = await bytesIn(dir)
  assert.ok(used <= mountBytes * 0.6, `${used}`)
  assert.ok(used > mountBytes * 0.4, `${used}`)
})
