// Subscribers and bad surroundings, against bin/xpod: a server that is killed between commit and message, readers that are slow
// or gone, and many at once. The number of the many comes from XPOD_TEST_ROUNDS_SUBSCRIBERS.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import { LoadClient } from '../support/load-client.ts'
import { Scene } from '../support/load-scene.ts'
import { type Message, sendAsAnybody, SocketListener, StreamListener, subscribe } from '../support/listening.ts'
import { lacks, openFileLimit, rounds } from '../support/needs.ts'
import { until } from '../support/until.ts'
import { startTarget } from '../support/webhook-target.ts'

const kills = rounds('CRASH', 4)
const wished = rounds('SUBSCRIBERS', 400)
const maxBytesPerSubscriber = 25 * 1024
const writers = 4
const listenerOf: Readonly<Record<string, { open(url: string): Promise<SocketListener | StreamListener> }>> = {
  WebSocketChannel2023: SocketListener,
  StreamingHTTPChannel2023: StreamListener,
}
const text = { 'content-type': 'text/plain' }
const mebibyte = 1 << 20
/** Memory of another process is read from /proc. */
const linux = { skip: process.platform !== 'linux' }

async function metric(scene: Scene, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${scene.adminPort}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1] ?? Number.NaN)
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

test(`what was acknowledged is heard, although the server is killed ${kills} times between commit and message`, async () => {
  await using scene = await Scene.open()
  let running = await scene.start()
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const container = `${pod}watched/`
  const setUp = new LoadClient(scene.baseUrl)
  assert.equal((await setUp.send('PUT', container, { headers: { 'content-type': 'text/turtle' } })).status, 201)
  setUp.close()
  const { receiveFrom } = await subscribe(sendAsAnybody, { pod, topic: container })
  const acknowledged: string[] = []
  const heard: Message[] = []
  let serial = 0

  for (let round = 0; round < kills; round++) {
    using listener = await SocketListener.open(receiveFrom)
    const clients = Array.from({ length: writers }, () => new LoadClient(scene.baseUrl))
    const before = acknowledged.length
    const writing = clients.map(async (client) => {
      for (;;) {
        const url = `${container}${++serial}.txt`
        const answer = await client.send('PUT', url, { headers: text, body: 'x' }).catch(() => undefined)
        if (answer?.status === 201) acknowledged.push(url)
        else if (answer === undefined) return
      }
    })
    await until('writes were acknowledged', () => acknowledged.length > before + 20)
    // What is on the way to every other listener never arrives.
    if (round % 2 === 1) listener.pause()
    await until('more writes were acknowledged', () => acknowledged.length > before + 40)
    // Right behind an answer, so that messages are still to be sent.
    await running.kill()
    await Promise.all(writing)
    for (const client of clients) client.close()
    heard.push(...listener.messages)
    running = await scene.start()
  }

  using last = await SocketListener.open(receiveFrom)
  const missing = (): string[] => {
    const objects = new Set([...heard, ...last.messages].map(({ object }) => object))
    return acknowledged.filter((url) => !objects.has(url))
  }
  await until('everything acknowledged was heard', () => missing().length === 0)
  const ids = new Map<string, string>()
  for (const { object, id, type } of [...heard, ...last.messages]) {
    assert.equal(type, 'Add')
    assert.equal(ids.get(object) ?? id, id, 'what is heard again has another id')
    ids.set(object, id)
  }
})

test('a write whose message still waits when the server is killed is heard after the restart', async () => {
  await using scene = await Scene.open()
  const first = await scene.start()
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const url = `${pod}a.txt`
  const wish = { pod, topic: url, features: { rate: 'PT30S' } }
  const { receiveFrom } = await subscribe(sendAsAnybody, wish)
  const client = new LoadClient(scene.baseUrl)
  using listener = await SocketListener.open(receiveFrom)
  await client.send('PUT', url, { headers: text, body: '1' })
  await listener.heard(1)
  const { status } = await client.send('PUT', url, { headers: text, body: '2' })
  assert.equal(status, 204)
  client.close()
  await first.kill()
  assert.equal(listener.messages.length, 1)
  await scene.start()
  using again = await SocketListener.open(receiveFrom)
  await again.heard(1)
  const present = await fetch(url, { method: 'HEAD' })
  assert.equal(again.messages[0]!.state, present.headers.get('etag'))
})

