// Posting through the outgoing door, against real servers on loopback and an injected resolver.

import assert from 'node:assert/strict'
import { subscribe } from 'node:diagnostics_channel'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'

import { collect, KiB } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createLog, silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { type FetchDoor, type FetchDoorOptions, openFetchDoor } from '../../../src/core/http/fetch-door.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const message = { headers: { 'content-type': 'application/ld+json' }, body: Buffer.from('{"a":"ü"}') }

function door(context: TestContext, options: Partial<FetchDoorOptions> = {}): FetchDoor {
  const fixed = { allowInternal: [], allowLoopback: true, clock: systemClock, log: silentLog }
  const opened = openFetchDoor({ ...fixed, ...options })
  context.after(() => opened[Symbol.asyncDispose]())
  return opened
}

interface Received {
  readonly request: IncomingMessage
  readonly body: string
}

/** Answers each POST after its body is read. */
async function site(context: TestContext, answer: (response: ServerResponse, path: string) => unknown) {
  const received: Received[] = []
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    received.push({ request, body: Buffer.from(await collect(request, 64 * KiB)).toString() })
    await answer(response, request.url!)
  }
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook`, port, received }
}

const ok = (response: ServerResponse): unknown => response.writeHead(202, { 'x-seen': 'yes' }).end('thanks')

test('a message arrives as it was given, and the answer is its status and headers', async (context) => {
  const { url, received } = await site(context, ok)
  const headers = { ...message.headers, authorization: 'DPoP abc', dpop: 'xyz' }
  const { status, headers: answered } = await door(context).post(`${url}?a=b#c`, { ...message, headers })
  assert.equal(status, 202)
  assert.equal(answered['x-seen'], 'yes')
  const [{ request, body }] = received as [Received]
  assert.deepEqual([request.method, request.url, body], ['POST', '/hook?a=b', '{"a":"ü"}'])
  const { authorization, dpop, cookie, 'content-type': type, 'content-length': length } = request.headers
  assert.deepEqual([authorization, dpop, cookie, type], ['DPoP abc', 'xyz', undefined, 'application/ld+json'])
  assert.equal(Number(length), message.body.length)
})

for (const status of [200, 301, 307, 410, 429, 500]) {
  test(`${status} is given back, and nothing is followed`, async (context) => {
    const { url, received } = await site(context, (response) =>
      response.writeHead(status, { location: '/other' }).end(),
    )
    assert.equal((await door(context).post(url, message)).status, status)
    assert.equal(received.length, 1)
  })
}

test('the same message twice at a time is sent twice', async (context) => {
  const { url, received } = await site(context, ok)
  const opened = door(context)
  await Promise.all([opened.post(url, message), opened.post(url, message)])
  assert.equal(received.length, 2)
})

for (const url of [
  'https://10.0.0.1/',
  'http://8.8.8.8/',
  'https://127.1/',
  'https://[::1]/',
  'file:///x',
  'https://a:b@example.org/',
]) {
  test(`${url} is refused as for fetching`, async (context) => {
    const resolve = () => assert.fail('no name should have been resolved')
    await assert.rejects(door(context, { allowLoopback: false, resolve }).post(url, message), { code: 'FETCH_REFUSED' })
  })
}

test('a name that resolves to an internal address is refused, and what is internal may be opened', async (context) => {
  const { port, received } = await site(context, ok)
  const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
  const url = `http://hook.example:${port}/`
  const closed = door(context, { allowLoopback: false, resolve })
  await assert.rejects(closed.post(url, message), { code: 'FETCH_REFUSED' })
  assert.equal(received.length, 0)
  const open = door(context, { allowLoopback: false, allowInternal: ['hook.example'], resolve })
  assert.equal((await open.post(url, message)).status, 202)
})

test('an answer that has begun counts, however long or broken its body is', async (context) => {
  const { url } = await site(context, (response, path) => {
    response.writeHead(200, path.includes('length') ? { 'content-length': '1000000' } : {})
    response.write(Buffer.alloc(1000))
    if (path.includes('cut')) setImmediate(() => response.destroy())
    else if (path.includes('endless')) {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * KiB)));
      }
      response.on('drain', more)
      more()
    } else response.end(Buffer.alloc(999_000))
  })
  const opened = door(context)
  for (const how of ['length', 'cut', 'length-cut', 'endless']) {
    assert.equal((await opened.post(`${url}?${how}`, message)).status, 200, how)
  }
})

test('no answer within 10 s is a failure; one that stops in its body is not', async (context) => {
  const clock = createFakeClock()
  const arrived = Promise.withResolvers<void>()
  const { url } = await site(context, (response, path) => {
    if (path.includes('body')) response.writeHead(200).write('a')
    else arrived.resolve()
  })
  const opened = door(context, { clock })
  const silent = assert.rejects(opened.post(url, message), { code: 'FETCH_FAILED' })
  await arrived.promise
  clock.advance(10_000)
  await silent
  const head = new Promise((resolve) => subscribe('undici:request:headers', resolve))
  const stuck = opened.post(`${url}?body`, { ...message, timeoutMs: 500 })
  await head
  clock.advance(500)
  assert.equal((await stuck).status, 200)
})

test('the caller can give up, and the request ends', async (context) => {
  const arrived = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  const { url } = await site(context, (response) => {
    response.on('close', () => gone.resolve())
    arrived.resolve()
  })
  const leaving = new AbortController()
  const outcome = assert.rejects(door(context).post(url, message, leaving.signal), { code: 'FETCH_FAILED' })
  await arrived.promise
  leaving.abort(new Error('enough'))
  await outcome
  await gone.promise
})

test('32 messages are under way at once, a thousand wait, and fetches do not wait for them', async (context) => {
  const full = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  let open = 0
  let most = 0
  const { url } = await site(context, async (response, path) => {
    if (path.startsWith('/hook')) {
      most = Math.max(most, ++open)
      if (open === 32) full.resolve()
      await release.promise
      open--
    }
    ok(response)
  })
  const opened = door(context)
  const all = Array.from({ length: 1032 }, () => opened.post(url, { ...message, timeoutMs: 60_000 }))
  await full.promise
  await assert.rejects(opened.post(url, message), /too many/)
  assert.equal((await opened.fetch(new URL('/document', url).href, { accept: '*/*' })).status, 202)
  release.resolve()
  assert.ok((await Promise.all(all)).every(({ status }) => status === 202))
  assert.equal(most, 32)
})

test('closing the door ends what is under way', async (context) => {
  const arrived = Promise.withResolvers<void>()
  const { url } = await site(context, () => arrived.resolve())
  const opened = door(context)
  const outcome = assert.rejects(opened.post(url, message), { code: 'FETCH_FAILED' })
  await arrived.promise
  await opened[Symbol.asyncDispose]()
  await outcome
})

test('messages are counted by outcome, and the log shows no more of their address than its origin', async (context) => {
  const { url } = await site(context, ok)
  const metrics = createMetrics()
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const log = createLog({ level: 'debug', format: 'json', clock: systemClock, write })
  const opened = door(context, { metrics, log })
  await opened.post(url, message)
  await assert.rejects(opened.post('https://10.0.0.1/secret?token=secret', message))
  assert.match(metrics.render(), /xpod_posts_total\{outcome="ok"\} 1/)
  assert.match(metrics.render(), /xpod_posts_total\{outcome="refused"\} 1/)
  assert.match(lines.join('\n'), /https:\/\/10\.0\.0\.1"/)
  assert.doesNotMatch(lines.join('\n'), /secret/)
})
