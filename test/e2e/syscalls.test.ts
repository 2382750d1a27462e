// What an acknowledged PUT did to the disk before its answer, seen from outside by strace (store rule 17).

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { Scene } from '../support/load-scene.ts'
import { canRun, lacks } from '../support/needs.ts'
import { blobOrder, type Call, inlineOrder, traceWhile } from '../support/syscalls.ts'

const skip = lacks('strace', canRun('strace', '-o', '/dev/null', 'true'))

/** The calls of a fresh server while it answers one PUT of `size` bytes. */
async function tracePut(size: number): Promise<Call[]> {
  await using scene = await Scene.open()
  const running = await scene.start()
  const pod = await scene.createPod('alice')
  const client = new LoadClient(scene.baseUrl)
  const headers = { 'content-type': 'application/octet-stream' }
  try {
    return await traceWhile(running.pid, scene.path('trace'), async () => {
      const { status } = await client.send('PUT', `${pod}a.bin`, { headers, body: Buffer.alloc(size, 'x') })
      assert.equal(status, 201)
    })
  } finally {
    client.close()
  }
}

test('the commit of a small body is in the synced WAL of SQLite before its answer leaves', { skip }, async () => {
  assert.deepEqual(inlineOrder(await tracePut(1000)), [])
})

test('a large body in a file and its name are synced before the commit, and that before the answer', {
  skip,
}, async () => {
  assert.deepEqual(blobOrder(await tracePut(300_000)), [])
})
