// What a restart finds: everything that was whole, in the order it had, without reading any of it; and nothing else.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { collect } from '../../../../src/base/bytes.ts'
import { rounds } from '../../../support/needs.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'
import { until } from '../../../support/until.ts'
import { blockBytes, bytesIn, KiB, MiB, namesIn, openWorld, pattern, putBehind, signal, type World } from './world.ts'

async function read({ objects }: World, key: string, size?: number): Promise<Buffer> {
  return collect(await objects.get(key, undefined, signal, { size }), Number.MAX_SAFE_INTEGER)
}

async function filled(world: World, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await world.objects.put(`pod/${index}`, chunksOf(pattern(20_000, index)), {}, signal)
  }
  await world.holds(count)
}

test('what was there is there, with its room, and served without asking the store', async () => {
  await using world = await openWorld()
  await filled(world, 20)
  const used = world.metric('xpod_cache_used_bytes')
  await using again = await world.reopen()
  assert.equal(again.metric('xpod_cache_used_bytes'), used)
  for (let index = 0; index < 20; index++) assert.ok(pattern(20_000, index).equals(await read(again, `pod/${index}`)))
  assert.equal(again.behind.gets.length, 0)
})

test('a hit does not wait until everything is known, and nothing is added before', async () => {
  await using world = await openWorld()
  await filled(world, 20)
  await world.objects[Symbol.asyncDispose]()
  const gate = Promise.withResolvers<void>()
  const files = { ...world.files, onOperation: () => {} }
  const list = world.files.list
  let isListing = false
  const opening = openWorld({
    dir: world.dir,
    behind: world.behind,
    files: {
      ...files,
      list: async (path) => {
        if (/[0-9a-f]$/.test(path) && !path.endsWith('tmp')) {
          isListing = true
          await gate.promise
        }
        return list(path)
      },
    },
    onOpened: async (objects) => {
      await until('it is listing', () => isListing)
      const stream = await objects.get('pod/7', undefined, signal, { size: 20_000 })
      assert.ok(pattern(20_000, 7).equals(await collect(stream, 20_000)))
      assert.equal(world.behind.gets.length, 0)
      await objects.put('pod/new', chunksOf(pattern(20_000)), {}, signal)
      await objects.delete(['pod/3'])
      gate.resolve()
    },
  })
  await using again = await opening
  await again.holds(19)
  assert.equal(again.metric('xpod_cache_admission_rejected_total{reason="recovering"}'), 1)
  assert.ok(!(await namesIn(again.dir)).some((path) => path.includes('pod_3_')))
})

test('what was asked for often before stays longer than what was not', async () => {
  const room = 128 * KiB + 20 * (28 * KiB)
  await using world = await openWorld({ maxSize: room })
  await filled(world, 16)
  for (let turn = 0; turn < 3; turn++) for (const index of [0, 1, 2]) await read(world, `pod/${index}`)
  await using again = await world.reopen()
  await staysHot(again)
})

test('what was hot is known again after a crash as well, but for the last minute', async () => {
  const room = 128 * KiB + 20 * (28 * KiB)
  await using world = await openWorld({ maxSize: room })
  await filled(world, 16)
  for (let turn = 0; turn < 3; turn++) for (const index of [0, 1, 2]) await read(world, `pod/${index}`)
  let rounds = 0
  world.files.onOperation = (operation) => void (operation === 'room' && rounds++)
  for (let round = 1; round <= 12; round++) {
    world.clock.advance(5000)
    await until('a round is over', () => rounds >= round)
  }
  await until('it is written down', async () => (await readdir(join(world.dir, 'v1'))).includes('index.snap'))
  // What a crash leaves: everything as it lies there, and nobody says good-bye.
  await using left = await temporaryDirectory()
  await cp(world.dir, left.path, { recursive: true, filter: (path) => !path.includes('LOCK') })
  await using again = await openWorld({ dir: left.path, maxSize: room })
  await staysHot(again)
})

/** The first three of sixteen outlive more that are new than there is room for. */
async function staysHot(world: World): Promise<void> {
  for (let index = 0; index < 30; index++) {
    await putBehind(world, `pod/x${index}`, pattern(20_000))
    await read(world, `pod/x${index}`)
    await until('it is in', async () => (await namesIn(world.dir)).some((path) => path.includes(`pod_x${index}_`)))
    const names = (await namesIn(world.dir)).join(' ')
    assert.ok(/pod_0_/.test(names) && /pod_1_/.test(names) && /pod_2_/.test(names), `after ${index}`)
  }
}

for (const [what, damage] of [
  ['is missing', (path: string) => rm(path)],
  ['is empty', (path: string) => writeFile(path, '')],
  ['is torn', async (path: string) => writeFile(path, (await readFile(path)).subarray(0, 20))],
  ['is something else', (path: string) => writeFile(path, pattern(1000))],
  [
    'tells of far more than there is',
    (path: string) => writeFile(path, Buffer.from('xpodord1\xff\xff\xff\xff', 'latin1')),
  ],
] as const) {
  test(`a snapshot that ${what} costs nothing but the order`, async () => {
    await using world = await openWorld()
    await filled(world, 5)
    await world.objects[Symbol.asyncDispose]()
    await damage(join(world.dir, 'v1', 'index.snap'))
    await using again = await openWorld({ dir: world.dir, behind: world.behind })
    for (let index = 0; index < 5; index++) assert.ok(pattern(20_000, index).equals(await read(again, `pod/${index}`)))
    assert.equal(again.behind.gets.length, 0)
  })
}

