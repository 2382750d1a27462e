// The HTTP server on raw connections: limits, refusals, bodies, cut answers, draining. Real sockets, shortened times.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { collect, giveChunk, KiB, MiB } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { toXpodError } from '../../../src/base/errors.ts'
import { createLog, silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import type { HttpAnswer, HttpRequest } from '../../../src/core/http/message.ts'
import { problemAnswer } from '../../../src/core/http/problem.ts'
import { type HttpServer, type HttpServerOptions, startHttpServer } from '../../../src/core/http/server.ts'
import { connectRaw } from '../../support/raw-http.ts'
import { until } from '../../support/until.ts'

type Handler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>

function start(handler: Handler, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  return startHttpServer({ host: '127.0.0.1', port: 0, handler, clock: systemClock, log: silentLog, ...options })
}

function text(body: string, status = 200): HttpAnswer {
  return { status, headers: ['Content-Type', 'text/plain'], body: Buffer.from(body) }
}

const sayTarget: Handler = (request) => text(`${request.method} ${request.target}`)

/** Reads the body, and answers with its length or the problem that reading it met. */
const countBody: Handler = async (request) => {
  try {
    return text(String((await collect(request.body ?? none(), 4 * MiB)).length))
  } catch (error) {
    return problemAnswer(toXpodError(error))
  }
}
async function* none(): AsyncGenerator<Uint8Array> {}

const host = 'Host: localhost\r\n'

test('an answer has a length, and the connection is kept for at least 65 s, announced', async () => {
  await using server = await start(sayTarget)
  await using connection = await connectRaw(server.port)
  connection.send(`GET /a%2Fb?c HTTP/1.1\r\n${host}\r\n`)
  const answer = await connection.until('GET /a%2Fb?c')
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  assert.match(answer, /\r\nContent-Length: 12\r\n/)
  assert.ok(Number(/Keep-Alive: timeout=(\d+)/.exec(answer)![1]) >= 65)
  connection.send(`GET /again HTTP/1.1\r\n${host}\r\n`)
  await connection.until('GET /again')
})

test('a HEAD answer keeps the length of its headers and has no body', async () => {
  await using server = await start(() => ({ status: 200, headers: ['Content-Length', '1000'], body: undefined }))
  await using connection = await connectRaw(server.port)
  connection.send(`HEAD / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
  assert.match(await connection.closed(), /Content-Length: 1000\r\n(?:.*\r\n)*\r\n$/)
})

const refused: readonly (readonly [what: string, request: string, status: number])[] = [
  ['what is not HTTP', 'HELLO\r\n\r\n', 400],
  ['a missing Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', `GET / HTTP/1.1\r\n${host}Host: other\r\n\r\n`, 400],
  ['two lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nx`, 400],
  [
    'a length and chunks',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ['an unknown transfer coding', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 400],
  ['chunks that are no chunks', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, 400],
  ['a folded header', `GET / HTTP/1.1\r\n${host}A: b\r\n c\r\n\r\n`, 400],
  ['a space before the colon', `GET / HTTP/1.1\r\n${host}A : b\r\n\r\n`, 400],
  ['a NUL in a header', `GET / HTTP/1.1\r\n${host}A: b\0c\r\n\r\n`, 400],
  ['headers over 32 KiB', `GET / HTTP/1.1\r\n${host}A: ${'x'.repeat(33 * KiB)}\r\n\r\n`, 431],
  ['CONNECT', `CONNECT example.org:443 HTTP/1.1\r\n${host}\r\n`, 501],
]

for (const [what, request, status] of refused) {
  test(`${what} is refused with ${status} and the connection is closed`, async () => {
    await using server = await start(countBody)
    await using connection = await connectRaw(server.port)
    connection.send(request)
    const answer = await connection.closed()
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)!.length, 1)
  })
}

test('headers of 31 KiB pass', async () => {
  await using server = await start(sayTarget)
  await using connection = await connectRaw(server.port)
  connection.send(`GET /long HTTP/1.1\r\n${host}A: ${'x'.repeat(31 * KiB)}\r\n\r\n`)
  await connection.until('GET /long')
})

test('an Upgrade is answered as if it were not there, and nothing can follow it', async () => {
  await using server = await start(sayTarget)
  await using connection = await connectRaw(server.port)
  connection.send(`GET /up HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
  assert.match(await connection.closed(), /^HTTP\/1\.1 200 [^]*Connection: close[^]*GET \/up$/)
})

test('a pipelined request waits until the answer before it has left', async () => {
  const seen: string[] = []
  const first = Promise.withResolvers<HttpAnswer>()
  await using server = await start((request) => {
    seen.push(request.target)
    return request.target === '/1' ? first.promise : text(request.target)
  })
  await using connection = await connectRaw(server.port)
  connection.send([1, 2, 3].map((index) => `GET /${index} HTTP/1.1\r\n${host}\r\n`).join(''))
  await until('the first is being answered', () => seen.length > 0)
  assert.deepEqual(seen, ['/1'])
  first.resolve(text('/1'))
  const answers = await connection.until('/3')
  assert.ok(answers.indexOf('\r\n\r\n/2') < answers.indexOf('\r\n\r\n/3'))
  assert.deepEqual(seen, ['/1', '/2', '/3'])
})

test('nothing is said about a broken request behind one that is still being answered', async () => {
  const answer = Promise.withResolvers<HttpAnswer>()
  await using server = await start(() => answer.promise)
  await using connection = await connectRaw(server.port)
  connection.send(`GET / HTTP/1.1\r\n${host}\r\nBROKEN\r\n\r\n`)
  assert.equal(await connection.closed(), '')
  answer.resolve(text('late'))
})

test('100 Continue is sent when the body is first read, and only then', async () => {
  const mayRead = Promise.withResolvers<void>()
  await using server = await start(async (request) => {
    await mayRead.promise
    return countBody(request)
  })
  await using connection = await connectRaw(server.port)
  connection.send(`PUT / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`)
  assert.equal(connection.received(), '')
  mayRead.resolve()
  await connection.until('HTTP/1.1 100 Continue\r\n\r\n')
  connection.send('hello')
  assert.match(await connection.until('\r\n\r\n5'), /HTTP\/1\.1 200 OK/)
})

test('a refusal known from the headers comes without 100 Continue and closes', async () => {
  await using server = await start(() => text('no', 403))
  await using connection = await connectRaw(server.port)
  connection.send(`PUT / HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`)
  const answer = await connection.closed()
  assert.match(answer, /^HTTP\/1\.1 403 /)
  assert.match(answer, /\r\nConnection: close\r\n/)
})

test('the unread body of a refused request is skipped when it is small', async () => {
  await using server = await start((request) => (request.method === 'PUT' ? text('no', 403) : sayTarget(request)))
  await using connection = await connectRaw(server.port)
  connection.send(`PUT / HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhelloGET /next HTTP/1.1\r\n${host}\r\n`)
  await connection.until('GET /next')
})

test('a client that sends a large refused body gets to read the answer', async () => {
  await using server = await start(() => text('too large', 413))
  await using connection = await connectRaw(server.port)
  connection.send(`PUT / HTTP/1.1\r\n${host}Content-Length: ${64 * MiB}\r\n\r\n`)
  connection.send(Buffer.alloc(4 * MiB))
  const answer = await connection.until('too large')
  assert.match(answer, /\r\nConnection: close\r\n/)
  await connection.closed()
})

test('a body that ends early is an error, never a short body', async () => {
  const seen = Promise.withResolvers<string>()
  await using server = await start(async (request) => {
    const answer = await countBody(request)
    seen.resolve(Buffer.from(answer.body as Uint8Array).toString())
    return answer
  })
  const connection = await connectRaw(server.port)
  connection.send(`PUT / HTTP/1.1\r\n${host}Content-Length: 100\r\n\r\nonly this`)
  await connection[Symbol.asyncDispose]()
  assert.match(await seen.promise, /BODY_INCOMPLETE/)
})

test('a client slower than the minimum rate is cut off with 408', async () => {
  const minimumRate = { bytesPerSecond: KiB, windowMs: 100 }
  await using server = await start(countBody, { minimumRate })
  await using connection = await connectRaw(server.port)
  connection.send(`PUT / HTTP/1.1\r\n${host}Content-Length: 100000\r\n\r\nslow`)
  const answer = await connection.closed()
  assert.match(answer, /^HTTP\/1\.1 408 /)
  assert.match(answer, /TOO_SLOW/)
})

test('headers that never end are answered with 408', async () => {
  await using server = await start(sayTarget, { headersTimeoutMs: 100 })
  await using connection = await connectRaw(server.port)
  connection.send('GET / HTTP/1.1\r\nHost: loc')
  assert.match(await connection.closed(), /^HTTP\/1\.1 408 /)
})

test('a reader that takes nothing does not fill the memory, and is cut off', async () => {
  let produced = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      produced += MiB
      yield Buffer.alloc(MiB)
    }
  }
  const ended = Promise.withResolvers<void>()
  const minimumRate = { bytesPerSecond: 100 * MiB, windowMs: 200 }
  await using server = await start(
    (request) => {
      request.signal.addEventListener('abort', () => ended.resolve())
      return { status: 200, headers: [], body: endless() }
    },
    { minimumRate },
  )
  await using connection = await connectRaw(server.port)
  connection.socket.pause()
  connection.send(`GET / HTTP/1.1\r\n${host}\r\n`)
  await ended.promise
  assert.ok(produced < 64 * MiB, `${produced} bytes were produced for nobody`)
})

test('what is given to a stream is freed when it has left, and nothing else', async () => {
  const chunkOf = (letter: string): Uint8Array => new Uint8Array(256 * KiB).fill(letter.charCodeAt(0))
  const [given, kept, shared] = [giveChunk(chunkOf('g')), chunkOf('k'), giveChunk(chunkOf('s'))]
  async function* body(): AsyncGenerator<Uint8Array> {
    yield given
    yield kept
    yield shared.subarray()
  }
  await using server = await start(() => ({ status: 200, headers: [], body: body() }))
  const answer = await fetch(`http://127.0.0.1:${server.port}/`)
  const text = await answer.text()
  assert.equal(
    text,
    'gks'.replace(/./g, (letter) => letter.repeat(256 * KiB)),
  )
  assert.deepEqual([given.length, kept.length, shared.length], [0, 256 * KiB, 256 * KiB])
})

test('a stream that fails cuts the answer: it never looks complete', async () => {
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half')
    throw new Error('the disk is gone')
  }
  await using server = await start(() => ({ status: 200, headers: [], body: failing() }))
  await using connection = await connectRaw(server.port)
  connection.send(`GET / HTTP/1.1\r\n${host}\r\n`)
  assert.doesNotMatch(await connection.closed(), /\r\n0\r\n\r\n$/)
})

test('a large body of bytes arrives whole', async () => {
  const body = Buffer.alloc(3 * MiB + 7, 'abc')
  await using server = await start(() => ({ status: 200, headers: [], body }))
  const response = await fetch(`http://127.0.0.1:${server.port}/`)
  assert.equal(response.headers.get('content-length'), String(body.length))
  assert.ok(body.equals(Buffer.from(await response.arrayBuffer())))
})

test('the signal of a request aborts when its client goes away', async () => {
  const aborted = Promise.withResolvers<void>()
  const never = Promise.withResolvers<HttpAnswer>()
  const asked = Promise.withResolvers<void>()
  await using server = await start((request) => {
    request.signal.addEventListener('abort', () => aborted.resolve())
    asked.resolve()
    return never.promise
  })
  const connection = await connectRaw(server.port)
  connection.send(`GET / HTTP/1.1\r\n${host}\r\n`)
  await asked.promise
  await connection[Symbol.asyncDispose]()
  await aborted.promise
  never.resolve(text(''))
})

test('a handler that throws is a 500 that says nothing', async () => {
  await using server = await start(() => {
    throw new Error('secret of the house')
  })
  const response = await fetch(`http://127.0.0.1:${server.port}/`)
  assert.equal(response.status, 500)
  assert.doesNotMatch(await response.text(), /secret/)
})

test('draining finishes what runs, refuses new connections and closes idle ones', async () => {
  const answer = Promise.withResolvers<HttpAnswer>()
  const asked = Promise.withResolvers<void>()
  await using server = await start((request) => {
    if (request.target !== '/slow') return text('quick')
    asked.resolve()
    return answer.promise
  })
  const { port } = server
  await using idle = await connectRaw(port)
  idle.send(`GET / HTTP/1.1\r\n${host}\r\n`)
  await idle.until('quick')
  await using silent = await connectRaw(port)
  await using busy = await connectRaw(port)
  busy.send(`GET /slow HTTP/1.1\r\n${host}\r\n`)
  await asked.promise
  const drained = server.drain(10_000)
  await idle.closed()
  await silent.closed()
  await assert.rejects(connectRaw(port), { code: 'ECONNREFUSED' })
  answer.resolve(text('finished'))
  const last = await busy.closed()
  assert.match(last, /finished$/)
  assert.match(last, /\r\nConnection: close\r\n/)
  await drained
})

test('draining cuts what does not finish in its time', async () => {
  const never = Promise.withResolvers<HttpAnswer>()
  const asked = Promise.withResolvers<void>()
  await using server = await start(() => {
    asked.resolve()
    return never.promise
  })
  await using connection = await connectRaw(server.port)
  connection.send(`GET / HTTP/1.1\r\n${host}\r\n`)
  await asked.promise
  await server.drain(50)
  assert.equal(await connection.closed(), '')
  never.resolve(text(''))
})

test('a port that is taken is PORT_IN_USE', async () => {
  await using server = await start(sayTarget)
  await assert.rejects(start(sayTarget, { port: server.port }), { code: 'PORT_IN_USE' })
})

test('connections beyond the bound are closed', async () => {
  await using server = await start(sayTarget, { maxConnections: 1 })
  await using first = await connectRaw(server.port)
  first.send(`GET /first HTTP/1.1\r\n${host}\r\n`)
  await first.until('GET /first')
  await using second = await connectRaw(server.port)
  assert.equal(await second.closed(), '')
})

test('requests are counted by method and status', async () => {
  const metrics = createMetrics()
  await using server = await start(sayTarget, { metrics })
  await (await fetch(`http://127.0.0.1:${server.port}/`)).text()
  assert.match(metrics.render(), /xpod_http_requests_total\{method="GET",code="200",class="2xx"\} 1\n/)
  assert.match(metrics.render(), /xpod_http_request_seconds_count\{method="GET"\} 1\n/)
})

test('the access log has one line a request, without the query', async () => {
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const log = createLog({ level: 'info', format: 'json', clock: systemClock, write })
  await using server = await start(sayTarget, { log, accessLog: true })
  await (await fetch(`http://127.0.0.1:${server.port}/a?token=secret`)).text()
  const { msg, method, path, status } = JSON.parse(lines[0]!) as Record<string, unknown>
  assert.deepEqual([lines.length, msg, method, path, status], [1, 'http.request', 'GET', '/a', 200])
})
