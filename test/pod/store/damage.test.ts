// Bodies that are not what was written: nothing of them is served, they never look complete, and they can be replaced and
// deleted like any other.

import assert from 'node:assert/strict'
import { readdir, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { collect } from '../../../src/base/bytes.ts'
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
