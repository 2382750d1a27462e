// The suite of the ObjectStore contract on a real S3 server, and what only such a store has: parts, conditional puts, memory.

import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { collect, MiB } from '../../../../src/base/bytes.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { objectStoreSuite } from '../../../conformance/object-store.ts'
import { lacksS3, type S3Server, startS3Server } from '../../../support/s3-server.ts'
import { openS3World } from '../../../support/s3-world.ts'
import { chunksOf } from '../../../support/temporary-store.ts'

const { signal } = new AbortController()

describe('an S3 store', { skip: lacksS3 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  objectStoreSuite('objects in an S3 store', () => openS3World(server))

  for (const [name, size, parts] of [
    ['a body of several parts', 12 * MiB + 7, 3],
    ['a body that ends where a part ends', 10 * MiB, 2],
    ['a body of exactly one part', 5 * MiB, 1],
  ] as const) {
    test(`${name} comes back as it was put, and left nothing unfinished`, async () => {
      await using world = await openS3World(server)
      const bytes = randomBytes(size)
      const put = await world.objects.put('pod/large', chunksOf(bytes, 300_007), {}, signal)
      assert.deepEqual([put.size, Buffer.from(put.sha256)], [size, hash('sha256', bytes, 'buffer')])
      assert(bytes.equals(await collect(await world.objects.get('pod/large', undefined, signal), size)))
      const { etag } = await server.client().statObject(server.bucket, `${world.prefix}pod/large`)
      assert.match(etag, new RegExp(`-${parts}$`))
      assert.equal(await world.unfinished(), 0)
    })
  }

  test('a small body of known size is one call', async () => {
    await using world = await openS3World(server)
    const puts = (): unknown => /op="put",code="ok"} (\d+)/.exec(world.metrics.render())?.[1]
    const before = puts()
    await world.objects.put('pod/small', chunksOf(randomBytes(100)), { size: 100 }, signal)
    assert.equal(puts(), String(Number(before) + 1))
    assert.doesNotMatch(world.metrics.render(), /op="(?:part|multipart)"/)
  })

  test('a body that fails in a later part leaves no part behind', async () => {
    await using world = await openS3World(server)
    const failure = new Error('the sender is gone')
    async function* failing(): AsyncGenerator<Uint8Array> {
      for (let part = 0; part < 20; part++) yield randomBytes(MiB)
      throw failure
    }
    await assert.rejects(world.objects.put('pod/x', failing(), {}, signal), failure)
    assert.equal(await world.objects.head('pod/x'), undefined)
    assert.equal(await world.unfinished(), 0)
    assert.match(world.metrics.render(), /^xpod_s3_upload_memory_bytes 0$/m)
  })

  test('a caller that goes away in the middle leaves nothing behind, and the sender is told', async () => {
    await using world = await openS3World(server)
    const abort = new AbortController()
    let isTold = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (let part = 0; ; part++) {
          if (part === 20) abort.abort(new Error('gone'))
          yield randomBytes(MiB)
        }
      } finally {
        isTold = true
      }
    }
    await assert.rejects(world.objects.put('pod/x', endless(), {}, abort.signal), /gone/)
    assert(isTold)
    assert.equal(await world.unfinished(), 0)
    assert.equal(await world.objects.head('pod/x'), undefined)
  })

  test('a key is used once: a second small put on it is refused and changes nothing', async () => {
    await using world = await openS3World(server)
    await world.objects.put('pod/x', chunksOf(Buffer.from('first')), {}, signal)
    await assert.rejects(world.objects.put('pod/x', chunksOf(Buffer.from('other')), {}, signal), XpodError)
    assert.equal((await collect(await world.objects.get('pod/x', undefined, signal), 100)).toString(), 'first')
  })

  test('a range behind the end has no bytes, one across it ends there', async () => {
    await using world = await openS3World(server)
    await world.objects.put('pod/x', chunksOf(Buffer.from('0123456789')), {}, signal)
    const read = async (start: number, end: number): Promise<string> =>
      (await collect(await world.objects.get('pod/x', { start, end }, signal), 100)).toString()
    assert.deepEqual([await read(8, 20), await read(10, 20)], ['89', ''])
  })

  test('more objects than fit a page are listed and deleted', async () => {
    await using world = await openS3World(server)
    const keys = Array.from({ length: 1005 }, (_, index) => `pod/k${String(index).padStart(4, '0')}`)
    // To this server files in the folder of the bucket are objects.
    const folder = join(server.dir, world.prefix)
    await mkdir(join(folder, 'pod'), { recursive: true })
    for (const key of keys) await writeFile(join(folder, key), 'x')
    const listed = await world.objects.list('pod/', undefined, 5000)
    assert.deepEqual(
      listed.map(({ key }) => key),
      keys,
    )
    await world.objects.delete([...keys, 'pod/none'])
    assert.deepEqual(await world.objects.list('', undefined, 10), [])
  })

  test('a key that is no key is a bug', async () => {
    await using world = await openS3World(server)
    for (const key of ['../x', 'a', 'a/b/c', 'a/b?c']) {
      await assert.rejects(world.objects.put(key, chunksOf(new Uint8Array(1)), {}, signal), TypeError)
    }
  })
})
