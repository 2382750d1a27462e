// The outgoing door against real servers on loopback and an injected resolver: what it refuses, and what it survives.

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { type FetchDoor, type FetchDoorOptions, openFetchDoor } from '../../../src/core/http/fetch-door.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const accept = 'text/turtle'

function door(context: TestContext, options: Partial<FetchDoorOptions> = {}): FetchDoor {
  const opened = openFetchDoor({
    allowInternal: [],
    allowLoopback: false,
    clock: systemClock,
    log: silentLog,
    ...options,
  })
  context.after(() => opened[Symbol.asyncDispose]())
  return opened
}

interface Site {
  readonly port: number
  readonly url: string
  readonly server: Server
  /** Requests as they came. */
  readonly requests: IncomingMessage[]
}

type Listener = (...args: Parameters<RequestListener>) => unknown

async function site(context: TestContext, listener: Listener, host = '127.0.0.1'): Promise<Site> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    void listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}/`, server, requests }
}

function reply(body: string | Buffer, headers: Record<string, string> = {}, status = 200): RequestListener {
  return (_request, response) => response.writeHead(status, { 'content-type': 'text/turtle', ...headers }).end(body)
}

/** A resolver that must not be asked. */
const noNames = () => assert.fail('no name should have been resolved')

// What is refused without a connection

for (const url of [
  'http://127.0.0.1/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://0/',
  'https://10.1.2.3/',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://192.0.0.1/',
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.1/',
  'https://203.0.113.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://[::]/',
  'https://[::1]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001:0:1::1]/',
  'https://[2001:db8::1]/',
  'https://[3fff::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://①②⑦.⓪.⓪.①/',
]) {
  test(`${url} is refused`, async (context) => {
    await assert.rejects(door(context, { resolve: noNames }).fetch(url, { accept }), { code: 'FETCH_REFUSED' })
  })
}

for (const [url, why] of [
  ['http://8.8.8.8/', 'plain HTTP'],
  ['ftp://example.org/', 'another protocol'],
  ['file:///etc/passwd', 'a file'],
  ['data:text/turtle,', 'a data URL'],
  ['https://me:secret@example.org/', 'credentials'],
  ['https://me@example.org/', 'a user name'],
  ['nonsense', 'no URL'],
  ['https://', 'no host'],
  [`https://example.org/${'x'.repeat(5000)}`, 'a URL that is too long'],
] as const) {
  test(`${why} is refused: ${url.slice(0, 40)}`, async (context) => {
    await assert.rejects(door(context, { resolve: noNames }).fetch(url, { accept }), { code: 'FETCH_REFUSED' })
  })
}

// What names resolve to

for (const addresses of [['127.0.0.1'], ['10.0.0.1', '192.168.0.1'], ['::1'], ['fd00::1'], ['::ffff:10.0.0.1']]) {
  test(`a name that resolves to ${addresses.join(' and ')} is refused`, async (context) => {
    const resolve = async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const refused = door(context, { resolve }).fetch('https://innocent.example/', { accept })
    await assert.rejects(refused, { code: 'FETCH_REFUSED' })
  })
}

test('localhost by name is refused unless loopback is open', async (context) => {
  const { port } = await site(context, reply('ok'))
  const url = `http://localhost:${port}/`
  await assert.rejects(door(context).fetch(url, { accept }), { code: 'FETCH_REFUSED' })
  assert.equal((await door(context, { allowLoopback: true }).fetch(url, { accept })).status, 200)
})

test('plain HTTP to a name with a public address is refused', async (context) => {
  const resolve = async () => [{ address: '8.8.8.8', family: 4 }]
  await assert.rejects(door(context, { resolve }).fetch('http://plain.example/', { accept }), { code: 'FETCH_REFUSED' })
})

test('a name that does not resolve is a failure', async (context) => {
  const resolve = () => Promise.reject(new Error('ENOTFOUND'))
  await assert.rejects(door(context, { resolve }).fetch('https://nobody.example/', { accept }), {
    code: 'FETCH_FAILED',
  })
  const none = door(context, { resolve: async () => [] }).fetch('https://nobody.example/', { accept })
  await assert.rejects(none, { code: 'FETCH_FAILED' })
})

