// The proxy breaks connections as it says: what tests of faults rely on.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, test } from 'node:test'

import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { until } from './until.ts'

/** Sends back what it gets. */
const echo = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.pipe(socket)
}).listen(0, '127.0.0.1')
await once(echo, 'listening')
after(() => echo.close())

interface Line extends Disposable {
  readonly socket: Socket
  readonly received: () => number
  readonly error: () => string | undefined
  readonly isEnded: () => boolean
}

async function dial(proxy: TcpProxy): Promise<Line> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
  let [received, error, isEnded]: [number, string | undefined, boolean] = [0, undefined, false]
  socket.on('data', (chunk: Buffer) => (received += chunk.length))
  socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code))
  socket.on('end', () => (isEnded = true))
  await once(socket, 'connect')
  return {
    socket,
    received: () => received,
    error: () => error,
    isEnded: () => isEnded,
    [Symbol.dispose]: () => socket.destroy(),
  }
}

function open(): Promise<TcpProxy> {
  return startTcpProxy((echo.address() as AddressInfo).port)
}

test('bytes go both ways and are counted, and an end is passed on', async () => {
  await using proxy = await open()
  using line = await dial(proxy)
  line.socket.end(Buffer.alloc(100_000))
  await until('all came back', () => line.isEnded())
  assert.deepEqual([line.received(), proxy.sent, proxy.received, proxy.accepted], [100_000, 100_000, 100_000, 1])
})

test('latency delays, throttling slows down', async () => {
  await using proxy = await open()
  using line = await dial(proxy)
  const trip = async (bytes: number): Promise<number> => {
    const startMs = performance.now()
    const wanted = line.received() + bytes
    line.socket.write(Buffer.alloc(bytes))
    await until('it came back', () => line.received() === wanted)
    return performance.now() - startMs
  }
  proxy.latency(60)
  // A timer may be early by less than a millisecond.
  assert((await trip(10)) >= 118)
  proxy.latency(0)
  proxy.throttle(100_000)
  assert((await trip(16_000)) >= 300)
})

test('a cut resets what is open, and nothing else', async () => {
  await using proxy = await open()
  using line = await dial(proxy)
  await until('it is through', () => proxy.open === 1)
  proxy.cut()
  await until('it is reset', () => line.error() === 'ECONNRESET')
  using other = await dial(proxy)
  other.socket.write('x')
  await until('it came back', () => other.received() === 1)
})

for (const [what, direction] of [
  ['cutAfter', 'sent'],
  ['cutAfter', 'received'],
  ['truncateAfter', 'received'],
] as const) {
  test(`${what} of what is ${direction} ends one connection after so many bytes`, async () => {
    await using proxy = await open()
    using line = await dial(proxy)
    const sprung = what === 'cutAfter' ? proxy.cutAfter(50_000, direction) : proxy.truncateAfter(50_000)
    line.socket.write(Buffer.alloc(100_000))
    await sprung
    await until('it is over', () => line.isEnded() || line.error() !== undefined)
    assert(line.received() <= 50_000)
    if (what === 'truncateAfter') assert.deepEqual([line.received(), line.isEnded()], [50_000, true])
    else assert.equal(line.error(), 'ECONNRESET')
    using other = await dial(proxy)
    other.socket.write(Buffer.alloc(100_000))
    await until('the next one is whole', () => other.received() === 100_000)
  })
}

test('half-open is silence without an end, until it heals', async () => {
  await using proxy = await open()
  using line = await dial(proxy)
  proxy.halfOpen()
  line.socket.write('x')
  using late = await dial(proxy)
  late.socket.write('y')
  await until('both are there', () => proxy.open === 2)
  assert.deepEqual([line.received(), line.error(), line.isEnded(), late.received()], [0, undefined, false, 0])
  await proxy.heal()
  await until('they go on', () => line.received() === 1 && late.received() === 1)
})

test('refused is nobody there, until it heals on the same port', async () => {
  await using proxy = await open()
  using line = await dial(proxy)
  await proxy.refuse()
  await until('what was open is reset', () => line.error() === 'ECONNRESET')
  await assert.rejects(dial(proxy), { code: 'ECONNREFUSED' })
  await proxy.heal()
  using again = await dial(proxy)
  again.socket.write('x')
  await until('it came back', () => again.received() === 1)
})
