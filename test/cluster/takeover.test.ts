// Two centers on one database: each serves its own pods, the pods of one that died go to the other, and one that was away and
// comes back says nothing that is not true any more. Real processes, real time: the leases are ten and fifteen seconds.

import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { test } from 'node:test'

import { opcodes, openRawWebSocket, type RawWebSocket } from '../support/raw-websocket.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { lacksS3 } from '../support/s3-server.ts'
import { until } from '../support/until.ts'
import { openPlace, type Place, type Reply } from './centers.ts'

const skip = lacksPostgres || lacksS3
/** What operators are promised. */
const takeoverMs = 20_000

function assertElsewhere(reply: Reply): void {
  assert.equal(reply.status, 503, reply.text)
  assert.match(reply.text, /POD_ELSEWHERE/)
  assert.equal(reply.headers['retry-after'], '1')
}

/** Numbers without a gap, in epochs that only grow. */
async function assertOneHistory(place: Place): Promise<void> {
  const gaps =
    await place.rows(`SELECT * FROM (SELECT pod, seq, epoch, lag(seq) OVER w AS last, lag(epoch) OVER w AS era
    FROM feed WINDOW w AS (PARTITION BY pod ORDER BY seq)) f WHERE seq <> last + 1 OR epoch < era`)
  assert.deepEqual(gaps, [])
}

test('a center leaves the pods of a living one alone, and takes them over when it is dead', { skip }, async () => {
  await using place = await openPlace()
  const first = await place.start('first')
  const pod = await place.createPod(first, 'alice')
  const second = await place.start('second')
  assertElsewhere(await place.ask(second, 'GET', pod))
  assertElsewhere(await place.ask(second, 'PUT', `${pod}x`, { body: 'no' }))
  // Made after the second has read which pods there are.
  const late = await place.createPod(first, 'bob')
  assertElsewhere(await place.ask(second, 'GET', late))
  assert.equal((await place.ask(second, 'GET', '/nobody/')).status, 404)

  const acknowledged: string[] = []
  const write = async (name: string): Promise<boolean> => {
    const reply = await place.ask(target, 'PUT', `${pod}${name}`, { body: name })
    if (reply.status === 201) acknowledged.push(name)
    return reply.status === 201
  }
  let target = first
  const ended = Promise.withResolvers<void>()
  first.process.once('close', () => ended.resolve())
  setImmediate(
    () => void until('forty writes', () => acknowledged.length >= 40).then(() => first.process.kill('SIGKILL')),
  )
  for (let index = 0; ; index++) {
    const isGone = await write(`before${index}`).then(
      () => false,
      () => true,
    )
    if (isGone) break
  }
  await ended.promise
  const diedMs = Date.now()
  target = second
  await until('the second takes the pod over', () => write('after'), takeoverMs)
  const tookMs = Date.now() - diedMs
  assert.ok(tookMs < takeoverMs, `${tookMs} ms`)
  for (const name of acknowledged) assert.equal((await place.ask(second, 'GET', `${pod}${name}`)).text, name)
  assert.equal((await place.ask(second, 'GET', late)).status, 200)
  await assertOneHistory(place)
  assert.match(second.output(), /pod\.adopted/)

  const again = await place.start('first')
  assertElsewhere(await place.ask(again, 'GET', pod))
  assertElsewhere(await place.ask(again, 'PUT', `${pod}x`, { body: 'no' }))
})