test('the connection goes to the address that was judged, so a name cannot change its mind', async (context) => {
  const { port, requests } = await site(context, reply('ok'))
  const answers = ['127.0.0.1', '10.0.0.1']
  let asked = 0
  const resolve = async () => [{ address: answers[asked++]!, family: 4 }]
  const opened = door(context, { resolve, allowInternal: ['127.0.0.1'] })
  assert.equal((await opened.fetch(`http://rebinding.example:${port}/`, { accept })).status, 200)
  assert.equal(asked, 1)
  assert.equal(requests[0]!.headers.host, `rebinding.example:${port}`)
  await assert.rejects(opened.fetch(`http://rebinding.example:${port}/`, { accept }), { code: 'FETCH_REFUSED' })
})

test('of several addresses only those that are open are tried', async (context) => {
  const { port } = await site(context, reply('ok'))
  const resolve = async () => [
    { address: '10.0.0.1', family: 4 },
    { address: '127.0.0.1', family: 4 },
  ]
  const opened = door(context, { resolve, allowLoopback: true })
  assert.equal((await opened.fetch(`http://mixed.example:${port}/`, { accept })).status, 200)
})

// --allow-internal

for (const entry of ['127.0.0.1', '127.0.0.0/8', 'intern.example', 'INTERN.example']) {
  test(`--allow-internal ${entry} opens it, also without TLS`, async (context) => {
    const { port } = await site(context, reply('ok'))
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const opened = door(context, { resolve, allowInternal: [entry] })
    assert.equal((await opened.fetch(`http://intern.example:${port}/`, { accept })).status, 200)
  })
}

for (const entry of ['10.0.0.0/33', '::1/129', 'a b', 'http://x.example', '10.0.0.0/8/8', '', '-x']) {
  test(`--allow-internal "${entry}" is refused`, () => {
    const options = { allowInternal: [entry], allowLoopback: false, clock: systemClock, log: silentLog }
    assert.throws(() => openFetchDoor(options), { code: 'CONFIG_INVALID' })
  })
}

// Redirects

test('redirects are followed up to three times', async (context) => {
  const { url } = await site(context, (request, response) => {
    const n = Number(request.url!.slice(1))
    if (n === 0) reply('end')(request, response)
    else response.writeHead(302, { location: `/${n - 1}` }).end()
  })
  const opened = door(context, { allowLoopback: true })
  const fetched = await opened.fetch(`${url}3`, { accept })
  assert.equal(Buffer.from(fetched.bytes).toString(), 'end')
  assert.equal(fetched.url, `${url}0`)
  await assert.rejects(opened.fetch(`${url}4`, { accept }), { code: 'FETCH_FAILED' })
})

for (const target of [
  'http://10.0.0.1/',
  'https://169.254.169.254/',
  'https://0x0a000001/',
  'file:///etc/passwd',
  'http://8.8.8.8/',
  'https://me:x@example.org/',
]) {
  test(`a redirect to ${target} is refused`, async (context) => {
    const { url } = await site(context, reply('', { location: target }, 307))
    await assert.rejects(door(context, { allowLoopback: true }).fetch(url, { accept }), { code: 'FETCH_REFUSED' })
  })
}

test('a redirect to a name that is internal is refused', async (context) => {
  const { port } = await site(context, reply('', { location: 'https://inside.example/' }, 301))
  const resolve = async (name: string) => [{ address: name === 'inside.example' ? '10.0.0.1' : '127.0.0.1', family: 4 }]
  const opened = door(context, { resolve, allowInternal: ['front.example'] })
  await assert.rejects(opened.fetch(`http://front.example:${port}/`, { accept }), { code: 'FETCH_REFUSED' })
})

// What is sent and what comes back

test('the request carries Accept and neither cookies nor credentials', async (context) => {
  const { url, requests } = await site(context, reply('<a> <b> <c>.', { 'set-cookie': 'a=b' }))
  const opened = door(context, { allowLoopback: true })
  const fetched = await opened.fetch(`${url}card?q=1#me`, { accept })
  await opened.fetch(`${url}again`, { accept })
  assert.equal(requests[0]!.url, '/card?q=1')
  assert.equal(requests[0]!.headers.accept, accept)
  for (const { headers } of requests) {
    assert.equal(headers.cookie, undefined)
    assert.equal(headers.authorization, undefined)
  }
  assert.equal(fetched.status, 200)
  assert.equal(fetched.mediaType, 'text/turtle')
  assert.equal(fetched.url, `${url}card?q=1`)
})

