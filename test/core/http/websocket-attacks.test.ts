// What a WebSocket server must survive: frames that lie, fragments without end, floods. What idle connections
// cost is in websocket-memory.test.ts.

import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { test } from 'node:test'

import { KiB } from '../../../src/base/bytes.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import { type HttpServer, startHttpServer } from '../../../src/core/http/server.ts'
import type { WebSocketLimits, WebSocketPeer } from '../../../src/core/http/websocket.ts'
import { type FrameShape, frameBytes, opcodes, openRawWebSocket } from '../../support/raw-websocket.ts'
import { until } from '../../support/until.ts'

interface Listening {
  readonly server: HttpServer
  readonly messages: string[]
  readonly peers: WebSocketPeer[]
  closes: number
}

async function listen(stack: AsyncDisposableStack, webSockets: Partial<WebSocketLimits> = {}): Promise<Listening> {
  const heard = { messages: [] as string[], peers: [] as WebSocketPeer[], closes: 0 }
  const server = stack.use(
    await startHttpServer({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      log: silentLog,
      handler: () => ({ status: 404, headers: [], body: undefined }),
      upgrade: () => ({
        open: (peer) => {
          heard.peers.push(peer)
          peer.onMessage((text) => heard.messages.push(text))
          peer.onClose(() => heard.closes++)
        },
      }),
      webSockets: { closeTimeoutMs: 100, ...webSockets },
    }),
  )
  return Object.assign(heard, { server })
}

/** The server's ends of the connections made from now on. */
function acceptedSockets(stack: AsyncDisposableStack): Socket[] {
  const sockets: Socket[] = []
  const told = (message: unknown): void => void sockets.push((message as { readonly socket: Socket }).socket)
  subscribe('net.server.socket', told)
  stack.defer(() => void unsubscribe('net.server.socket', told))
  return sockets
}

type Sent = readonly [opcode: number, payload: string | Uint8Array, shape?: FrameShape]
const { text, binary, continuation, ping, close } = opcodes
const part: FrameShape = { isLast: false }

const fatal: readonly (readonly [what: string, code: number, frames: readonly Sent[]])[] = [
  ['a message over 4 KiB', 1009, [[text, 'x'.repeat(4 * KiB + 1)]]],
  ['a message that says it has 2 GiB', 1009, [[text, '', { announcedBytes: 2 ** 31 }]]],
  ['a message that says it has 2^60 bytes', 1009, [[text, '', { announcedBytes: 2 ** 60 }]]],
  [
    'fragments over 4 KiB together',
    1009,
    [
      [text, 'x'.repeat(3000), part],
      [continuation, 'x'.repeat(3000), part],
    ],
  ],
  [
    'fragments without end',
    1008,
    [[text, 'x', part], ...Array.from({ length: 20 }, (): Sent => [continuation, '', part])],
  ],
  ['a binary message', 1003, [[binary, 'x']]],
  ['text that is not UTF-8', 1007, [[text, Buffer.from([0xc3, 0x28])]]],
  ['a frame without a mask', 1002, [[text, 'x', { isMasked: false }]]],
  ['a reserved bit', 1002, [[text, 'x', { reserved: 1 }]]],
  ['the bit of a compression nobody agreed on', 1002, [[text, 'x', { reserved: 4 }]]],
  ['an unknown opcode', 1002, [[3, 'x']]],
  ['a continuation of nothing', 1002, [[continuation, 'x']]],
  [
    'a message inside a message',
    1002,
    [
      [text, 'x', part],
      [text, 'y'],
    ],
  ],
  ['a ping in parts', 1002, [[ping, 'x', part]]],
  ['a ping of 126 bytes', 1002, [[ping, 'x'.repeat(126)]]],
  ['a close with a code that is none', 1002, [[close, Buffer.from([0x00, 0x01])]]],
]

for (const [what, code, frames] of fatal) {
  test(`${what} ends the connection with ${code}, unheard`, async () => {
    await using stack = new AsyncDisposableStack()
    const listening = await listen(stack)
    await using socket = await openRawWebSocket(listening.server.port)
    for (const frame of frames) socket.send(...frame)
    assert.equal(await socket.closeCode(), code)
    await socket.connection.closed()
    await until('it is told', () => listening.closes === 1)
    assert.deepEqual(listening.messages, [])
  })
}

test('a message of exactly 4 KiB passes, also in parts with a ping between them', async () => {
  await using stack = new AsyncDisposableStack()
  const { server, messages } = await listen(stack)
  await using socket = await openRawWebSocket(server.port)
  socket.send(text, 'x'.repeat(4 * KiB))
  socket.send(text, 'y'.repeat(2 * KiB), part)
  socket.send(ping, 'between')
  socket.send(continuation, 'z'.repeat(2 * KiB))
  assert.equal((await socket.untilFrame(opcodes.pong)).toString(), 'between')
  await until('both are heard', () => messages.length === 2)
  assert.deepEqual(
    messages.map((message) => message.length),
    [4 * KiB, 4 * KiB],
  )
})

for (const [name, opcode] of Object.entries({ messages: text, pings: ping, pongs: opcodes.pong })) {
  test(`a flood of ${name} ends the connection, and little of it is heard`, async () => {
    await using stack = new AsyncDisposableStack()
    const listening = await listen(stack, { maxFramesAPeriod: 100 })
    await using socket = await openRawWebSocket(listening.server.port)
    const flood = Buffer.concat(Array.from({ length: 5000 }, () => frameBytes(opcode, Buffer.from('1'))))
    socket.connection.send(flood)
    await socket.connection.closed()
    await until('it is told', () => listening.closes === 1)
    assert.ok(listening.messages.length <= 100)
  })
}

test('a client that pings and does not read the pongs is cut', async () => {
  await using stack = new AsyncDisposableStack()
  const listening = await listen(stack, { maxFramesAPeriod: Number.MAX_SAFE_INTEGER })
  await using socket = await openRawWebSocket(listening.server.port)
  socket.connection.socket.pause()
  const pings = Buffer.concat(Array.from({ length: 1000 }, () => frameBytes(ping, Buffer.alloc(125))))
  const more = (): void => {
    while (!socket.connection.socket.destroyed && socket.connection.socket.write(pings));
  }
  socket.connection.socket.on('drain', more)
  more()
  await until('it is cut', () => listening.closes === 1)
})

test('what comes after a fatal frame is not heard', async () => {
  await using stack = new AsyncDisposableStack()
  const listening = await listen(stack)
  await using socket = await openRawWebSocket(listening.server.port)
  const frames = [frameBytes(binary, Buffer.from('x')), frameBytes(text, Buffer.from('after'))]
  socket.connection.send(Buffer.concat(frames))
  assert.equal(await socket.closeCode(), 1003)
  await until('it is told', () => listening.closes === 1)
  assert.deepEqual(listening.messages, [])
})

test('a message that drips in byte by byte ends the connection', async () => {
  await using stack = new AsyncDisposableStack()
  const listening = await listen(stack)
  const accepted = acceptedSockets(stack)
  await using socket = await openRawWebSocket(listening.server.port)
  const server = accepted[0]!
  for (const byte of frameBytes(text, Buffer.alloc(4 * KiB, 'x'))) {
    const before = server.bytesRead
    socket.connection.send(Uint8Array.of(byte))
    await until('the byte is read alone', () => server.bytesRead > before)
    if (socket.frames().some(({ opcode }) => opcode === close)) break
  }
  assert.equal(await socket.closeCode(), 1008)
  assert.deepEqual(listening.messages, [])
})