test('what a subscriber confirmed is not heard again after a restart, and the rest is', async () => {
  await using scene = await Scene.open()
  const first = await scene.start()
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const client = new LoadClient(scene.baseUrl)
  const url = `${pod}a.txt`
  const { receiveFrom } = await subscribe(sendAsAnybody, { pod, topic: url })
  {
    using listener = await SocketListener.open(receiveFrom)
    await client.send('PUT', url, { headers: text, body: '1' })
    await listener.heard(1)
    await until('the ping of a look after it was answered', () =>
      metric(scene, 'xpod_notify_confirmed_total').then((n) => n > 0),
    )
  }
  await client.send('PUT', url, { headers: text, body: '2' })
  client.close()
  assert.equal(await first.stop(), 0)
  await scene.start()
  using listener = await SocketListener.open(receiveFrom)
  assert.deepEqual(await listener.heard(1), [`Update ${url}`])
})

test(
  'a subscriber that takes nothing costs little, disturbs nobody, and hears one Update when it comes back',
  linux,
  async () => {
    await using scene = await Scene.open()
    const running = await scene.start()
    const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
    // A long name makes long messages, of which the kernel holds fewer.
    const container = `${pod}${`${'a'.repeat(200)}/`.repeat(8)}`
    const clients = Array.from({ length: 4 * writers }, () => new LoadClient(scene.baseUrl))
    assert.equal((await clients[0]!.send('PUT', container, { headers: { 'content-type': 'text/turtle' } })).status, 201)
    const wish = { pod, topic: container }
    using slow = await SocketListener.open((await subscribe(sendAsAnybody, wish)).receiveFrom)
    using fast = await SocketListener.open((await subscribe(sendAsAnybody, wish)).receiveFrom)
    slow.pause()
    const before = residentBytes(running.pid)
    const collapsed = (): Promise<number> =>
      metric(scene, 'xpod_notify_dropped_total\\{channel="websocket",reason="collapsed"\\}')
    let writes = 0
    // The kernel holds megabytes for it first. Different documents may share a commit, so this takes no longer than it must.
    const writing = clients.map(async (client, index) => {
      for (let turn = 0; turn % 50 !== 0 || turn === 0 || (await collapsed()) === 0; turn++) {
        const { status } = await client.send('PUT', `${container}${index}-${turn}`, { headers: text, body: 'x' })
        assert.equal(status, 201)
        writes++
        if (writes > 60_000) return
      }
    })
    await Promise.all(writing)
    assert.ok((await collapsed()) > 0, `nothing collapsed in ${writes} writes`)
    await fast.heard(writes)
    assert.ok(residentBytes(running.pid) - before < 150 * mebibyte)
    slow.resume()
    const etag = (await clients[0]!.send('HEAD', container)).headers.etag
    await until('it has heard of the present state', () => slow.messages.at(-1)?.state === etag)
    assert.ok(slow.messages.length < writes)
    for (const client of clients) client.close()
  },
)

test('a subscriber that goes without a word is forgotten', async () => {
  await using scene = await Scene.open()
  await scene.start()
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const wish = { pod, topic: `${pod}a.txt` }
  const socket = await SocketListener.open((await subscribe(sendAsAnybody, wish)).receiveFrom)
  const stream = await StreamListener.open(
    (await subscribe(sendAsAnybody, { ...wish, type: 'StreamingHTTPChannel2023' })).receiveFrom,
  )
  await until('both listen', async () => (await metric(scene, 'xpod_notify_listened')) === 2)
  socket[Symbol.dispose]()
  stream[Symbol.dispose]()
  await until('nobody listens', async () => (await metric(scene, 'xpod_notify_listened')) === 0)
  await until('no feed is followed', async () => (await metric(scene, 'xpod_notify_pods')) === 0)
})

