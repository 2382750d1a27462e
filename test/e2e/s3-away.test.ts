// bin/xpod whose S3 store is not there when it starts: refused connections, no answers, errors of the server. It starts and
// serves what needs no store, and goes on by itself when the store is back. Settings that are wrong do not start.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { Scene } from '../support/load-scene.ts'
import { lacksS3, type S3Server, startS3Server } from '../support/s3-server.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { until } from '../support/until.ts'

const large = 200_000
const backMs = 45_000

interface Breakable extends AsyncDisposable {
  readonly port: number
  break(): void | Promise<void>
  heal(): void | Promise<void>
}

const troubles: Readonly<Record<string, (port: number) => Promise<Breakable>>> = {
  async 'refused connections'(port) {
    const proxy = await startTcpProxy(port)
    return Object.assign(proxy, { break: () => proxy.refuse() })
  },
  async 'no answers'(port) {
    const proxy = await startTcpProxy(port)
    return Object.assign(proxy, { break: () => proxy.halfOpen() })
  },
  'errors of the server': startErring,
}

/** Passes requests on, or answers 503 as S3 does. */
async function startErring(port: number): Promise<Breakable> {
  let isBroken = false
  const server = createServer((incoming, answer) => {
    if (isBroken) {
      incoming.resume()
      answer.writeHead(503, { 'content-type': 'application/xml' })
      answer.end('<Error><Code>ServiceUnavailable</Code></Error>')
      return
    }
    const { method, url: path, headers } = incoming
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers)
      response.pipe(answer)
    })
    outgoing.on('error', () => answer.destroy())
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    break: () => void (isBroken = true),
    heal: () => void (isBroken = false),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('an S3 store that is not there at the start', { skip: lacksS3, concurrency: 1 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  const settings = (port: number, prefix: string): Record<string, string> => ({
    XPOD_DB: 'sqlite:',
    XPOD_S3: `http://127.0.0.1:${port}/${server.bucket}/${prefix}/`,
    XPOD_S3_REGION: server.region,
    XPOD_S3_ACCESS_KEY: server.accessKey,
    XPOD_S3_SECRET_KEY: server.secretKey,
    XPOD_CACHE_MAX_SIZE: '0',
  })

  for (const [trouble, start] of Object.entries(troubles)) {
    for (const isFirst of [true, false]) {
      const which = isFirst ? 'the very first start' : 'a later start'
      test(`${trouble}, ${which}`, { timeout: 120_000 }, async () => {
        await using store = await start(server.port)
        await using scene = await Scene.open()
        const env = settings(store.port, `${trouble.replaceAll(' ', '-')}-${isFirst}`)
        const body = randomBytes(large)
        const put = (name: string, bytes: Uint8Array): Promise<Response> =>
          fetch(new URL(`/alice/${name}`, scene.baseUrl), {
            method: 'PUT',
            headers: { 'content-type': 'application/octet-stream' },
            body: new Uint8Array(bytes),
          })
        const get = (name: string): Promise<Response> => fetch(new URL(`/alice/${name}`, scene.baseUrl))
        if (!isFirst) {
          const earlier = await scene.start({ env })
          await scene.createPod('alice')
          assert.equal((await put('before', body)).status, 201)
          await earlier.stop()
        }
        await store.break()
        const running = await scene.start({ env })
        if (isFirst) await scene.createPod('alice')
        assert.match(running.output(), /objects\.awaited/)
        assert.equal((await put('small', Buffer.from('small'))).status, 201)
        assert.equal(await (await get('small')).text(), 'small')
        const json = { 'content-type': 'application/json', accept: 'application/json' }
        const account = new URL('.account/account/', scene.baseUrl)
        assert.equal((await fetch(account, { method: 'POST', headers: json, body: '{}' })).status, 200)
        const refused = [await put('large', body), ...(isFirst ? [] : [await get('before')])]
        for (const answer of refused) {
          assert.equal(answer.status, 503)
          assert.equal(answer.headers.get('retry-after'), '1')
          assert.match(await answer.text(), /OBJECTS_UNAVAILABLE/)
        }
        const ready = await fetch(`http://127.0.0.1:${scene.adminPort}/readyz?verbose`)
        assert.equal(ready.status, 200)
        assert.match(await ready.text(), /\[warn\] object store: /)

        await store.heal()
        await until('large bodies are stored', async () => (await put('large', body)).status === 201, backMs)
        for (const name of isFirst ? ['large'] : ['large', 'before']) {
          assert.ok(Buffer.from(await (await get(name)).arrayBuffer()).equals(body), name)
        }
        assert.match(running.output(), /objects\.proven/)
        assert.equal(await running.stop(), 0)
        // It has kept where they lie.
        const elsewhere = { ...env, XPOD_S3: `${env.XPOD_S3}other/` }
        await assert.rejects(scene.start({ env: elsewhere }), /ended with 78.*OBJECTS_ELSEWHERE/s)
      })
    }
  }

  for (const [what, wrong, named] of [
    ['bucket', () => ({ XPOD_S3: `${server.endpoint}/no-such-bucket/` }), 's3-bucket'],
    ['secret key', () => ({ XPOD_S3_SECRET_KEY: 'wrong' }), 's3-secret-key'],
    ['access key', () => ({ XPOD_S3_ACCESS_KEY: 'wrong' }), 's3-access-key'],
    ['region', () => ({ XPOD_S3_REGION: 'cn-north-9' }), 's3-region'],
  ] as const) {
    test(`a wrong ${what} does not start`, { timeout: 60_000 }, async () => {
      await using scene = await Scene.open()
      const env = { ...settings(server.port, 'wrong'), ...wrong() }
      await assert.rejects(scene.start({ env }), new RegExp(`ended with 78.*OBJECTS_REFUSED.*${named}`, 's'))
    })
  }
})
