// People who want to hear what is not theirs, or to have the server work for them: spellings of topics, subscriptions that are
// hard to read, ids and secrets of others. Where webhooks may send is in subscribing.test.ts, what names resolve to in
// test/pod/notify/webhooks/failures.test.ts.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { SocketListener } from '../../support/listening.ts'
import { type Answer, type Client, expectStatus } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'
import { addressOf, notify, postSubscription, subscribe, subscriptionTo } from '../../support/subscriptions.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, center, fresh, pod } = world
const socket = addressOf(pod)

/** Bob may read what is open and append to it; the rest is Alice's. */
const container = fresh()
const open = `${container}open.ttl`
const secret = `${container}secret.ttl`
before(async () => {
  await alice.store(open)
  await alice.store(secret)
  await protect(alice, open, { who: { agent: bob.webId! }, modes: 'RA' })
})

function ask(client: Client, topic: string, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  return postSubscription(client, socket, subscriptionTo(topic, more))
}

test('no spelling of a topic is judged as something else than it is', async () => {
  const parts = [
    'secret.ttl',
    '%73ecret.ttl',
    'secret%2Ettl',
    'open.ttl/../secret.ttl',
    'open.ttl/%2e%2e/secret.ttl',
    './secret.ttl',
    'secret.ttl.meta',
    'secret.ttl.acl',
    'open.ttl.acl',
    'open.ttl%2Eacl',
    '.acl',
    '%2Eacl',
    '.meta',
    '',
  ]
  for (const part of parts) {
    const { status } = await ask(bob, container + part)
    assert.ok(status === 403 || status === 422, `${part}: ${status}`)
    assert.notEqual((await ask(anyone, container + part)).status, 200, part)
  }
})

test('a topic that is spelled otherwise is heard as the one it is', async () => {
  const { topic, receiveFrom } = await subscribe(bob, pod, `${container}%6Fpen%2ettl`)
  assert.equal(topic, open)
  using listener = await SocketListener.open(receiveFrom!)
  await alice.store(open, '<a> <b> 1.')
  assert.deepEqual(await listener.heard(1), [`Update ${open}`])
})

test('the other slash form of a resource is nothing to hear of', async () => {
  const twin = open.replace(/$/, '/')
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
  const { receiveFrom } = await subscribe(bob, pod, twin)
  const { receiveFrom: own } = await subscribe(bob, pod, open)
  using ofTwin = await SocketListener.open(receiveFrom!)
  using ofOpen = await SocketListener.open(own!)
  await alice.store(open, '<a> <b> 2.')
  await ofOpen.heard(1)
  assert.deepEqual(ofTwin.brief, [])
  await protect(alice, container, { who: { agent: bob.webId! }, modes: '' })
})

test('a topic of another pod is judged there or nowhere', async () => {
  const { base } = await center.createPod('other', { webId: alice.webId! })
  expectStatus(await ask(alice, base), 422)
  for (const address of [base, center.baseUrl]) {
    expectStatus(await postSubscription(bob, addressOf(address), subscriptionTo(`${base}x.ttl`)), 403)
  }
})

test('a subscription that says more than it should is refused or says only what it may', async () => {
  const channel = await subscribe(bob, pod, open, {
    id: `${addressOf(pod)}mine`,
    receiveFrom: 'wss://evil.example/',
    [`${notify}sender`]: 'https://evil.example/#me',
    'http://purl.org/dc/terms/creator': { id: alice.webId },
  })
  assert.match(channel.id, /WebSocketChannel2023\/[0-9a-f-]{36}$/)
  assert.ok(channel.receiveFrom!.startsWith(pod.replace('http', 'ws')))
  assert.ok(!JSON.stringify(channel).includes('evil'))
  assert.equal((await alice.get(channel.id)).text.includes('receiveFrom'), false)
})

const hostile: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'a long accept': { accept: `${'text/x;q=0.1, '.repeat(400)}text/turtle` },
  'an accept of nothing': { accept: 'text/turtle;q=0, application/ld+json;q=0' },
  'a time that never was': { startAt: '2026-13-01T00:00:00Z' },
  'a leap second in February': { endAt: '2030-02-28T23:59:60Z' },
  'a time of many digits': { endAt: '99999-01-01T00:00:00Z' },
  'a negative rate': { rate: '-P1D' },
  'a rate of nothing': { rate: 'P' },
  'a rate of many digits': { rate: `PT${'9'.repeat(300)}S` },
  'a long state': { state: 'x'.repeat(300) },
  'a list for a state': { state: { '@list': ['a', 'b'] } },
}
for (const [what, more] of Object.entries(hostile)) {
  test(`what makes no sense is 422: ${what}`, async () => {
    expectStatus(await ask(bob, open, more), 422)
  })
}

test('a rate beyond the life of a channel is as long as that, and a start long ago is one', async () => {
  const { rate, endAt } = await subscribe(bob, pod, open, { rate: 'P999999Y', startAt: '0001-01-01T00:00:00Z' })
  assert.equal(rate, `PT${14 * 86_400}S`)
  assert.ok(Date.parse(endAt!) > Date.now())
})

test('nests, bombs and other contexts cost a refusal and no more', async () => {
  const nest = `${'['.repeat(3000)}${']'.repeat(3000)}`
  const blank = `${'[<a> '.repeat(1000)}1${']'.repeat(1000)} <b> <c>.`
  const startMs = performance.now()
  expectStatus(await postSubscription(bob, socket, nest), 422)
  expectStatus(await postSubscription(bob, socket, blank, 'text/turtle'), 422)
  expectStatus(await ask(bob, open, { '@context': { '@import': 'https://evil.example/c', '@version': 1.1 } }), 422)
  assert.ok(performance.now() - startMs < 10_000)
})

test('an id or a secret that is guessed, or of another type or pod, opens nothing', async () => {
  const { id, receiveFrom } = await subscribe(alice, pod, secret)
  for (const method of ['GET', 'DELETE', 'HEAD']) expectStatus(await bob.send(method, id), 403)
  for (const url of [
    receiveFrom!.replace('WebSocketChannel2023', 'StreamingHTTPChannel2023').replace(/^ws/, 'http'),
    receiveFrom!.replace(/^ws/, 'http').replace(/[^/]+$/, ''),
    `${id}/`,
    `${id}/receive/x`,
  ]) {
    const { status } = await bob.get(url)
    assert.ok(status === 404, `${url}: ${status}`)
  }
  using guessed = await SocketListener.open(receiveFrom!.replace(/[^/]+$/, 'A'.repeat(32)))
  assert.equal((await guessed.end()).code, 1008)
})
