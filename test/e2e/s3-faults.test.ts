// bin/xpod with --s3 on a real S3 server, through a proxy that breaks: what was acknowledged stays readable, what cannot be
// stored is refused soon and with a wait that makes sense, and what needs no object store goes on as if nothing were.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'

import { type Running, Scene } from '../support/load-scene.ts'
import { lacksS3, type S3Server, startS3Server } from '../support/s3-server.ts'
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
      CSS_MINIO_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
      CSS_MINIO_BUCKET_NAME: server.bucket,
      CSS_MINIO_ACCESS_KEY: server.accessKey,
      CSS_MINIO_SECRET_KEY: server.secretKey,
    }
    return scene.start({ env, args: ['--cache-max-size', '0'] })
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
})
