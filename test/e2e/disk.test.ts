// A full disk below SQLite and files: the data directory lies on a small tmpfs that the test fills. Bodies are refused with 507, reads and deletes
// go on, nothing acknowledged is lost, and with room back writes work again. Needs root, because it mounts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { Scene } from '../support/load-scene.ts'
import { lacks } from '../support/needs.ts'
import { until } from '../support/until.ts'

const disk = '160m'
/** The server looks for room every second, and fills its ballast first. */
const recoveryMs = 10_000
const text = { 'content-type': 'text/plain' }
const binary = { 'content-type': 'application/octet-stream' }

function mount(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${disk}`, 'tmpfs', folder], { stdio: 'ignore' }).status === 0
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'xpod-mount-'))
  const isMounted = mount(folder)
  if (isMounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true })
  return isMounted
}

const skip = lacks('mounts', canMount())

test('a full disk below SQLite and files refuses bodies, serves reads, takes deletes, and recovers', {
  skip,
}, async () => {
  await using scene = await Scene.open()
  mkdirSync(scene.dataDir)
  assert.ok(mount(scene.dataDir))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => void spawnSync('umount', ['-l', scene.dataDir]))
  const running = await scene.start()
  stack.defer(() => running.kill())
  const pod = await scene.createPod('alice')
  const client = new LoadClient(scene.baseUrl)
  stack.defer(() => client.close())
  const put = async (name: string, body: Buffer | string): Promise<number> =>
    (await client.send('PUT', pod + name, { headers: typeof body === 'string' ? text : binary, body })).status
  const large = Buffer.alloc(300_000, 'l')
  assert.equal(await put('large.bin', large), 201)
  assert.equal(await put('small.txt', 'small'), 201)

  const filler = fill(scene.dataDir)
  assert.ok([503, 507].includes(await put('more.bin', large)), 'a large body on a full disk')
  await until('small bodies are refused too', async () => (await put('more.txt', 'x'.repeat(2000))) === 507)
  const refusal = await client.send('PUT', `${pod}more.txt`, { headers: text, body: 'x' })
  assert.equal(refusal.headers['content-type'], 'application/problem+json')

  assert.deepEqual((await client.send('GET', `${pod}large.bin`)).body, large)
  assert.equal((await client.send('GET', `${pod}small.txt`)).body.toString(), 'small')
  assert.equal((await client.send('GET', `${pod}more.bin`)).status, 404)
  assert.equal((await client.send('DELETE', `${pod}small.txt`)).status, 205)
  assert.equal((await client.send('GET', `${pod}small.txt`)).status, 404)

  rmSync(filler)
  await until('writes work again', async () => (await put('after.txt', 'after')) === 201, recoveryMs)
  assert.equal(await put('after.bin', large), 201)
  await running.kill()
  await scene.start()
  assert.deepEqual((await client.send('GET', `${pod}after.bin`)).body, large)
  assert.equal((await client.send('GET', `${pod}after.txt`)).body.toString(), 'after')
  assert.equal(
    (await client.send('GET', `${pod}small.txt`)).status,
    404,
    'what was deleted on a full disk stays deleted',
  )
})

/** Takes every free block; the path of the file that holds them. */
function fill(folder: string): string {
  const path = join(folder, 'filler')
  const file = openSync(path, 'w')
  try {
    for (let size = 1 << 20; size >= 4096; ) {
      try {
        writeSync(file, Buffer.alloc(size))
      } catch {
        size /= 2
      }
    }
  } finally {
    closeSync(file)
  }
  assert.equal(statfsSync(folder).bavail, 0)
  return path
}
