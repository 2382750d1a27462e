// WebSockets of the HTTP server: the handshake, both directions, refusals, keep-alive, draining. Real sockets; time is moved
// by hand where it matters. What attackers send is in websocket-attacks.test.ts.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'

import { systemClock } from '../../../src/base/clock.ts'
import { createLog, silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { HttpAnswer } from '../../../src/core/http/message.ts'
import { problemAnswer } from '../../../src/core/http/problem.ts'
import { type HttpServer, type HttpServerOptions, startHttpServer } from '../../../src/core/http/server.ts'
import type { UpgradeAnswer, UpgradeHandler, WebSocketPeer } from '../../../src/core/http/websocket.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { connectRaw } from '../../support/raw-http.ts'
import { handshake, opcodes, openRawWebSocket } from '../../support/raw-websocket.ts'
import { until } from '../../support/until.ts'

function start(upgrade: UpgradeHandler, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const handler = (): HttpAnswer => text('ordinary')
  const fixed = { host: '127.0.0.1', port: 0, clock: systemClock, log: silentLog }
  return startHttpServer({ ...fixed, handler, upgrade, ...options })
}

function text(body: string, status = 200): HttpAnswer {
  return { status, headers: ['Content-Type', 'text/plain'], body: Buffer.from(body) }
}

/** Lets everybody in and keeps the peers. */
function acceptAll(onPeer: (peer: WebSocketPeer) => void = () => {}) {
  const peers: WebSocketPeer[] = []
  const upgrade = (): UpgradeAnswer => ({
    open: (peer) => {
      peers.push(peer)
      onPeer(peer)
    },
  })
  return { peers, upgrade }
}

// The handshake

test('a client library talks to it: text both ways, a protocol, a polite end', async () => {
  const closed = Promise.withResolvers<void>()
  const upgrade: UpgradeHandler = ({ target, headers }) => ({
    protocol: 'second',
    open: (peer) => {
      peer.onMessage((message) => peer.send(`${target} ${headers.origin ?? ''} ${message} ü`))
      peer.onClose(() => closed.resolve())
    },
  })
  await using server = await start(upgrade)
  const client = new WebSocket(`ws://127.0.0.1:${server.port}/a?b`, ['first', 'second'])
  await once(client, 'open')
  assert.equal(client.protocol, 'second')
  assert.equal(client.extensions, '')
  client.send('hello')
  const [message] = (await once(client, 'message')) as [{ readonly data: string }]
  assert.equal(message.data, '/a?b  hello ü')
  client.close(1000)
  await closed.promise
})

test('the 101 names the protocol only if the client offered it, and no extension', async () => {
  await using server = await start(() => ({ protocol: 'solid-0.1', open: () => {} }))
  const offers = { 'Sec-WebSocket-Extensions': 'permessage-deflate' }
  await using plain = await openRawWebSocket(server.port, '/', offers)
  assert.doesNotMatch(plain.head, /Sec-WebSocket-(?:Protocol|Extensions)/)
  await using other = await openRawWebSocket(server.port, '/', { 'Sec-WebSocket-Protocol': 'chat, superchat' })
  assert.doesNotMatch(other.head, /Sec-WebSocket-Protocol/)
  await using offered = await openRawWebSocket(server.port, '/', { 'Sec-WebSocket-Protocol': 'chat, solid-0.1' })
  assert.match(offered.head, /\r\nSec-WebSocket-Protocol: solid-0\.1$/)
  assert.match(offered.head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
})

test('a refusal is an ordinary answer, and the connection ends', async () => {
  await using server = await start(async () => problemAnswer(new XpodError('NOT_FOUND', 'no such channel')))
  await using connection = await connectRaw(server.port)
  connection.send(handshake('/none'))
  const answer = await connection.closed()
  assert.match(
    answer,
    /^HTTP\/1\.1 404 Not Found\r\n[^]*application\/problem\+json[^]*Connection: close[^]*no such channel/,
  )
})

for (const [how, upgrade] of [
  [
    'throws',
    () => {
      throw new Error('a bug')
    },
  ],
  ['rejects', () => Promise.reject(new Error('a bug'))],
] as const) {
  test(`an upgrade handler that ${how} is a 500 that says nothing`, async () => {
    await using server = await start(upgrade)
    await using connection = await connectRaw(server.port)
    connection.send(handshake('/'))
    const answer = await connection.closed()
    assert.match(answer, /^HTTP\/1\.1 500 /)
    assert.doesNotMatch(answer, /a bug/)
  })
}

const refused: readonly (readonly [what: string, request: string, status: number])[] = [
  ['a POST', handshake('/').replace('GET', 'POST'), 400],
  ['HTTP/1.0', handshake('/').replace('HTTP/1.1', 'HTTP/1.0'), 400],
  ['a body with a length', handshake('/', { 'Content-Length': '5' }) + 'hello', 400],
  ['a body that has not come yet', handshake('/', { 'Content-Length': '5' }), 400],
  ['a body in chunks', handshake('/', { 'Transfer-Encoding': 'chunked' }) + '0\r\n\r\n', 400],
  ['bytes behind the request', `${handshake('/')}GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n`, 400],
  ['version 8', handshake('/', { 'Sec-WebSocket-Version': '8' }), 426],
  ['no version', handshake('/', { 'Sec-WebSocket-Version': undefined }), 426],
  ['no key', handshake('/', { 'Sec-WebSocket-Key': undefined }), 400],
  ['a short key', handshake('/', { 'Sec-WebSocket-Key': 'abc' }), 400],
  ['a protocol twice', handshake('/', { 'Sec-WebSocket-Protocol': 'a, a' }), 400],
  ['a protocol that is none', handshake('/', { 'Sec-WebSocket-Protocol': 'a b' }), 400],
  ['no Host', handshake('/', { Host: undefined }), 400],
  ['two Hosts', handshake('/').replace('\r\n', '\r\nHost: other\r\n'), 400],
]

for (const [what, request, status] of refused) {
  test(`a handshake with ${what} is refused with ${status} before anybody is asked`, async () => {
    let asked = 0
    await using server = await start(() => {
      asked++
      return { open: () => {} }
    })
    await using connection = await connectRaw(server.port)
    connection.send(request)
    const answer = await connection.closed()
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)!.length, 1)
    assert.equal(asked, 0)
  })
}

