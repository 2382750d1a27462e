// A tiered cache over a store in memory that counts and misbehaves on demand, on a real directory whose file operations can
// be made to fail or hang, with a clock that a test moves.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { XpodError } from '../../../../src/base/errors.ts'
import { type LogFields, silentLog } from '../../../../src/base/log.ts'
import { createMetrics, type Metrics } from '../../../../src/base/metrics.ts'
import type { TieredObjects } from '../../../../src/core/cache/tiered/contract.ts'
import { type FileOperations, nodeFiles, type OpenFile } from '../../../../src/core/cache/tiered/disk/files.ts'
import { openTieredObjects, type TieredOptions } from '../../../../src/core/cache/tiered/open.ts'
import { holdExclusively } from '../../../../src/core/db/sqlite/lock-file.ts'
import type { ObjectStore } from '../../../../src/core/objects/object-store.ts'
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts'
import { createMemoryObjects } from '../../../support/memory-objects.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { until } from '../../../support/until.ts'

export const KiB = 1024
export const MiB = 1024 * KiB
/** Small, so that tests have many. */
export const blockBytes = 64 * KiB

export const signal = new AbortController().signal

export interface Fetch {
  readonly key: string
  readonly start: number
  readonly end: number
}

/** The object store behind the cache. */
export interface Behind extends ObjectStore {
  readonly gets: Fetch[]
  heads: number
  /** Bytes of one chunk. */
  chunkBytes: number
  /** Awaited before each chunk; throws to break off. */
  onChunk: (fetch: Fetch, sent: number) => Promise<void> | void
}

export function createBehind(): Behind {
  const memory = createMemoryObjects()
  const behind: Behind = {
    ...memory,
    gets: [],
    heads: 0,
    chunkBytes: 16 * KiB,
    onChunk: () => {},
    async get(key, range, signal) {
      const fetch = { key, start: range?.start ?? 0, end: range?.end ?? Number.POSITIVE_INFINITY }
      behind.gets.push(fetch)
      const body = await memory.get(key, range, signal)
      return (async function* () {
        let sent = 0
        for await (const bytes of body) {
          for await (const chunk of chunksOf(bytes, behind.chunkBytes)) {
            await behind.onChunk(fetch, sent)
            signal.throwIfAborted()
            yield chunk
            sent += chunk.length
          }
        }
      })()
    },
    head(key) {
      behind.heads++
      return memory.head(key)
    },
  }
  return behind
}

/** File operations that a test can get in the way of. */
export interface FaultyFiles extends FileOperations {
  /** Called before each operation; throws, or waits. */
  onOperation: (operation: string, path: string) => Promise<void> | void
}

export function createFaultyFiles(): FaultyFiles {
  const wrapFile = (file: OpenFile, path: string): OpenFile => ({
    read: async (buffer, position) => (await faulty.onOperation('read', path), file.read(buffer, position)),
    write: async (parts, position) => (await faulty.onOperation('write', path), file.write(parts, position)),
    close: () => file.close(),
  })
  const faulty: FaultyFiles = {
    onOperation: () => {},
    async open(path, flags) {
      await faulty.onOperation('open', path)
      return wrapFile(await nodeFiles.open(path, flags), path)
    },
    rename: async (from, to) => (await faulty.onOperation('rename', to), nodeFiles.rename(from, to)),
    unlink: async (path) => (await faulty.onOperation('unlink', path), nodeFiles.unlink(path)),
    makeDirectory: async (path) => (await faulty.onOperation('makeDirectory', path), nodeFiles.makeDirectory(path)),
    list: async (path) => (await faulty.onOperation('list', path), nodeFiles.list(path)),
    room: async (path) => (await faulty.onOperation('room', path), nodeFiles.room(path)),
    device: async (path) => (await faulty.onOperation('device', path), nodeFiles.device(path)),
  }
  return faulty
}

export function failing(code: string): never {
  throw Object.assign(new Error(code), { code })
}

