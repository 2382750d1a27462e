// What an S3 store does when the way to it breaks: real server, real proxy. Nothing wrong is ever read, nothing half is ever
// visible, and waiting has an end.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { collect, MiB } from '../../../../src/base/bytes.ts'
import { type Clock, systemClock } from '../../../../src/base/clock.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { openS3Objects } from '../../../../src/core/objects/s3.ts'
import { partBytes } from '../../../../src/core/objects/s3/upload.ts'
import { createFakeClock } from '../../../support/fake-clock.ts'
import { lacksS3, type S3Server, startS3Server } from '../../../support/s3-server.ts'
import { openS3World, s3Surround, type S3World } from '../../../support/s3-world.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { until } from '../../../support/until.ts'

const { signal } = new AbortController()
const uploader = fileURLToPath(new URL('../../../support/s3-uploader.ts', import.meta.url))

describe('an S3 store that breaks', { skip: lacksS3 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  for (const fault of ['cutAfter', 'truncateAfter'] as const) {
    test(`a download that the connection ends early (${fault}) is resumed where it stood`, async () => {
      await using world = await openS3World(server)
      const bytes = randomBytes(3 * MiB)
      await world.objects.put('pod/x', chunksOf(bytes), {}, signal)
      const sprung = world.proxy[fault](MiB, 'received')
      assert(bytes.equals(await collect(await world.objects.get('pod/x', undefined, signal), bytes.length)))
      await sprung
      const again = world.proxy[fault](MiB, 'received')
      const range = { start: 5, end: 2 * MiB }
      const part = await collect(await world.objects.get('pod/x', range, signal), bytes.length)
      assert(part.equals(bytes.subarray(5, 2 * MiB + 1)))
      await again
    })
  }

  test('a download that ends early each time fails, and never looks complete', async () => {
    await using world = await openS3World(server)
    await world.objects.put('pod/x', chunksOf(randomBytes(4 * MiB)), {}, signal)
    const keepTruncating = (): void => void world.proxy.truncateAfter(100_000).then(keepTruncating)
    keepTruncating()
    const body = await world.objects.get('pod/x', undefined, signal)
    await assert.rejects(collect(body, 4 * MiB), isCode('OBJECTS_UNAVAILABLE'))
  })

  test('an upload whose connection is cut in the middle of a part is stored whole', async () => {
    await using world = await openS3World(server)
    const bytes = randomBytes(20 * MiB)
    const sprung = world.proxy.cutAfter(11 * MiB, 'sent')
    await world.objects.put('pod/x', chunksOf(bytes, MiB), {}, signal)
    await sprung
    assert(bytes.equals(await collect(await world.objects.get('pod/x', undefined, signal), bytes.length)))
  })

  for (const [what, size, isLost] of [
    ['put', 1000, (method: string, path: string) => method === 'PUT' && path.includes('/pod/')],
    ['completion', 20 * MiB, (method: string, path: string) => method === 'POST' && path.includes('uploadId=')],
  ] as const) {
    test(`an upload is stored once when the answer to its ${what} is lost`, async () => {
      await using loser = await losingAnswer(server.port, isLost)
      await using world = await openS3World(server, { endpoint: loser.endpoint })
      const bytes = randomBytes(size)
      await world.objects.put('pod/x', chunksOf(bytes, MiB), {}, signal)
      assert.equal(loser.lost, 1)
      assert(bytes.equals(await collect(await world.objects.get('pod/x', undefined, signal), size)))
      assert.equal(await world.unfinished(), 0)
    })
  }

  for (const [when, partsBefore, partsAfter] of [
    ['between its parts', 2, 2],
    ['before its completion', 4, 0],
  ] as const) {
    test(`an upload that somebody aborts ${when} fails, and is not taken for stored`, async () => {
      await using world = await openS3World(server)
      async function* body(): AsyncGenerator<Uint8Array> {
        yield* chunksOf(randomBytes(partsBefore * partBytes(1)), MiB)
        const sent = (): number => Number(/op="part",code="ok"} (\d+)/.exec(world.metrics.render())?.[1] ?? 0)
        // All of them: a store answers 500 to an abort while a part is still on its way in.
        await until('its parts are there', () => sent() === partsBefore)
        const { uploads } = await server.client().listIncompleteUploadsQuery(server.bucket, world.prefix, '', '', '')
        for (const { key, uploadId } of uploads)
          await server.client().abortMultipartUpload(server.bucket, key, uploadId)
        yield* chunksOf(randomBytes(partsAfter * partBytes(1)), MiB)
      }
      await assert.rejects(world.objects.put('pod/x', body(), {}, signal), isCode('OBJECTS_UNAVAILABLE'))
      assert.equal(await world.objects.head('pod/x'), undefined)
    })
  }

  test('a store that is gone is not asked for long: calls fail at once, and go on when it is back', async () => {
    await using world = await openS3World(server)
    await world.objects.put('pod/x', chunksOf(Buffer.from('x')), {}, signal)
    await world.proxy.refuse()
    const isUnavailable = isCode('OBJECTS_UNAVAILABLE')
    for (let call = 0; call < 2; call++) await assert.rejects(world.objects.head('pod/x'), isUnavailable)
    assert.match(world.metrics.render(), /^xpod_s3_open_breakers 1$/m)
    const calls = (): string[] => world.metrics.render().match(/^xpod_s3_requests_total.*$/gm) ?? []
    const before = calls()
    await assert.rejects(world.objects.put('pod/y', chunksOf(Buffer.from('y')), {}, signal), isUnavailable)
    await assert.rejects(world.objects.get('pod/x', undefined, signal), isUnavailable)
    assert.deepEqual(calls(), before)
    await world.proxy.heal()
    await until('the store is asked again', () =>
      world.objects.head('pod/x').then(
        (found) => found !== undefined,
        (error: unknown) => assert(isUnavailable(error)),
      ),
    )
    assert.match(world.metrics.render(), /^xpod_s3_open_breakers 0$/m)
  })

  test('a store that is slow is waited for', async () => {
    await using world = await openS3World(server)
    world.proxy.latency(100)
    const bytes = randomBytes(100_000)
    await world.objects.put('pod/x', chunksOf(bytes), {}, signal)
    assert(bytes.equals(await collect(await world.objects.get('pod/x', undefined, signal), bytes.length)))
  })

  test('a connection that nothing comes through any more is given up, for heads, bodies and uploads', async () => {
    const clock = createFakeClock(Date.now())
    await using world = await openS3World(server, { clock })
    // More than the sockets on its way hold.
    await world.objects.put('pod/x', chunksOf(randomBytes(32 * MiB), MiB), {}, signal)
    const body = (await world.objects.get('pod/x', undefined, signal))[Symbol.asyncIterator]()
    await body.next()
    world.proxy.halfOpen()
    const rest = (async () => {
      while (!(await body.next()).done);
    })()
    const head = world.objects.head('pod/x')
    const put = world.objects.put('pod/y', chunksOf(randomBytes(1000)), {}, signal)
    for (const outcome of await ending(Promise.allSettled([rest, head, put]), clock)) {
      assert(outcome.status === 'rejected')
      assert.equal((outcome.reason as XpodError).code, 'OBJECTS_UNAVAILABLE')
    }
  })

  test('a caller that goes away ends its wait at once', async () => {
    await using world = await openS3World(server)
    await world.objects.put('pod/x', chunksOf(randomBytes(1000)), {}, signal)
    world.proxy.halfOpen()
    const abort = new AbortController()
    const get = world.objects.get('pod/x', undefined, abort.signal)
    abort.abort(new Error('gone'))
    await assert.rejects(get, /gone/)
  })

  test('an upload to a store that goes away leaves nothing visible, and what is left is swept after a day', async () => {
    await using world = await openS3World(server)
    const sprung = world.proxy.cutAfter(12 * MiB, 'sent').then(() => world.proxy.refuse())
    await assert.rejects(
      world.objects.put('pod/x', chunksOf(randomBytes(30 * MiB), MiB), {}, signal),
      isCode('OBJECTS_UNAVAILABLE'),
    )
    await sprung
    await world.proxy.heal()
    assert.equal(await world.unfinished(), 1)
    await assertSweeps(world)
  })

  test('kill -9 in the middle of an upload leaves nothing visible, and what is left is swept after a day', async () => {
    await using world = await openS3World(server)
    const { endpoint, bucket, accessKey, secretKey } = server
    const child = spawn(process.execPath, [
      uploader,
      JSON.stringify({ endpoint, bucket, accessKey, secretKey, prefix: world.prefix }),
    ])
    await until('some parts have arrived', async () => (await world.unfinished()) === 1)
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.equal(await world.objects.head('pod/killed'), undefined)
    await assertSweeps(world)
  })

  async function assertSweeps({ prefix, unfinished }: S3World): Promise<void> {
    const laterBy = (hours: number): Clock => ({ ...systemClock, nowMs: () => Date.now() + hours * 3_600_000 })
    {
      await using early = await openS3World(server, { prefix, clock: laterBy(23) })
      const { metrics } = early
      await until('a sweep has run', () => /op="list",code="ok"\} [1-9]/.test(metrics.render()))
      assert.equal(await unfinished(), 1)
    }
    await using _later = await openS3World(server, { prefix, clock: laterBy(25) })
    await until('it is swept', async () => (await unfinished()) === 0)
  }

  test('a key that stops being valid is an error for the operator, and says which', async () => {
    await using own = await startS3Server()
    await using world = await openS3World(own)
    await own.stop()
    await own.start({ accessKey: 'another-access-key', secretKey: 'another-secret' })
    await assert.rejects(world.objects.put('pod/x', chunksOf(Buffer.from('x')), {}, signal), isCode('OBJECTS_REFUSED'))
    const { fields } = world.logged.find(({ event }) => event === 'objects.refused')!
    assert.match(String(fields.reason), /s3-access-key/)
    assert.doesNotMatch(JSON.stringify(world.logged), new RegExp(own.secretKey))
  })

  test('a restart of the store in the middle of things is not noticed', async () => {
    await using own = await startS3Server()
    await using world = await openS3World(own)
    const bytes = randomBytes(20 * MiB)
    async function* body(): AsyncGenerator<Uint8Array> {
      yield* chunksOf(bytes.subarray(0, 10 * MiB), MiB)
      await own.stop('SIGKILL')
      await own.start()
      yield* chunksOf(bytes.subarray(10 * MiB), MiB)
    }
    await world.objects.put('pod/x', body(), {}, signal)
    assert(bytes.equals(await collect(await world.objects.get('pod/x', undefined, signal), bytes.length)))
  })

  test('what cannot be opened leaves nothing running', async () => {
    const options = { ...s3Surround(server), accessKey: 'nobody' }
    await assert.rejects(openS3Objects(options), isCode('OBJECTS_REFUSED'))
  })
})

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code
}

/** Passes requests on, and drops the connection instead of the first answer to a request that is meant. */
async function losingAnswer(port: number, isLost: (method: string, path: string) => boolean) {
  let lost = 0
  const proxy = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    if (lost === 1 && method === 'POST' && isLost(method, url)) {
      // As MinIO and Amazon say when it was completed; this server would say that it is done.
      outgoing.writeHead(404).end('<Error><Code>NoSuchUpload</Code></Error>')
      return
    }
    const passed = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      if (lost === 0 && isLost(method, url)) {
        lost++
        answer.resume().on('end', () => incoming.socket.destroy())
      } else {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      }
    })
    incoming.pipe(passed)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    get lost() {
      return lost
    },
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}

/** Lets a clock that stands still run until the promise has settled. */
async function ending<T>(promise: Promise<T>, clock: { advance(ms: number): void }): Promise<T> {
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  await until('it has an end', () => {
    if (!isSettled) clock.advance(1000)
    return isSettled
  })
  return promise
}
