// What every object store must do. A function of a factory, so that filesystem, memory and later S3 run the same tests.

import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'

import { collect } from '../../src/base/bytes.ts'
import { XpodError } from '../../src/base/errors.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import { chunksOf } from '../support/temporary-store.ts'

export interface ObjectsWorld extends AsyncDisposable {
  readonly objects: ObjectStore
}

const signal = new AbortController().signal

export function objectStoreSuite(name: string, open: () => Promise<ObjectsWorld>): void {
  describe(name, () => {
    test('an object comes back as it was put, with its size and hash', async () => {
      await using world = await open()
      const { objects } = world
      for (const size of [0, 1, 65_536, 1_000_003]) {
        const bytes = randomBytes(size)
        const put = await objects.put(`pod/n${size}`, chunksOf(bytes, 10_007), {}, signal)
        assert.deepEqual([put.size, Buffer.from(put.sha256)], [size, hash('sha256', bytes, 'buffer')])
        assert(bytes.equals(await collect(await objects.get(`pod/n${size}`, undefined, signal), size)))
        assert.deepEqual(await objects.head(`pod/n${size}`), { key: `pod/n${size}`, size })
      }
    })

    test("chunks are stored alike whether the store may free them, and stay the caller's unless it may", async () => {
      await using world = await open()
      const { objects } = world
      const kept = Array.from({ length: 30 }, () => randomBytes(65_536))
      const all = Buffer.concat(kept)
      await objects.put('pod/kept', Readable.from(kept, { objectMode: true }), {}, signal)
      assert(Buffer.concat(kept).equals(all))
      await objects.put('pod/given', Readable.from(kept, { objectMode: true }), { ownsChunks: true }, signal)
      for (const key of ['pod/kept', 'pod/given']) {
        assert(all.equals(await collect(await objects.get(key, undefined, signal), all.length)), key)
      }
    })

    test('an inclusive range is given', async () => {
      await using world = await open()
      const { objects } = world
      const bytes = randomBytes(500_000)
      await objects.put('pod/x', chunksOf(bytes), {}, signal)
      for (const [start, end] of [
        [0, 0],
        [1, 300_000],
        [499_999, 499_999],
      ] as const) {
        const part = await collect(await objects.get('pod/x', { start, end }, signal), bytes.length)
        assert(part.equals(bytes.subarray(start, end + 1)))
      }
    })

    test('what is not there is NOT_FOUND before the first chunk, has no head, and is deleted without complaint', async () => {
      await using world = await open()
      const { objects } = world
      await assert.rejects(objects.get('pod/none', undefined, signal), isNotFound)
      assert.equal(await objects.head('pod/none'), undefined)
      await objects.delete(['pod/none', 'nopod/none'])
    })

    test('nothing is visible under a key before put resolves', async () => {
      await using world = await open()
      const { objects } = world
      async function* body(): AsyncGenerator<Uint8Array> {
        yield randomBytes(400_000)
        assert.equal(await objects.head('pod/x'), undefined)
        assert.deepEqual(await objects.list('', undefined, 10), [])
        yield randomBytes(400_000)
      }
      await objects.put('pod/x', body(), {}, signal)
      assert.equal((await objects.head('pod/x'))?.size, 800_000)
    })

    test('a body that fails or is aborted leaves nothing', async () => {
      await using world = await open()
      const { objects } = world
      const failure = new Error('the sender is gone')
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield randomBytes(400_000)
        throw failure
      }
      await assert.rejects(objects.put('pod/x', failing(), {}, signal), failure)
      const abort = new AbortController()
      async function* aborted(): AsyncGenerator<Uint8Array> {
        yield randomBytes(400_000)
        abort.abort(failure)
        yield randomBytes(400_000)
      }
      await assert.rejects(objects.put('pod/y', aborted(), {}, abort.signal), failure)
      assert.deepEqual(await objects.list('', undefined, 10), [])
    })

    test('a listing is paged in key order below a prefix', async () => {
      await using world = await open()
      const { objects } = world
      for (const key of ['b/2', 'a/9', 'b/1', 'a/1', 'b/10'])
        await objects.put(key, chunksOf(randomBytes(3)), {}, signal)
      const keys = async (prefix: string, after?: string, limit = 10): Promise<string[]> =>
        (await objects.list(prefix, after, limit)).map((object) => object.key)
      assert.deepEqual(await keys(''), ['a/1', 'a/9', 'b/1', 'b/10', 'b/2'])
      assert.deepEqual(await keys('b/1'), ['b/1', 'b/10'])
      assert.deepEqual(await keys('', 'a/9', 2), ['b/1', 'b/10'])
      await objects.delete(['a/1', 'b/2'])
      assert.deepEqual(await keys(''), ['a/9', 'b/1', 'b/10'])
    })

    test('the probe passes and leaves nothing', async () => {
      await using world = await open()
      await world.objects.probe()
      assert.deepEqual(await world.objects.list('', undefined, 10), [])
    })

    test('many puts at once are all there', async () => {
      await using world = await open()
      const { objects } = world
      const keys = Array.from({ length: 100 }, (_, index) => `pod/${index}`)
      await Promise.all(keys.map((key) => objects.put(key, chunksOf(Buffer.from(key)), {}, signal)))
      const listed = await objects.list('pod/', undefined, 1000)
      assert.deepEqual(listed.map((object) => object.key).sort(), keys.sort())
    })
  })
}

function isNotFound(error: unknown): boolean {
  return error instanceof XpodError && error.code === 'NOT_FOUND'
}