test('a center that was stopped over the takeover says nothing old', { skip }, async () => {
  await using place = await openPlace({ env: { XPOD_LEGACY_UPDATES: 'true' } })
  const first = await place.start('first')
  const pod = await place.createPod(first, 'alice')
  const second = await place.start('second')
  const path = `${pod}doc`
  assert.equal((await place.ask(first, 'PUT', path, { body: 'old' })).status, 201)
  using agent = keptAgent()
  const known = await place.ask(first, 'GET', path, { agent })
  assert.equal(known.text, 'old')
  const etag = known.headers.etag!
  const unchanged = { agent, headers: { 'if-none-match': etag } }
  assert.equal((await place.ask(first, 'GET', path, unchanged)).status, 304)
  await using socket = await listen(place, path)
  await using legacy = await listenAsOfOld(place, pod, path)
  assert.equal((await place.ask(first, 'PUT', path, { body: 'older', headers: { 'if-match': etag } })).status, 204)
  await socket.untilFrame(opcodes.text)
  await until('the old socket hears of it', () => textsOf(legacy).some((text) => text.startsWith('pub ')))
  const toldLegacy = textsOf(legacy).length
  const told = socket.frames().filter(({ opcode }) => opcode === opcodes.text).length

  first.process.kill('SIGSTOP')
  const put = (): Promise<Reply> => place.ask(second, 'PUT', path, { body: 'new' })
  await until('the second takes the pod over', async () => (await put()).status < 300, takeoverMs)
  // On their way before it wakes, so that they are the first thing that it sees.
  const now = await place.ask(second, 'GET', path)
  assert.equal(now.text, 'new')
  const asked = [
    place.ask(first, 'GET', path, { agent }),
    place.ask(first, 'GET', path, unchanged),
    place.ask(first, 'GET', pod),
    place.ask(first, 'PUT', path, { body: 'lost' }),
    place.ask(first, 'PUT', path, { body: 'lost', headers: { 'if-match': etag } }),
  ]
  first.process.kill('SIGCONT')
  for (const reply of await Promise.all(asked)) assert.equal(reply.status, 503, reply.text)
  for (let round = 0; round < 50; round++) {
    assertElsewhere(await place.ask(first, 'GET', path, { agent }))
    assertElsewhere(await place.ask(first, 'PUT', path, { body: 'lost', agent }))
  }
  assert.equal(await socket.closeCode(), 1012)
  assert.equal(await legacy.closeCode(), 1012)
  assert.deepEqual(textsOf(legacy).slice(toldLegacy), [])
  const frames = socket.frames().filter(({ opcode }) => opcode === opcodes.text)
  assert.deepEqual(
    frames.slice(told).map(({ payload }) => payload.toString()),
    ['Another server has this pod now: connect again'],
  )
  assert.equal((await place.ask(second, 'GET', path)).text, 'new')
  await assertOneHistory(place)
})

function keptAgent(): Agent & Disposable {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return Object.assign(agent, { [Symbol.dispose]: () => agent.destroy() })
}

async function listen(place: Place, path: string): Promise<RawWebSocket> {
  const topic = new URL(path, place.baseUrl).href
  const body = JSON.stringify({
    '@context': ['https://www.w3.org/ns/solid/notification/v1'],
    type: 'http://www.w3.org/ns/solid/notifications#WebSocketChannel2023',
    topic,
  })
  const headers = { 'content-type': 'application/ld+json' }
  const made = await place.ask(place, 'POST', `${path.split('/', 2).join('/')}/.notifications/WebSocketChannel2023/`, {
    body,
    headers,
  })
  assert.equal(made.status, 200, made.text)
  const { receiveFrom } = JSON.parse(made.text) as { receiveFrom: string }
  return openRawWebSocket(place.port, new URL(receiveFrom).pathname, { Host: place.host })
}

/** Over solid-0.1. */
async function listenAsOfOld(place: Place, pod: string, path: string): Promise<RawWebSocket> {
  const headers = { Host: place.host, 'Sec-WebSocket-Protocol': 'solid-0.1' }
  const socket = await openRawWebSocket(place.port, `${pod}.notifications/solid-0.1`, headers)
  socket.send(opcodes.text, `sub ${new URL(path, place.baseUrl).href}`)
  await until('it is subscribed', () => textsOf(socket).some((text) => text.startsWith('ack ')))
  return socket
}

function textsOf(socket: RawWebSocket): string[] {
  return socket
    .frames()
    .filter(({ opcode }) => opcode === opcodes.text)
    .map(({ payload }) => payload.toString())
}
