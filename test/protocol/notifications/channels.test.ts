// Channels (solid.md section 1.15; clients-and-operators.md B, 20): listed, shown and deleted by who made them and by who
// controls what they listen to, by nobody else, and capped.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { startTestCenter } from '../../support/center.ts'
import { startIssuer } from '../../support/issuer.ts'
import { type Answer, type Client, expectStatus, lines } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { logIn, openWorld } from '../../support/solid-client-world.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import {
  addressOf,
  type ChannelJson,
  jsonLd,
  notify,
  postSubscription,
  subscribe,
  subscriptionTo,
} from '../../support/subscriptions.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const topic = `${fresh()}doc.ttl`
before(async () => {
  await alice.store(topic)
  await protect(alice, topic, { who: 'public', modes: 'R' })
})

async function listed(client: Client, base = pod): Promise<readonly ChannelJson[]> {
  const answer = expectStatus(await client.get(addressOf(base), { Accept: jsonLd }), 200)
  return (JSON.parse(answer.text) as { channel?: ChannelJson[] }).channel ?? []
}

test('the address lists the channels of who asks, and of nobody else', async () => {
  const [ofAlice, ofBob] = [await subscribe(alice, pod, topic), await subscribe(bob, pod, topic)]
  await subscribe(anyone, pod, topic)
  await subscribe(alice, pod, topic, { type: 'StreamingHTTPChannel2023' })
  const { '@context': _, ...expected } = ofBob
  assert.deepEqual(await listed(bob), [expected])
  assert.deepEqual(await listed(anyone), [])
  const turtle = await alice.get(addressOf(pod), { Accept: 'text/turtle' })
  assert.ok(lines(turtle.quads()).includes(`${addressOf(pod)} ${notify}channel ${ofAlice.id}`))
})

test('whose pod it is sees who listens, not where they receive or are sent to, and can end it', async () => {
  const ofBob = await subscribe(bob, pod, topic)
  const hook = await subscribe(bob, pod, topic, { type: 'WebhookChannel2023', sendTo: 'https://hook.example/secret' })
  const ofNobody = await subscribe(anyone, pod, topic)
  const own = await subscribe(alice, pod, topic)
  const seen = await listed(alice)
  assert.equal(seen.find(({ id }) => id === own.id)?.receiveFrom, own.receiveFrom)
  const { id, type, endAt } = ofBob
  const creator = { 'http://purl.org/dc/terms/creator': { '@id': bob.webId } }
  assert.deepEqual(
    seen.find((one) => one.id === id),
    { id, type, topic, ...creator, endAt },
  )
  assert.ok(seen.some((one) => one.id === ofNobody.id && one.receiveFrom === undefined))
  const webhooks = expectStatus(await alice.get(addressOf(pod, 'WebhookChannel2023'), { Accept: jsonLd }), 200)
  assert.ok(webhooks.text.includes(hook.id) && !webhooks.text.includes('hook.example'))
  const shown = expectStatus(await alice.get(hook.id, { Accept: 'text/turtle' }), 200)
  assert.ok(lines(shown.quads()).includes(`${hook.id} http://purl.org/dc/terms/creator ${bob.webId}`))
  assert.ok(!shown.text.includes('hook.example'))
  for (const one of [ofBob, hook]) expectStatus(await alice.delete(one.id), 205)
  expectStatus(await bob.get(ofBob.id), 404)
  assert.ok(!(await listed(bob)).some((one) => one.id === ofBob.id))
})

test('Control of what is listened to is what counts: of one topic it shows its channels by their ids, of no other', async () => {
  const [mine, other] = [`${fresh()}mine.ttl`, `${fresh()}other.ttl`]
  for (const url of [mine, other]) await alice.store(url)
  await protect(alice, mine, { who: { agent: bob.webId! }, modes: 'RC' })
  const [onMine, onOther] = [await subscribe(alice, pod, mine), await subscribe(alice, pod, other)]
  const shown = expectStatus(await bob.get(onMine.id, { Accept: jsonLd }), 200)
  assert.equal((JSON.parse(shown.text) as ChannelJson).receiveFrom, undefined)
  for (const method of ['GET', 'DELETE']) expectStatus(await bob.send(method, onOther.id), 403)
  assert.ok(!(await listed(bob)).some(({ id }) => id === onMine.id || id === onOther.id))
  expectStatus(await bob.delete(onMine.id), 205)
  expectStatus(await alice.get(onMine.id), 404)
})

test('who controls a pod but not a part of it sees nothing of who listens there', async () => {
  const { base } = await world.center.createPod('shared', { webId: alice.webId! })
  const hidden = `${base}hidden.ttl`
  await alice.store(hidden)
  await protect(alice, hidden)
  await protect(alice, base, { who: { agent: bob.webId! }, modes: 'C' })
  const [onHidden, onRoot] = [await subscribe(alice, base, hidden), await subscribe(alice, base, base)]
  assert.deepEqual(
    (await listed(bob, base)).map(({ id }) => id),
    [onRoot.id],
  )
  expectStatus(await bob.get(onHidden.id), 403)
})

