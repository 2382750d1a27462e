// bin/xpod with --s3 on a real S3 server, through a proxy that breaks: what was acknowledged stays readable, what cannot be
// stored is refused soon and with a wait that makes sense, and what needs no object store goes on as if nothing were.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import type { S3Place } from '../../src/center/options.ts'
import { leftovers, uploadsUnderWay } from '../support/load-leftovers.ts'
import { type Running, Scene } from '../support/load-scene.ts'
import { lacksS3, type S3Server, startS3Server } from '../support/s3-server.ts'
import { filesBelow } from '../support/source-tree.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const large = 300_000
const type = { 'content-type': 'application/octet-stream' }

describe('a center with its large bodies in S3', { skip: lacksS3 }, () => {
  let server: S3Server
  let proxy: TcpProxy
  let scene: Scene
  let pod: string
  let running: Running
  const stack = new AsyncDisposableStack()
  before(async () => {
    server = stack.use(await startS3Server())
    proxy = stack.use(await startTcpProxy(server.port))
    scene = stack.use(await Scene.open())
    running = await start()
    pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  })
  after(() => stack.disposeAsync())

  function start(): Promise<Running> {
    const env = {
      XPOD_S3: `http://127.0.0.1:${proxy.port}/${server.bucket}`,
      XPOD_S3_REGION: server.region,
      XPOD_S3_ACCESS_KEY: server.accessKey,
      XPOD_S3_SECRET_KEY: server.secretKey,
    }
    return scene.start({ env, args: ['--cache-max-size', '0'] })
  }

  async function restart(): Promise<void> {
    assert.equal(await running.stop(), 0)
    running = await start()
  }

  async function put(name: string, body: Buffer): Promise<Response> {
    const answer = await fetch(pod + name, { method: 'PUT', headers: type, body: new Uint8Array(body) })
    await answer.arrayBuffer()
    return answer
  }

  async function get(name: string, headers: Record<string, string> = {}): Promise<{ status: number; body: Buffer }> {
    const answer = await fetch(pod + name, { headers })
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) }
  }

  test('a large body is in the bucket and not in the data directory, whole and in ranges', async () => {
    const body = randomBytes(large)
    assert.equal((await put('large', body)).status, 201)
    assert((await get('large')).body.equals(body))
    const part = await get('large', { range: 'bytes=100000-100009' })
    assert.deepEqual([part.status, part.body.equals(body.subarray(100_000, 100_010))], [206, true])
    const objects = await server.client().listObjectsQuery(server.bucket, '', '', { Delimiter: '', MaxKeys: 10 })
    assert.deepEqual(
      objects.objects.map(({ size }) => size),
      [large],
    )
  })

  test('while the store is gone, small bodies are read and written, large ones are 503 at once, and it mends by itself', async () => {
    // So large that it goes to S3, so small that a client has sent it before it is refused.
    const [small, body] = [randomBytes(1000), randomBytes(100_000)]
    await put('small', small)
    await put('kept', body)
    await proxy.refuse()
    const refused = await until('the breaker is open', async () => {
      const startMs = performance.now()
      const answer = await put('refused', body)
      assert.equal(answer.status, 503)
      assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
      return performance.now() - startMs < 200
    })
    assert(refused)
    assert((await get('small')).body.equals(small))
    assert.equal((await put('small', randomBytes(1000))).ok, true)
    assert.equal((await get('kept')).status, 503)
    assert.equal((await get('refused')).status, 404, 'no row names a body that is not there')
    await proxy.heal()
    await until('it is back', async () => (await put('refused', body)).status === 201)
    assert((await get('kept')).body.equals(body))
    assert((await get('refused')).body.equals(body))
  })

  test('a download that the network cuts again and again never looks complete', async () => {
    const body = randomBytes(20 * large)
    await put('long', body)
    let isOver = false
    const cutAgain = (): void => void (isOver || proxy.cutAfter(200_000, 'received').then(cutAgain))
    cutAgain()
    await assert.rejects(get('long'))
    isOver = true
    await proxy.heal()
    assert((await get('long')).body.equals(body))
  })

  test('a body that ends too early, however politely, is never taken for the whole', async () => {
    const bodies = new Map([200_000, 6_000_000].map((size) => [`early-${size}`, randomBytes(size)]))
    for (const [name, body] of bodies) assert.equal((await put(name, body)).status, 201)
    await restart()
    for (const [name, body] of bodies) {
      let wasCut = false
      void proxy.truncateAfter(body.length / 2).then(() => (wasCut = true))
      const seen = await get(name).catch(() => undefined)
      assert.ok(wasCut, 'it came from the store')
      assert.ok(seen === undefined || seen.status === 503 || seen.body.equals(body), `${name}: ${seen?.status}`)
      assert((await get(name)).body.equals(body), `${name} afterwards`)
    }
  })

  test('a slow store holds up who wants it, and nobody else', async () => {
    const body = randomBytes(large)
    proxy.latency(50)
    proxy.throttle(200_000)
    let isOver = false
    const slow = put('slow', body).finally(() => (isOver = true))
    for (let turn = 0; turn < 5; turn++) {
      const small = randomBytes(500)
      assert.ok((await put('beside', small)).ok)
      assert((await get('beside')).body.equals(small))
    }
    assert.ok(!isOver, 'five small writes and reads took longer than 300 kB at 200 kB/s')
    assert.equal((await slow).status, 201)
    await restart()
    assert((await get('slow')).body.equals(body))
    await proxy.heal()
  })

  for (const [what, name, wrong] of [
    ['a key that expires', 's3-access-key', { accessKey: 'renewed-access-key', secretKey: 'renewed-secret' }],
    ['a store that moves to another region', 's3-region', { region: 'eu-west-9' }],
  ] as const) {
    test(`${what} is named in the log; meanwhile small bodies go on, and it mends by itself`, async () => {
      const body = randomBytes(large)
      const [kept, refused] = [`kept-${name}`, `refused-${name}`]
      assert.equal((await put(kept, body)).status, 201)
      await restart()
      const { accessKey, secretKey, region } = server
      await server.stop()
      await server.start(wrong)
      assert.equal((await put(refused, randomBytes(100_000))).status, 503)
      const answer = await fetch(pod + kept)
      assert.equal(answer.status, 503)
      assert.equal(((await answer.json()) as { code: string }).code, 'OBJECTS_REFUSED')
      assert.ok((await put('small', randomBytes(1000))).ok)
      await until('the log names the setting', () => new RegExp(`objects\\.refused.*${name}`).test(running.output()))
      assert.ok(!running.output().includes(secretKey))
      await server.stop()
      await server.start({ accessKey, secretKey, region })
      await until('it is back', async () => (await put(refused, body)).ok)
      assert((await get(kept)).body.equals(body))
    })
  }

  test('kill -9 in the middle of uploads loses nothing that was acknowledged', async () => {
    const body = randomBytes(12 << 20)
    const acknowledged: string[] = []
    const uploads = Array.from({ length: 6 }, async (_, index) => {
      if ((await put(`k${index}`, body)).ok) acknowledged.push(`k${index}`)
    })
    await Promise.race(uploads)
    await running.kill()
    await Promise.allSettled(uploads)
    running = await start()
    assert(acknowledged.length > 0)
    for (let index = 0; index < 6; index++) {
      const { status, body: read } = await get(`k${index}`)
      if (status === 200) assert(read.equals(body), `k${index}`)
      else assert.deepEqual([status, acknowledged.includes(`k${index}`)], [404, false], `k${index}`)
    }
  })

  test('kill -9 in the middle of a multipart upload leaves nothing half, frees its room, and its parts are swept', async () => {
    const size = 12 << 20
    pod = new URL(await scene.createPod('bob'), scene.baseUrl).href
    const spare = 90_000
    await scene.command('pod', 'quota', 'set', 'bob', '--bytes', String(size + spare))
    const unfinished = async (): Promise<number> =>
      (await server.client().listIncompleteUploadsQuery(server.bucket, '', '', '', '')).uploads.length
    const others = await unfinished()
    proxy.throttle(4_000_000)
    const upload = assert.rejects(put('cut', randomBytes(size)))
    await until(
      'parts have arrived',
      async () => (await unfinished()) > others && filesBelow(uploadsOf(server)).length > 0,
    )
    assert.equal((await put('beside', randomBytes(spare))).status, 507, 'its room is reserved')
    await running.kill()
    await upload
    await proxy.heal()

    // What was on its way to it would make them young again.
    await server.stop()
    await makeUploadsOld(server)
    await server.start()
    running = await start()
    assert.equal((await get('cut')).status, 404)
    assert.equal((await put('cut', randomBytes(size))).status, 201, 'its room is free again')
    await until('its parts are gone', async () => (await unfinished()) === 0)
    await until('nobody waits for it', async () => (await uploadsUnderWay(scene.dataDir)) === 0)
    assert.deepEqual(await leftovers(scene.dataDir, placeOf(server)), [])
  })
})

/** Uploads are folders until they are put together, parts files in them. */
const uploadsOf = (server: S3Server): string => join(server.dir, '.sgwtmp', 'multipart')

/** As if they had been begun two days ago, beyond what an upload may take. */
async function makeUploadsOld(server: S3Server): Promise<void> {
  const then = new Date(Date.now() - 48 * 3_600_000)
  const entries = await readdir(uploadsOf(server), { recursive: true, withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory())
  for (const { parentPath, name } of folders) await utimes(join(parentPath, name), then, then)
}

function placeOf({ endpoint, bucket, region, accessKey, secretKey }: S3Server): S3Place {
  return { endpoint, bucket, region, accessKey, secretKey, prefix: '', addressing: undefined }
}
