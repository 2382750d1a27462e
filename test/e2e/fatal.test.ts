// A disk that fails or hangs under a COMMIT of SQLite: nothing is claimed about that change, the process ends, and after a restart the
// document is whole, old or new.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { buildShim, FaultControl } from '../support/load-faults.ts'
import { Scene } from '../support/load-scene.ts'
import { canRun, lacks } from '../support/needs.ts'
import { until } from '../support/until.ts'

const skip = lacks('cc', canRun('cc', '--version'))
const text = { 'content-type': 'text/plain' }

async function prepare(scene: Scene) {
  const library = buildShim(scene.path('.'))
  const page = scene.path('control')
  const control = new FaultControl(page)
  const env = { LD_PRELOAD: library, FAULT_DIR: scene.dataDir, FAULT_CONTROL: page }
  const running = await scene.start({ env })
  const pod = await scene.createPod('alice')
  const client = new LoadClient(scene.baseUrl)
  assert.equal((await client.send('PUT', `${pod}it.txt`, { headers: text, body: 'old' })).status, 201)
  return { control, running, pod, client }
}

async function isOldOrNew(scene: Scene, pod: string): Promise<void> {
  await scene.start()
  const client = new LoadClient(scene.baseUrl)
  const { status, body } = await client.send('GET', `${pod}it.txt`)
  client.close()
  assert.equal(status, 200)
  assert.match(body.toString(), /^(old|new)$/)
}

test('a COMMIT of SQLite whose sync fails is answered 503, and the process ends with status 74', { skip }, async () => {
  await using scene = await Scene.open()
  const { control, running, pod, client } = await prepare(scene)
  using _ = control
  control.arm('sync', 1, 'EIO')
  const answer = await client.send('PUT', `${pod}it.txt`, { headers: text, body: 'new' }).catch(() => undefined)
  assert.ok(answer === undefined || answer.status === 503, `answered ${answer?.status}`)
  assert.equal(await running.exited, 74)
  assert.match(running.output(), /db\.fatal/)
  client.close()
  await isOldOrNew(scene, pod)
})

test('a stop does not wait for a disk that hangs below SQLite', { skip }, async () => {
  await using scene = await Scene.open()
  const { control, running, pod, client } = await prepare(scene)
  using _ = control
  control.arm('sync', 1, 'HANG')
  const answer = client.send('PUT', `${pod}it.txt`, { headers: text, body: 'new' }).catch(() => undefined)
  await until('the sync hangs', () => control.counted() > 0)
  client.close()
  await answer
  assert.equal(await running.stop(), 'SIGKILL')
  assert.match(running.output(), /center\.stuck/)
  await isOldOrNew(scene, pod)
})
