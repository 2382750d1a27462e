// The solid-0.1 socket (--legacy-updates): spoken by hand as solid-spec's api-websockets.md writes it, and by rdflib, which is
// what mashlib listens with.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { Fetcher, graph, sym, UpdateManager } from 'rdflib'

import { SocketListener } from '../support/listening.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'
import { until } from '../support/until.ts'

const world = await openWorld({ legacyUpdates: true })
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, fresh, pod } = world
const address = `${pod.replace('http', 'ws')}.notifications/solid-0.1`

async function publicContainer(): Promise<string> {
  const container = fresh()
  await alice.makeContainer(container)
  await protect(alice, container, { who: 'public', modes: 'R' })
  return container
}

async function open(): Promise<SocketListener> {
  const listener = await SocketListener.open(address, ['solid-0.1'])
  await until('the greeting', () => listener.texts.shift() === 'protocol solid-0.1')
  return listener
}

async function say(listener: SocketListener, text: string): Promise<string> {
  listener.send(text)
  return (await until('an answer', () => listener.texts.shift()))!
}

test('answers name the socket, also where nothing is yet; refusals do not', async () => {
  const container = await publicContainer()
  const url = `${container}a.ttl`
  await alice.store(url)
  for (const method of ['GET', 'HEAD', 'OPTIONS'] as const) {
    assert.equal((await anyone.send(method, url)).header('updates-via'), address, method)
  }
  const [missing, secret] = [await anyone.get(`${container}missing`), await anyone.get(`${pod}profile/missing`)]
  assert.deepEqual([missing.status, missing.header('updates-via')], [404, address])
  assert.deepEqual([secret.status, secret.header('updates-via')], [401, undefined])
})

test('without the setting nothing is named and nothing is served', async () => {
  await using other = await openWorld()
  const answer = await other.anyone.get(other.pod)
  assert.equal(answer.header('updates-via'), undefined)
  await assert.rejects(SocketListener.open(`${other.pod.replace('http', 'ws')}.notifications/solid-0.1`), /404/)
})

test('sub is acknowledged and changes are published, for documents and containers', async () => {
  const container = await publicContainer()
  const url = `${container}a.txt`
  using listener = await open()
  assert.equal(listener.protocol, 'solid-0.1')
  assert.equal(await say(listener, `sub ${url}`), `ack ${url}`)
  assert.equal(await say(listener, `sub ${container}`), `ack ${container}`)
  await alice.store(url, '1', 'text/plain')
  await until('both are published', () => listener.texts.length >= 2)
  assert.deepEqual(listener.texts.sort(), [`pub ${container}`, `pub ${url}`])
})

test('each write is published once', async () => {
  const url = `${await publicContainer()}a.txt`
  using listener = await open()
  await say(listener, `sub ${url}`)
  await say(listener, `sub ${url}`)
  for (let turn = 0; turn < 5; turn++) await alice.store(url, String(turn), 'text/plain')
  await until('all are published', () => listener.texts.length >= 5)
  assert.deepEqual(
    listener.texts,
    Array.from({ length: 5 }, () => `pub ${url}`),
  )
})

test('what not everybody may read cannot be subscribed to, and what is elsewhere neither', async () => {
  const container = fresh()
  await alice.store(`${container}a.txt`, '1', 'text/plain')
  using listener = await open()
  assert.equal(await say(listener, `sub ${container}a.txt`), `err ${container}a.txt forbidden`)
  assert.equal(
    await say(listener, 'sub https://elsewhere.example/a'),
    'err https://elsewhere.example/a not in this storage',
  )
  assert.match(await say(listener, 'hello'), /^warning /)
})

test('what stops being public is published no more', async () => {
  const container = await publicContainer()
  const url = `${container}a.txt`
  await alice.store(url, '0', 'text/plain')
  using listener = await open()
  await say(listener, `sub ${url}`)
  await protect(alice, container)
  await alice.store(url, '1', 'text/plain')
  await protect(alice, container, { who: 'public', modes: 'R' })
  await alice.store(url, '2', 'text/plain')
  await until('one is published', () => listener.texts.length >= 1)
  assert.deepEqual(listener.texts, [`pub ${url}`])
})

test('the end of what was public by an ACL of its own is published', async () => {
  const url = `${fresh()}a.txt`
  await alice.store(url, '0', 'text/plain')
  await protect(alice, url, { who: 'public', modes: 'R' })
  using listener = await open()
  assert.equal(await say(listener, `sub ${url}`), `ack ${url}`)
  await alice.send('DELETE', url)
  await until('it is published', () => listener.texts.length >= 1)
  assert.deepEqual(listener.texts, [`pub ${url}`])
})

test('a client that names no protocol is warned and served', async () => {
  using silent = await SocketListener.open(address)
  await until('a warning', () => silent.texts.some((text) => text.startsWith('warning Missing Sec-WebSocket-Protocol')))
  assert.equal(silent.closed, undefined)
})

test('a socket may have so many subscriptions', async () => {
  const container = await publicContainer()
  using listener = await open()
  for (let turn = 0; turn < 256; turn++) listener.send(`sub ${container}${turn}`)
  await until('all are acknowledged', () => listener.texts.length === 256)
  listener.texts.length = 0
  assert.match(await say(listener, `sub ${container}more`), /^err .* too many subscriptions$/)
})

/** rdflib connects again and again; the test ends what it has opened. */
class KeptWebSocket extends WebSocket {
  static readonly all: WebSocket[] = []
  constructor(url: string) {
    super(url)
    KeptWebSocket.all.push(this)
  }
  static end(): void {
    for (const one of KeptWebSocket.all) {
      one.onclose = null
      one.close()
    }
  }
}

test('rdflib reloads a document that somebody else changed', async (t) => {
  t.mock.method(globalThis, 'WebSocket', KeptWebSocket)
  t.after(() => KeptWebSocket.end())
  const url = `${await publicContainer()}live.ttl`
  await alice.store(url, '<#it> <http://example.org/is> "old".')
  const store = graph()
  const fetcher = new Fetcher(store)
  const updater = new UpdateManager(store)
  await fetcher.load(sym(url))
  let reloads = 0
  updater.addDownstreamChangeListener(sym(url), () => reloads++)
  const { metrics } = world.center
  await until('rdflib listens', () => /^xpod_notify_pods 1$/m.test(metrics.render()))
  await alice.store(url, '<#it> <http://example.org/is> "new".')
  await until('rdflib has read it again', () => reloads > 0)
  assert.equal(store.anyValue(sym(`${url}#it`), sym('http://example.org/is')), 'new')
})
