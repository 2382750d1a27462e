// P12: hits of the cache on the local disk against createReadStream on the same bytes, and a thousand readers of one cold
// object. The store behind it is in memory and counts, because hits must not touch it and its speed is not the claim.

import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { silentLog } from '../../src/base/log.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import type { TieredObjects } from '../../src/core/cache/tiered/contract.ts'
import { openTieredObjects } from '../../src/core/cache/tiered/open.ts'
import { holdExclusively } from '../../src/core/db/sqlite/lock-file.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import { createMemoryObjects } from '../support/memory-objects.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { chunksOf } from '../support/temporary-store.ts'
import { until } from '../support/until.ts'
import { middle } from './measure.ts'
import { atLeast, atMost, type BenchOptions, type Claim, type Row, type Stage } from './stage.ts'

const mebibyte = 1 << 20
/** As files are read elsewhere (core/objects/filesystem.ts). */
const chunkBytes = 64 * 1024
const { signal } = new AbortController()

interface Scene {
  readonly dir: string
  readonly objects: TieredObjects
  readonly gets: { count: number }
  put(key: string, bytes: Buffer): Promise<void>
}

async function withCache(run: (scene: Scene) => Promise<Row[]>): Promise<Row[]> {
  await using dir = await temporaryDirectory()
  const memory = createMemoryObjects()
  const gets = { count: 0 }
  const counting: ObjectStore = {
    ...memory,
    async get(key, range, signal) {
      gets.count++
      const body = await memory.get(key, range, signal)
      return slices(body)
    },
  }
  await using objects = await openTieredObjects(counting, {
    path: join(dir.path, 'cache'),
    maxSize: 8 * 2 ** 30,
    hold: holdExclusively,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
  })
  const put = async (key: string, bytes: Buffer): Promise<void> => {
    await memory.put(key, chunksOf(bytes), {}, signal)
  }
  await objects.recovered
  // Awaited here: the cache is closed at the end of this function.
  return await run({ dir: dir.path, objects, gets, put })
}

async function* slices(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of body) yield* chunksOf(bytes)
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of body) bytes += chunk.length
  return bytes
}

/** MiB a second of `work`, which reads and returns bytes, with so many at once. */
async function rate(work: () => Promise<number>, options: { durationMs: number; atOnce: number }): Promise<number> {
  const startMs = performance.now()
  let bytes = 0
  const one = async (): Promise<void> => {
    while (performance.now() - startMs < options.durationMs) bytes += await work()
  }
  await Promise.all(Array.from({ length: options.atOnce }, one))
  return bytes / mebibyte / ((performance.now() - startMs) / 1000)
}

async function compare(
  options: BenchOptions,
  sides: { readonly cache: () => Promise<number>; readonly file: () => Promise<number> },
  atOnce: number,
): Promise<readonly [cache: number, file: number]> {
  const cache: number[] = []
  const file: number[] = []
  for (let turn = -1; turn < options.turns; turn++) {
    const shape = { durationMs: turn < 0 ? options.durationMs / 3 : options.durationMs, atOnce }
    const [one, other] = [await rate(sides.cache, shape), await rate(sides.file, shape)]
    if (turn < 0) continue
    cache.push(one)
    file.push(other)
  }
  return [middle(cache), middle(file)]
}

const hits: Claim = {
  name: 'P12',
  run: ({ options }: Stage) =>
    withCache(async ({ dir, objects, gets, put }) => {
      const rows: Row[] = []
      for (const [what, size, atOnce] of [
        ['100 MiB', 100 * mebibyte, 1],
        ['100 KiB, 4 at once', 100 << 10, 4],
      ] as const) {
        const key = `bench/${size}`
        const bytes = Buffer.alloc(size, 'cache of xpod ')
        const path = join(dir, String(size))
        await writeFile(path, bytes)
        await put(key, bytes)
        const hints = { size }
        const read = async (): Promise<number> => drain(await objects.get(key, undefined, signal, hints))
        await until('it lies on the disk', async () => {
          const before = gets.count
          await read()
          return gets.count === before
        })
        const before = gets.count
        const file = (): Promise<number> => drain(createReadStream(path, { highWaterMark: chunkBytes }))
        const [cache, limit] = await compare(options, { cache: read, file }, atOnce)
        if (gets.count > before) throw new Error('a hit asked the store')
        rows.push(
          atLeast(`P12 ${what} from the cache, against createReadStream`, cache / limit, 0.9, {
            figure: `${cache.toFixed(0)} MiB/s`,
            limit: `${limit.toFixed(0)} MiB/s`,
          }),
        )
      }
      return rows
    }),
}

const readers = 1000

const stampede: Claim = {
  name: 'P12-readers',
  run: ({ options }: Stage) =>
    withCache(async ({ objects, gets, put }) => {
      // A gibibyte at full length; `--upload` says how much.
      const size = Math.max(16, options.uploadBytes / mebibyte) * mebibyte
      await put('bench/cold', Buffer.alloc(size, 'cold'))
      const read = async (): Promise<number> => drain(await objects.get('bench/cold', undefined, signal, { size }))
      const startMs = performance.now()
      const got = await Promise.all(Array.from({ length: readers }, read))
      const seconds = (performance.now() - startMs) / 1000
      if (got.some((bytes) => bytes !== size)) throw new Error('somebody got too little')
      const blocks = size / (4 * mebibyte)
      return [
        atMost(`P12 ${readers} readers of one cold object of ${size / mebibyte} MiB: fetches`, gets.count / blocks, 1, {
          figure: `${gets.count} in ${seconds.toFixed(1)} s`,
          limit: `${blocks} blocks`,
        }),
      ]
    }),
}

export const caching: readonly Claim[] = [hits, stampede]