test('proxy variables are not looked at', async (context) => {
  const proxy = await site(context, reply('from the proxy'))
  const { url } = await site(context, reply('direct'))
  const names = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']
  for (const name of names) process.env[name] = proxy.url
  context.after(() => names.forEach((name) => Reflect.deleteProperty(process.env, name)))
  const { bytes } = await door(context, { allowLoopback: true }).fetch(url, { accept })
  assert.equal(Buffer.from(bytes).toString(), 'direct')
})

test('other statuses are given back, not thrown', async (context) => {
  const { url } = await site(context, reply('no', {}, 404))
  assert.equal((await door(context, { allowLoopback: true }).fetch(url, { accept })).status, 404)
})

for (const [coding, encode] of Object.entries({
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
})) {
  test(`${coding} is decoded`, async (context) => {
    const { url } = await site(context, reply(encode(Buffer.from('hello')), { 'content-encoding': coding }))
    const { bytes } = await door(context, { allowLoopback: true }).fetch(url, { accept })
    assert.equal(Buffer.from(bytes).toString(), 'hello')
  })

  test(`a ${coding} bomb is stopped at the limit`, async (context) => {
    const bomb = encode(Buffer.alloc(20_000_000))
    const { url } = await site(context, reply(bomb, { 'content-encoding': coding }))
    const before = process.memoryUsage().arrayBuffers
    await assert.rejects(door(context, { allowLoopback: true }).fetch(url, { accept }), { code: 'FETCH_FAILED' })
    assert.ok(process.memoryUsage().arrayBuffers - before < 15_000_000)
  })
}

for (const coding of ['gzip, gzip', 'compress', 'nonsense']) {
  test(`the content coding "${coding}" is a failure`, async (context) => {
    const { url } = await site(context, reply('x', { 'content-encoding': coding }))
    await assert.rejects(door(context, { allowLoopback: true }).fetch(url, { accept }), { code: 'FETCH_FAILED' })
  })
}

test('damaged gzip is a failure', async (context) => {
  const { url } = await site(context, reply('not gzip', { 'content-encoding': 'gzip' }))
  await assert.rejects(door(context, { allowLoopback: true }).fetch(url, { accept }), { code: 'FETCH_FAILED' })
})

test('a body over the limit is a failure, one of exactly the limit is not', async (context) => {
  const { url } = await site(context, (request, response) => {
    reply(Buffer.alloc(Number(request.url!.slice(1))))(request, response)
  })
  const opened = door(context, { allowLoopback: true })
  assert.equal((await opened.fetch(`${url}262144`, { accept })).bytes.length, 262_144)
  await assert.rejects(opened.fetch(`${url}262145`, { accept }), { code: 'FETCH_FAILED' })
  assert.equal((await opened.fetch(`${url}300000`, { accept, maxBytes: 300_000 })).bytes.length, 300_000)
})

test('an endless body is stopped at the limit', async (context) => {
  const { url } = await site(context, (_request, response: ServerResponse) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', more).writeHead(200)
    more()
  })
  await assert.rejects(door(context, { allowLoopback: true }).fetch(url, { accept }), { code: 'FETCH_FAILED' })
})

test('a body that is cut is a failure', async (context) => {
  const { url } = await site(context, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half')
    setImmediate(() => response.destroy())
  })
  await assert.rejects(door(context, { allowLoopback: true }).fetch(url, { accept }), { code: 'FETCH_FAILED' })
})

// Time