test('a wrong version is told the right one', async () => {
  await using server = await start(acceptAll().upgrade)
  await using connection = await connectRaw(server.port)
  connection.send(handshake('/', { 'Sec-WebSocket-Version': '25' }))
  assert.match(await connection.closed(), /\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n/)
})

test('another upgrade is answered as if it were not asked for', async () => {
  await using server = await start(() => assert.fail('it is no WebSocket'))
  await using connection = await connectRaw(server.port)
  connection.send('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n')
  assert.match(await connection.closed(), /^HTTP\/1\.1 200 [^]*ordinary$/)
})

test('an upgrade behind an answer that is still owed gets none', async () => {
  const answer = Promise.withResolvers<HttpAnswer>()
  let asked = 0
  const upgrade = (): UpgradeAnswer => {
    asked++
    return { open: () => {} }
  }
  await using server = await start(upgrade, { handler: () => answer.promise })
  await using connection = await connectRaw(server.port)
  connection.send(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\n${handshake('/')}`)
  assert.doesNotMatch(await connection.closed(), /101/)
  assert.equal(asked, 0)
  answer.resolve(text('late'))
})

test('a client that leaves while its upgrade is judged leaves nothing behind', async () => {
  const judged = Promise.withResolvers<UpgradeAnswer>()
  const asked = Promise.withResolvers<void>()
  let open = 0
  const metrics = createMetrics()
  await using server = await start(
    () => {
      asked.resolve()
      return judged.promise
    },
    { metrics },
  )
  const connection = await connectRaw(server.port)
  connection.send(handshake('/'))
  await asked.promise
  connection.socket.resetAndDestroy()
  judged.resolve({
    open: (peer) => {
      open++
      peer.onClose(() => open--)
    },
  })
  await until(
    'nothing is open',
    () => open === 0 && server.active === 0 && /\nxpod_websockets 0\n/.test(metrics.render()),
  )
})

// Sending

test('onSent is called when the bytes have left, also when they never will', async () => {
  const { peers, upgrade } = acceptAll()
  await using server = await start(upgrade)
  await using socket = await openRawWebSocket(server.port)
  const [peer] = peers
  await new Promise<void>((resolve) => peer!.send('one', resolve))
  assert.equal((await socket.untilFrame(opcodes.text)).toString(), 'one')
  assert.equal(peer!.bufferedBytes, 0)
  const closed = new Promise<void>((resolve) => peer!.onClose(resolve))
  socket.connection.socket.destroy()
  await closed
  await new Promise<void>((resolve) => peer!.send('two', resolve))
})

test('what a reader does not take is counted, and it is cut when no pong comes', async () => {
  const clock = createFakeClock()
  const closed = Promise.withResolvers<void>()
  const { peers, upgrade } = acceptAll((peer) => peer.onClose(() => closed.resolve()))
  await using server = await start(upgrade, { clock })
  await using socket = await openRawWebSocket(server.port)
  socket.connection.socket.pause()
  const [peer] = peers
  const message = 'x'.repeat(65_536)
  let sent = 0
  while (peer!.bufferedBytes < 1_000_000) {
    peer!.send(message)
    if (++sent % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  clock.advance(30_000)
  clock.advance(30_000)
  await closed.promise
})

test('a handler that throws costs its own connection only', async () => {
  const { peers, upgrade } = acceptAll((peer) => {
    peer.onMessage(() => {
      throw new Error('a bug')
    })
  })
  await using server = await start(upgrade)
  await using bad = await openRawWebSocket(server.port)
  await using good = await openRawWebSocket(server.port)
  bad.send(opcodes.text, 'hello')
  await bad.connection.closed()
  peers[1]!.send('still there')
  await good.untilFrame(opcodes.text)
})

// Keep-alive

test('the server pings every 30 s; who does not answer until the next is cut, who answers stays', async () => {
  const clock = createFakeClock()
  await using server = await start(acceptAll().upgrade, { clock })
  await using silent = await openRawWebSocket(server.port)
  await using alive = await openRawWebSocket(server.port)
  for (let round = 0; round < 2; round++) {
    clock.advance(30_000)
    const ping = await alive.untilFrame(opcodes.ping, round)
    if (round === 0) await silent.untilFrame(opcodes.ping)
    alive.send(opcodes.pong, ping)
    alive.send(opcodes.ping, `after ${round}`)
    // Its own ping is answered after its pong was heard.
    await alive.untilFrame(opcodes.pong, round)
  }
  await silent.connection.closed()
  clock.advance(29_999)
  alive.send(opcodes.ping, 'there?')
  assert.equal((await alive.untilFrame(opcodes.pong, 2)).toString(), 'there?')
})

test('onPong follows the answer to the latest ping, once; other pongs mean nothing', async () => {
  let pongs = 0
  const { peers, upgrade } = acceptAll((peer) => peer.onPong(() => pongs++))
  await using server = await start(upgrade)
  await using socket = await openRawWebSocket(server.port)
  const heard = async (): Promise<number> => {
    socket.send(opcodes.ping, '')
    await socket.untilFrame(opcodes.pong, asked++)
    return pongs
  }
  let asked = 0
  for (const payload of ['', '1', '99', 'x', '-1', '1e9']) socket.send(opcodes.pong, payload)
  assert.equal(await heard(), 0)
  peers[0]!.ping()
  peers[0]!.ping()
  const [first, second] = [await socket.untilFrame(opcodes.ping), await socket.untilFrame(opcodes.ping, 1)]
  socket.send(opcodes.pong, first)
  assert.equal(await heard(), 0)
  socket.send(opcodes.pong, second)
  assert.equal(await heard(), 1)
  socket.send(opcodes.pong, second)
  assert.equal(await heard(), 1)
})

test('the pong of a later keep-alive ping answers the earlier ones too', async () => {
  const clock = createFakeClock()
  let pongs = 0
  const { peers, upgrade } = acceptAll((peer) => peer.onPong(() => pongs++))
  await using server = await start(upgrade, { clock })
  await using socket = await openRawWebSocket(server.port)
  peers[0]!.ping()
  clock.advance(30_000)
  socket.send(opcodes.pong, await socket.untilFrame(opcodes.ping, 1))
  await until('it is heard', () => pongs === 1)
})

// The end

test('onClose is called once, whoever ends it', async () => {
  let closes = 0
  const { peers, upgrade } = acceptAll((peer) => peer.onClose(() => closes++))
  await using server = await start(upgrade)
  await using socket = await openRawWebSocket(server.port)
  peers[0]!.close(4000, 'enough')
  const frame = await socket.untilFrame(opcodes.close)
  assert.deepEqual([frame.readUInt16BE(0), frame.subarray(2).toString()], [4000, 'enough'])
  socket.send(opcodes.close, frame)
  await socket.connection.closed()
  peers[0]!.terminate()
  peers[0]!.close(4000, 'again')
  await until('it is told', () => closes > 0)
  await using half = await openRawWebSocket(server.port)
  half.connection.socket.end()
  await half.connection.closed()
  await until('the second is told', () => closes > 1)
  assert.equal(closes, 2)
})

test('a peer that does not answer a close is cut', async () => {
  const { peers, upgrade } = acceptAll()
  await using server = await start(upgrade, { webSockets: { closeTimeoutMs: 50 } })
  await using socket = await openRawWebSocket(server.port)
  peers[0]!.close(1000, '')
  await socket.connection.closed()
  assert.equal(await socket.closeCode(), 1000)
})

test('draining closes WebSockets with 1012 and is not held up by one that stays silent', async () => {
  const { upgrade } = acceptAll()
  await using server = await start(upgrade, { webSockets: { closeTimeoutMs: 50 } })
  await using polite = await openRawWebSocket(server.port)
  await using silent = await openRawWebSocket(server.port)
  const drained = server.drain(10_000)
  for (const socket of [polite, silent]) assert.equal(await socket.closeCode(), 1012)
  polite.send(opcodes.close, Buffer.from([0x03, 0xf4]))
  await polite.connection.closed()
  await silent.connection.closed()
  await drained
})

test('an upgrade that is judged while the server drains is refused', async () => {
  const judged = Promise.withResolvers<UpgradeAnswer>()
  const asked = Promise.withResolvers<void>()
  await using server = await start(() => {
    asked.resolve()
    return judged.promise
  })
  await using connection = await connectRaw(server.port)
  connection.send(handshake('/'))
  await asked.promise
  const drained = server.drain(10_000)
  judged.resolve({ open: () => assert.fail('the server is stopping') })
  assert.match(await connection.closed(), /^HTTP\/1\.1 503 [^]*SHUTTING_DOWN/)
  await drained
})

// What operators see

test('open WebSockets are a gauge, upgrades are requests, and the log cuts what it is told to', async () => {
  const metrics = createMetrics()
  const lines: string[] = []
  const write = (line: string): void => void lines.push(line)
  const log = createLog({ level: 'info', format: 'json', clock: systemClock, write })
  const loggedPath = (path: string): string => path.replace(/secret.*/, '…')
  const { upgrade } = acceptAll()
  await using server = await start(upgrade, { metrics, log, accessLog: true, loggedPath })
  const socket = await openRawWebSocket(server.port, '/a/secret?b')
  assert.match(metrics.render(), /\nxpod_websockets 1\n/)
  assert.match(metrics.render(), /xpod_http_requests_total\{method="GET",code="101",class="1xx"\} 1\n/)
  const { msg, path, status } = JSON.parse(lines[0]!) as Record<string, unknown>
  assert.deepEqual([msg, path, status], ['http.request', '/a/…', 101])
  await socket[Symbol.asyncDispose]()
  await until('it is counted out', () => /\nxpod_websockets 0\n/.test(metrics.render()))
})