test('a channel is shown to who made it as it was answered, in JSON-LD and Turtle', async () => {
  const channel = await subscribe(alice, pod, topic, { rate: 'PT5S', state: 'x' })
  const shown = expectStatus(await alice.get(channel.id, { Accept: jsonLd }), 200)
  assert.deepEqual(JSON.parse(shown.text), channel)
  const turtle = expectStatus(await alice.get(channel.id, { Accept: 'text/turtle' }), 200)
  assert.ok(lines(turtle.quads()).includes(`${channel.id} ${notify}receiveFrom ${channel.receiveFrom}`))
  const head = expectStatus(await alice.head(channel.id), 200)
  assert.equal(head.text, '')
  assert.deepEqual(head.list('allow'), ['GET', 'HEAD', 'OPTIONS', 'DELETE'])
})

test('somebody else gets 403 and the public 401, whatever they do with it, and it stays', async () => {
  const channel = await subscribe(alice, pod, topic)
  for (const [client, status] of [
    [bob, 403],
    [anyone, 401],
  ] as const) {
    for (const method of ['GET', 'HEAD', 'DELETE']) expectStatus(await client.send(method, channel.id), status)
  }
  expectStatus(await alice.get(channel.id), 200)
})

test('DELETE of its id ends a channel: 205, then it is gone for everybody', async () => {
  const channel = await subscribe(alice, pod, topic)
  const answer = expectStatus(await alice.delete(channel.id, { Origin: 'https://app.example' }), 205)
  assert.equal(answer.text, '')
  assert.equal(answer.header('access-control-allow-origin'), 'https://app.example')
  expectStatus(await alice.get(channel.id), 404)
  expectStatus(await alice.delete(channel.id), 404)
  assert.ok(!(await listed(alice)).some(({ id }) => id === channel.id))
})

test('what nobody in particular made can be deleted by who was told its id', async () => {
  const channel = await subscribe(anyone, pod, topic)
  expectStatus(await anyone.get(channel.id), 200)
  expectStatus(await anyone.delete(channel.id), 205)
  expectStatus(await anyone.get(channel.id), 404)
})

test('OPTIONS of a channel says what works, without saying whether it is there; other methods are 405', async () => {
  const channel = await subscribe(alice, pod, topic)
  const missing = channel.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'))
  for (const url of [channel.id, missing]) {
    assert.deepEqual(expectStatus(await anyone.options(url), 204).list('allow'), ['GET', 'HEAD', 'OPTIONS', 'DELETE'])
    const headers = { 'Content-Type': 'text/turtle' }
    for (const method of ['PUT', 'POST', 'PATCH']) {
      const answer = expectStatus(await alice.send(method, url, { headers, body: '' }), 405)
      assert.deepEqual(answer.list('allow'), ['GET', 'HEAD', 'OPTIONS', 'DELETE'])
    }
  }
})

test('a channel is found below its own type and in its own pod only', async () => {
  const channel = await subscribe(alice, pod, topic)
  expectStatus(await alice.get(channel.id.replace('WebSocketChannel2023', 'StreamingHTTPChannel2023')), 404)
  const second = await world.center.createPod('second', { webId: alice.webId! })
  expectStatus(await alice.get(channel.id.replace(pod, second.base)), 404)
  assert.deepEqual(await listed(alice, second.base), [])
})

test('what a channel is received from cannot be had by plain GET of a WebSocket address', async () => {
  const { receiveFrom } = await subscribe(alice, pod, topic)
  const answer = expectStatus(await anyone.get(receiveFrom!.replace(/^ws/, 'http')), 426)
  assert.equal(answer.header('upgrade'), 'websocket')
})

test('channels survive a restart, with their features and where they are received from', async () => {
  await using dir = await temporaryDirectory()
  await using issuer = await startIssuer()
  const owner = await logIn(issuer, 'alice')
  let channel: ChannelJson
  let port: number
  {
    await using first = await startTestCenter({ dataDir: dir.path })
    const { base } = await first.createPod('alice', { webId: owner.webId! })
    port = Number(new URL(first.baseUrl).port)
    channel = await subscribe(owner, base, base, { rate: 'PT1S' })
  }
  await using _again = await startTestCenter({ dataDir: dir.path, listen: { host: '127.0.0.1', port } })
  const answer = expectStatus(await owner.get(channel.id, { Accept: jsonLd }), 200)
  assert.deepEqual(JSON.parse(answer.text), channel)
})

test('a pod that has as many channels as it may answers 429, which names the cap, without Retry-After', async () => {
  await using small = await openWorld({ notificationLimit: 2 })
  const { alice: owner, bob: stranger } = small
  const open = `${small.fresh()}open.ttl`
  await owner.store(open)
  await protect(owner, open, { who: 'public', modes: 'R' })
  const made = [await subscribe(stranger, small.pod, open), await subscribe(small.anyone, small.pod, open)]
  const again = (): Promise<Answer> => postSubscription(stranger, addressOf(small.pod), subscriptionTo(open))
  const answer = expectStatus(await again(), 429)
  assert.equal(answer.header('retry-after'), undefined)
  const problem = JSON.parse(answer.text) as { code: string; detail: string }
  assert.equal(problem.code, 'CHANNELS_FULL')
  assert.match(problem.detail, /the pod may have 2/)
  // Strangers do not shut out its owner.
  await subscribe(owner, small.pod, open)
  expectStatus(await stranger.delete(made[0]!.id), 205)
  expectStatus(await again(), 429)
  expectStatus(await small.anyone.delete(made[1]!.id), 205)
  expectStatus(await again(), 200)
})