test('at a stop sockets are closed with 1012, streams end properly, and the server exits 0', async () => {
  await using scene = await Scene.open()
  const running = await scene.start()
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const wish = { pod, topic: `${pod}a.txt` }
  using socket = await SocketListener.open((await subscribe(sendAsAnybody, wish)).receiveFrom)
  using stream = await StreamListener.open(
    (await subscribe(sendAsAnybody, { ...wish, type: 'StreamingHTTPChannel2023' })).receiveFrom,
  )
  assert.equal(await running.stop(), 0)
  assert.equal((await socket.end()).code, 1012)
  await until('the stream has ended', () => stream.isOver)
})

for (const type of ['WebSocketChannel2023', 'StreamingHTTPChannel2023'] as const) {
  test(`${wished} subscribers hear one change, and another of a few beside them: ${type}`, linux, async (t) => {
    const many = Math.min(wished, openFileLimit() - 500)
    if (many < wished) t.diagnostic(`SCALED DOWN to ${many}: ${String(lacks('connections', false))}`)
    await using scene = await Scene.open()
    const running = await scene.start()
    const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
    const [all, few] = [`${pod}all.txt`, `${pod}few.txt`]
    const client = new LoadClient(scene.baseUrl)
    const topics = Array.from({ length: many }, (_, index) => (index % 20 === 0 ? few : all))
    const channels = await each(topics, (topic) => subscribe(sendAsAnybody, { pod, topic, type }))
    const before = residentBytes(running.pid)
    const listeners = await each(channels, ({ receiveFrom }) => listenerOf[type]!.open(receiveFrom))
    const perSubscriber = (residentBytes(running.pid) - before) / many
    t.diagnostic(`${many} subscribers, ${Math.round(perSubscriber)} bytes each`)
    // Of fewer, what the process keeps anyway is the larger part.
    if (many >= 2000)
      assert.ok(perSubscriber < maxBytesPerSubscriber, `${Math.round(perSubscriber)} bytes for a subscriber`)

    const startMs = performance.now()
    assert.equal((await client.send('PUT', all, { headers: text, body: 'x' })).status, 201)
    assert.equal((await client.send('PUT', few, { headers: text, body: 'x' })).status, 201)
    await until('everybody has heard', () => listeners.every(({ messages }) => messages.length === 1), 20_000)
    t.diagnostic(`all have heard after ${Math.round(performance.now() - startMs)} ms`)
    assert.equal(listeners.filter(({ messages }) => messages[0]!.object === few).length, Math.ceil(many / 20))
    for (const one of listeners) one[Symbol.dispose]()
    await until('all are forgotten', async () => (await metric(scene, 'xpod_notify_listened')) === 0, 20_000)
    client.close()
  })
}

test(`${wished} webhooks of twenty receivers, of which one is dead, hear one change`, async (t) => {
  await using stack = new AsyncDisposableStack()
  const targets = await each(Array.from({ length: 19 }), async () => stack.use(await startTarget()))
  const dead = await startTarget()
  await dead[Symbol.asyncDispose]()
  await using scene = await Scene.open()
  await scene.start()
  const pod = new URL(await scene.createPod('alice'), scene.baseUrl).href
  const url = `${pod}a.txt`
  const urls = [...targets, dead].map((target) => target.url)
  const hooks = Array.from({ length: wished }, (_, index) => `${urls[index % urls.length]}?${index}`)
  const type = 'WebhookChannel2023'
  await each(hooks, (sendTo) => subscribe(sendAsAnybody, { pod, topic: url, type, features: { sendTo } }))
  const startMs = performance.now()
  const client = new LoadClient(scene.baseUrl)
  assert.equal((await client.send('PUT', url, { headers: text, body: 'x' })).status, 201)
  client.close()
  const alive = hooks.filter((hook) => !hook.startsWith(dead.url)).length
  const heard = (): number => targets.reduce((sum, target) => sum + target.heard.length, 0)
  await until('every living target has heard for each of its channels', () => heard() >= alive, 20_000 + 20 * wished)
  t.diagnostic(`${alive} webhooks in ${Math.round(performance.now() - startMs)} ms`)
  assert.equal(heard(), alive)
  assert.ok(targets.every(({ heard }) => heard.every(({ message }) => message.type === 'Create')))
})

/** Fifty at a time. */
async function each<In, Out>(all: readonly In[], one: (given: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  while (results.length < all.length) {
    results.push(...(await Promise.all(all.slice(results.length, results.length + 50).map(one))))
  }
  return results
}