test('what is no block is removed, and nothing outside the directory of the cache is touched', async () => {
  await using world = await openWorld()
  await filled(world, 2)
  const [path] = await namesIn(world.dir)
  await world.objects[Symbol.asyncDispose]()
  const folder = join(world.dir, 'v1', '0')
  await mkdir(folder, { recursive: true })
  const strange = ['x', 'pod_a_0', 'pod_a_zzzzzzzz_1', 'pod_a_0_-1', 'a_b_0_0']
  for (const name of strange) await writeFile(join(folder, name), 'x')
  const shard = path!.split('/').at(-2)!
  const other = shard === 'f' ? 'e' : 'f'
  await mkdir(join(world.dir, 'v1', other), { recursive: true })
  await writeFile(join(world.dir, 'v1', other, path!.split('/').at(-1)!), await readFile(path!))
  await writeFile(join(world.dir, 'v1', 'tmp', '1'), pattern(1000))
  await writeFile(join(world.dir, 'mine'), 'x')
  await using again = await openWorld({ dir: world.dir, behind: world.behind })
  await again.holds(2)
  assert.deepEqual(await readdir(join(world.dir, 'v1', 'tmp')), [])
  assert.equal(await readFile(join(world.dir, 'mine'), 'utf8'), 'x')
})

test('a smaller limit than what lies there is kept at once', async () => {
  await using world = await openWorld()
  await filled(world, 40)
  await using again = await world.reopen({ maxSize: 512 * KiB })
  assert.ok((await bytesIn(again.dir)) <= 512 * KiB)
  assert.ok((await namesIn(again.dir)).length > 5)
})

test('a directory that cannot be listed adds nothing, is served from, and is listed later', async () => {
  await using world = await openWorld()
  await filled(world, 5)
  await world.objects[Symbol.asyncDispose]()
  let failures = 2
  const { list } = world.files
  const files = {
    ...world.files,
    list: async (path: string) => {
      if (path.endsWith('v1') && failures-- > 0) throw Object.assign(new Error('EIO'), { code: 'EIO' })
      return list(path)
    },
  }
  await using again = await openWorld({ dir: world.dir, behind: world.behind, files })
  assert.ok(pattern(20_000, 1).equals(await read(again, 'pod/1', 20_000)))
  assert.equal(again.behind.gets.length, 0)
  await again.objects.put('pod/x', chunksOf(pattern(100)), {}, signal)
  await again.holds(5)
  await until('it is listed', () => {
    again.clock.advance(5000)
    return again.metric('xpod_cache_used_bytes') > 200_000
  })
  await again.objects.put('pod/y', chunksOf(pattern(100)), {}, signal)
  await again.holds(6)
})

test('at every step of writing a block, what lies under a name is whole', async () => {
  await using world = await openWorld()
  let steps = 0
  world.files.onOperation = async (operation) => {
    if (!['open', 'write', 'rename'].includes(operation)) return
    steps++
    for (const path of await namesIn(world.dir)) {
      const objectBytes = Number.parseInt(path.split('_').at(-1)!, 36)
      const number = Number.parseInt(path.split('_').at(-2)!, 36)
      const length = Math.min(blockBytes, objectBytes - number * blockBytes)
      assert.equal((await stat(path)).size, 4096 + length, path)
    }
  }
  const bytes = pattern(2 * blockBytes + 100)
  await world.objects.put('pod/written', chunksOf(bytes), {}, signal)
  await putBehind(world, 'pod/read', bytes)
  await read(world, 'pod/read')
  await world.holds(6)
  assert.ok(steps >= 18, `${steps} steps were looked at`)
  assert.equal(world.metric('xpod_cache_disk_state'), 0)
})

test('kill -9 while blocks are being written leaves whole ones and nothing else', { timeout: 60_000 }, async () => {
  await using dir = await temporaryDirectory()
  const program = fileURLToPath(new URL('./filling-process.ts', import.meta.url))
  for (let round = 0; round < rounds('FILLS', 2); round++) {
    const child = spawn(process.execPath, [program, dir.path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    await using stack = new AsyncDisposableStack()
    stack.defer(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    // Of its own: what others left may fill the cache, and goes as it writes.
    const written = async (): Promise<number> =>
      (await namesIn(dir.path)).filter((path) => path.includes(`pod_${child.pid}`)).length
    await until('it has written some', async () => (await written()) >= 5 + (round % 8) * 3)
    child.kill('SIGKILL')
    await exited
    await using world = await openWorld({ dir: dir.path, maxSize: 64 * MiB })
    assert.deepEqual(await readdir(join(dir.path, 'v1', 'tmp')), [])
    const names = await namesIn(dir.path)
    const keys = new Set(names.map((path) => /pod_([^_]+)_/.exec(path)![1]!))
    for (const key of keys) {
      const bytes = pattern(3 * blockBytes + 100, Number(key))
      await putBehind(world, `pod/${key}`, bytes)
      assert.ok(bytes.equals(await read(world, `pod/${key}`, bytes.length)))
    }
    assert.equal(world.metric('xpod_cache_corrupt_total'), 0)
    assert.ok(
      world.metric('xpod_cache_hits_total{class="small"}') + world.metric('xpod_cache_misses_total{class="small"}') > 0,
    )
    assert.ok((await bytesIn(dir.path)) <= world.metric('xpod_cache_used_bytes'))
  }
})