export interface World extends AsyncDisposable {
  readonly objects: TieredObjects
  readonly behind: Behind
  readonly files: FaultyFiles
  readonly clock: FakeClock
  readonly metrics: Metrics
  readonly dir: string
  readonly events: { readonly event: string; readonly fields: LogFields }[]
  /** A line of the metrics page. */
  metric(line: string): number
  /** Waits until the cache holds so many blocks. */
  holds(blocks: number): Promise<void>
  /** A new cache on the same directory, after this one was closed. */
  reopen(options?: Partial<TieredOptions>): Promise<World>
}

export async function openWorld(
  given: Partial<TieredOptions> & {
    readonly dir?: string
    readonly behind?: Behind
    /** Before it is known what lies there. */
    readonly onOpened?: (objects: TieredObjects) => Promise<void>
  } = {},
): Promise<World> {
  const { onOpened, ...options } = given
  await using parts = new AsyncDisposableStack()
  const dir = options.dir ?? parts.use(await temporaryDirectory()).path
  const behind = options.behind ?? createBehind()
  const files = createFaultyFiles()
  const clock = createFakeClock()
  const metrics = createMetrics()
  const events: { event: string; fields: LogFields }[] = []
  const note = (event: string, fields: LogFields = {}): void => void events.push({ event, fields })
  const objects = await openTieredObjects(behind, {
    path: dir,
    maxSize: 8 * MiB,
    hold: holdExclusively,
    clock,
    metrics,
    log: { ...silentLog, info: note, warn: note, error: note },
    freeShare: 0,
    blockBytes,
    files,
    ...options,
  })
  const cache = parts.use(onceDisposed(objects))
  const owned = parts.move()
  await onOpened?.(objects)
  await objects.recovered
  const metric = (line: string): number => {
    const found = metrics
      .render()
      .split('\n')
      .find((one) => one.startsWith(`${line} `))
    if (found === undefined) throw new Error(`no metric ${line}`)
    return Number(found.slice(line.length + 1))
  }
  return {
    objects,
    behind,
    files,
    clock,
    metrics,
    dir,
    events,
    metric,
    holds: (blocks) => until(`${blocks} blocks`, async () => (await namesIn(dir)).length === blocks).then(() => {}),
    reopen: async (more) => {
      await cache[Symbol.asyncDispose]()
      return openWorld({ ...options, ...more, dir, behind })
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function onceDisposed(what: AsyncDisposable): AsyncDisposable {
  let done: Promise<void> | undefined
  return { [Symbol.asyncDispose]: () => (done ??= Promise.resolve(what[Symbol.asyncDispose]())) }
}

/** Paths of the blocks that lie in the directory. */
export async function namesIn(dir: string): Promise<string[]> {
  const found: string[] = []
  for (const shard of (await readdir(join(dir, 'v1'))).filter((name) => /^[0-9a-f]$/.test(name))) {
    for (const name of await readdir(join(dir, 'v1', shard))) found.push(join(dir, 'v1', shard, name))
  }
  return found.sort()
}

/** What everything in the directory takes on the disk, directories too. */
export async function bytesIn(dir: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(dir, { recursive: true })) {
    const found = await stat(join(dir, name)).catch((error: unknown) => {
      if ((error as { code?: string }).code === 'ENOENT') return undefined
      throw error
    })
    bytes += (found?.blocks ?? 0) * 512
  }
  return bytes
}

/** Lets time pass as a deadline counts it: what has ended is heard in between. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let tick = 0; tick < 5; tick++) {
    clock.advance(ms / 5)
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Bytes that tell their place. */
export function pattern(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size)
  let state = seed * 2_654_435_761
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    bytes[at] = state >>> 16
  }
  return bytes
}

/** Puts an object behind the cache's back, as another server would. */
export async function putBehind(
  { behind }: { readonly behind: ObjectStore },
  key: string,
  bytes: Uint8Array,
): Promise<void> {
  await behind.put(key, chunksOf(bytes), {}, signal)
}

export function isNotFound(error: unknown): boolean {
  return error instanceof XpodError && error.code === 'NOT_FOUND'
}

/** A predictable sequence of numbers below 1. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