for (const [what, listener] of Object.entries({
  'never answers': () => {},
  'stops in the middle of its body': (_request: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(200).write('a'),
})) {
  test(`a server that ${what} is given up after 3 s in all`, async (context) => {
    const clock = createFakeClock()
    const arrived = Promise.withResolvers<void>()
    const { url } = await site(context, (request, response) => {
      listener(request, response)
      arrived.resolve()
    })
    const fetched = door(context, { allowLoopback: true, clock }).fetch(url, { accept })
    const outcome = assert.rejects(fetched, { code: 'FETCH_FAILED' })
    await arrived.promise
    clock.advance(3000)
    await outcome
  })
}

test('a name that never resolves is given up after 3 s', async (context) => {
  const clock = createFakeClock()
  const asked = Promise.withResolvers<void>()
  const resolve = () => {
    asked.resolve()
    return new Promise<never>(() => {})
  }
  const fetched = door(context, { resolve, clock }).fetch('https://slow.example/', { accept })
  const outcome = assert.rejects(fetched, { code: 'FETCH_FAILED' })
  await asked.promise
  clock.advance(3000)
  await outcome
})

test('the caller can give up before, and others who wait for the same go on', async (context) => {
  const gate = Promise.withResolvers<void>()
  const { url, requests } = await site(context, async (request, response) => {
    await gate.promise
    reply('ok')(request, response)
  })
  const opened = door(context, { allowLoopback: true })
  const leaving = new AbortController()
  const left = opened.fetch(url, { accept }, leaving.signal)
  const stayed = opened.fetch(url, { accept })
  leaving.abort(new Error('gone'))
  await assert.rejects(left, /gone/)
  gate.resolve()
  assert.equal((await stayed).status, 200)
  assert.equal(requests.length, 1)
})

// How many

test('the same URL at the same time is asked for once', async (context) => {
  const { url, requests } = await site(context, reply('ok'))
  const opened = door(context, { allowLoopback: true })
  await Promise.all(Array.from({ length: 50 }, () => opened.fetch(`${url}same#fragment`, { accept })))
  assert.equal(requests.length, 1)
  await Promise.all([opened.fetch(url, { accept }), opened.fetch(url, { accept: 'application/json' })])
  assert.equal(requests.length, 3)
})

test('32 requests run at once, the others wait their turn', async (context) => {
  const gate = Promise.withResolvers<void>()
  const full = Promise.withResolvers<void>()
  let open = 0
  let most = 0
  const { url } = await site(context, async (request, response) => {
    most = Math.max(most, ++open)
    if (open === 32) full.resolve()
    await gate.promise
    open--
    reply('ok')(request, response)
  })
  const opened = door(context, { allowLoopback: true })
  const all = Promise.all(Array.from({ length: 60 }, (_, n) => opened.fetch(`${url}${n}`, { accept })))
  await full.promise
  gate.resolve()
  assert.equal((await all).length, 60)
  assert.equal(most, 32)
})

test('more than a thousand waiting requests are refused', async (context) => {
  const { url } = await site(context, () => {})
  const opened = door(context, { allowLoopback: true })
  const all = Array.from({ length: 1100 }, (_, n) => opened.fetch(`${url}${n}`, { accept }))
  const last = await Promise.race(
    all.map((one) =>
      one.then(
        () => assert.fail(),
        (error: unknown) => error,
      ),
    ),
  )
  assert.match(String(last), /too many/)
  await opened[Symbol.asyncDispose]()
  const results = await Promise.allSettled(all)
  assert.equal(results.filter((result) => result.status === 'rejected').length, 1100)
})

test('closing the door ends what is under way', async (context) => {
  const arrived = Promise.withResolvers<void>()
  const { url } = await site(context, () => arrived.resolve())
  const opened = door(context, { allowLoopback: true })
  const outcome = assert.rejects(opened.fetch(url, { accept }), { code: 'FETCH_FAILED' })
  await arrived.promise
  await opened[Symbol.asyncDispose]()
  await outcome
  await assert.rejects(opened.fetch(url, { accept }), { code: 'FETCH_FAILED' })
})

test('fetches are counted by outcome', async (context) => {
  const { url } = await site(context, reply('ok'))
  const metrics = createMetrics()
  const opened = door(context, { allowLoopback: true, metrics })
  await opened.fetch(url, { accept })
  await assert.rejects(opened.fetch('https://10.0.0.1/', { accept }))
  assert.match(metrics.render(), /xpod_fetches_total\{outcome="ok"\} 1/)
  assert.match(metrics.render(), /xpod_fetches_total\{outcome="refused"\} 1/)
})
