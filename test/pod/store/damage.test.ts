// Bodies that are not what was written: nothing of them is served, they never look complete, and they can be replaced and
// deleted like any other.

import assert from 'node:assert/strict'
import { readdir, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { collect } from '../../../src/base/bytes.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { ObjectStore } from '../../../src/core/objects/object-store.ts'
import { alice, openScene, type Scene } from '../scene.ts'

const binary = { 'content-type': 'application/octet-stream' }
const residentBytes = 200_000
const streamedBytes = 700_000

/** Stores a body that lies in a file and gives the path of the file. */
async function stored(scene: Scene, size: number): Promise<string> {
  await scene.put('/it.bin', Buffer.alloc(size, 'x'), 'application/octet-stream')
  const folder = join(scene.dir, 'objects', scene.pod.id)
  const [name] = await readdir(folder)
  return join(folder, name!)
}

function altered(size: number): Buffer {
  const bytes = Buffer.alloc(size, 'x')
  bytes[size - 1] = 0
  return bytes
}

const harms: Readonly<Record<string, (file: string, size: number) => Promise<void>>> = {
  'with a changed byte': (file, size) => writeFile(file, altered(size)),
  'that is missing': (file) => unlink(file),
  'that lost its end': (file, size) => truncate(file, size - 1),
}

for (const [what, harm] of Object.entries(harms)) {
  for (const size of [residentBytes, streamedBytes]) {
    test(`a file of ${size} bytes ${what} is not served, and PUT makes it whole again`, async () => {
      await using scene = await openScene()
      await harm(await stored(scene, size), size)
      await assert.rejects(async () => {
        const { response } = await scene.ask('GET', '/it.bin', { as: alice })
        if (response.status === 500) throw new Error('refused')
        await collect(response.body as AsyncIterable<Uint8Array>, 2 * size)
      })
      assert.deepEqual(
        scene.store.quarantined().map(({ path }) => path),
        ['/it.bin'],
      )
      const put = await scene.ask('PUT', '/it.bin', { as: alice, headers: binary, body: 'new' })
      assert.equal(put.status, 204, put.text)
      assert.equal((await scene.ask('GET', '/it.bin', { as: alice })).text, 'new')
      assert.deepEqual(scene.store.quarantined(), [])
    })

    test(`a file of ${size} bytes ${what} can be deleted`, async () => {
      await using scene = await openScene()
      await harm(await stored(scene, size), size)
      assert.equal((await scene.ask('DELETE', '/it.bin', { as: alice })).status, 205)
      assert.equal((await scene.ask('GET', '/it.bin', { as: alice })).status, 404)
      assert.deepEqual(scene.store.quarantined(), [])
    })
  }
}

test('of a damaged stream at least the end is held back', async () => {
  await using scene = await openScene()
  await writeFile(await stored(scene, streamedBytes), altered(streamedBytes))
  const seen = scene.server.handle(scene.request('GET', '/it.bin', { as: alice }))
  const { body } = await seen
  let arrived = 0
  await assert.rejects(async () => {
    for await (const chunk of body as AsyncIterable<Uint8Array>) arrived += chunk.length
  }, /CORRUPT|hash mismatch/)
  assert.ok(arrived < streamedBytes)
})

/** The first read of a body is spoilt on its way, the bodies themselves are whole. */
function spoiltOnce(inner: ObjectStore, spoil: (stream: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) {
  let isSpoilt = false
  const between: ObjectStore = {
    async get(...given) {
      const stream = await inner.get(...given)
      if (isSpoilt) return stream
      isSpoilt = true
      return spoil(stream)
    },
    put: (...given) => inner.put(...given),
    head: (key) => inner.head(key),
    delete: (keys) => inner.delete(keys),
    list: (...given) => inner.list(...given),
    probe: () => inner.probe(),
    room: () => inner.room(),
    [Symbol.asyncDispose]: async () => {},
  }
  return between
}

async function* flipped(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield chunk.map((byte, at) => (at === 100 ? byte ^ 1 : byte))
}

/** As a cache ends what it found to be damaged. */
async function* refused(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const chunk of stream) {
    if (!isFirst) throw new XpodError('CORRUPT', 'what came is not what its hash says')
    isFirst = false
    yield chunk
  }
}

for (const [what, spoil] of [
  ['damaged', flipped],
  ['refused by a cache', refused],
] as const) {
  for (const size of [residentBytes, streamedBytes]) {
    test(`a body of ${size} bytes that was ${what} on its way is read once more, and its row not condemned`, async () => {
      await using scene = await openScene({ between: (files) => spoiltOnce(files, spoil) })
      await stored(scene, size)
      const get = async (): Promise<Buffer> => {
        const { status, body } = await scene.server.handle(scene.request('GET', '/it.bin', { as: alice }))
        if (status === 503) throw new XpodError('OVERLOADED')
        return body instanceof Uint8Array ? Buffer.from(body) : collect(body as AsyncIterable<Uint8Array>, 2 * size)
      }
      const first = await get().catch((error: unknown) => error)
      // What is not in memory as a whole may have begun to be sent: refused or cut, and whoever asks again has it.
      if (size === streamedBytes) assert.ok(first instanceof XpodError && first.code === 'OVERLOADED', String(first))
      else assert.ok(Buffer.alloc(size, 'x').equals(first as Buffer))
      assert.ok(Buffer.alloc(size, 'x').equals(await get()))
      assert.deepEqual(scene.store.quarantined(), [])
    })
  }
}
