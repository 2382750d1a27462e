// The root address `/.notifications/…` (requirements M24; rule 22): one address a type for all pods of a server, which forwards
// by topic; and the document of the WebID that webhooks are signed by.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { expectStatus, lines } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'
import {
  addressOf,
  type ChannelJson,
  jsonLd,
  notify,
  oldContext,
  postSubscription,
  subscriptionTo,
  type Type,
} from '../../support/subscriptions.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world
const { baseUrl } = world.center

const root = addressOf(baseUrl)
const topic = `${fresh()}doc.ttl`
const publicTopic = `${fresh()}open.ttl`
before(async () => {
  await alice.store(topic)
  await alice.store(publicTopic)
  await protect(alice, publicTopic, { who: 'public', modes: 'R' })
})

for (const type of ['WebSocketChannel2023', 'WebhookChannel2023', 'StreamingHTTPChannel2023'] as const) {
  test(`M24: GET /.notifications/${type}/ describes the subscription service`, async () => {
    const url = addressOf(baseUrl, type satisfies Type)
    const answer = expectStatus(await anyone.get(url, { Accept: jsonLd }), 200)
    assert.equal(answer.header('content-type'), jsonLd)
    const described = JSON.parse(answer.text) as Record<string, unknown>
    assert.deepEqual(described['@context'], [oldContext])
    assert.equal(described['id'], url)
    assert.equal(described['channelType'], notify + type)
    const turtle = expectStatus(await anyone.get(url, { Accept: 'text/turtle' }), 200)
    assert.ok(lines(turtle.quads()).includes(`${url} ${notify}channelType ${notify}${type}`))
    expectStatus(await anyone.head(url), 200)
    assert.deepEqual(expectStatus(await anyone.options(url), 204).list('allow'), ['GET', 'HEAD', 'OPTIONS', 'POST'])
    expectStatus(await alice.put(url, 'text/turtle', ''), 405)
  })
}

test('M24: POST there makes a channel in the pod of the topic, absolute or relative to the base URL', async () => {
  for (const spelled of [topic, new URL(topic).pathname, topic.slice(baseUrl.length)]) {
    const answer = expectStatus(await postSubscription(alice, root, subscriptionTo(spelled)), 200)
    const channel = JSON.parse(answer.text) as ChannelJson
    assert.equal(channel.topic, topic)
    assert.ok(channel.id.startsWith(addressOf(pod)))
    assert.ok(channel.receiveFrom!.startsWith(addressOf(pod).replace('http', 'ws')))
    expectStatus(await alice.get(channel.id), 200)
  }
})

test('a topic by another loopback name is the same resource', async () => {
  const other = topic.replace('localhost', '127.0.0.1')
  const answer = expectStatus(await postSubscription(alice, root, subscriptionTo(other)), 200)
  assert.equal((JSON.parse(answer.text) as ChannelJson).topic, topic)
})

test('rights are judged there as in the pod', async () => {
  expectStatus(await postSubscription(bob, root, subscriptionTo(topic)), 403)
  const answer = expectStatus(await postSubscription(anyone, root, subscriptionTo(topic)), 401)
  assert.match(answer.header('www-authenticate') ?? '', /DPoP/)
  expectStatus(await postSubscription(anyone, root, subscriptionTo(publicTopic)), 200)
  const headers = { Authorization: 'DPoP x.y.z', DPoP: 'x.y.z', 'Content-Type': jsonLd }
  expectStatus(await anyone.send('POST', root, { headers, body: subscriptionTo(publicTopic) }), 401)
})

test('what is in no pod is 422, and so is another type; media types are refused as in the pod', async () => {
  for (const other of ['https://elsewhere.example/', baseUrl, `${baseUrl}nobody/x`, `${topic}#it`, 'urn:x:y']) {
    const answer = expectStatus(await postSubscription(alice, root, subscriptionTo(other)), 422)
    assert.match((JSON.parse(answer.text) as { detail: string }).detail, /topic/)
  }
  const wrongType = subscriptionTo(topic, { type: 'WebhookChannel2023' })
  expectStatus(await postSubscription(alice, root, wrongType), 422)
  expectStatus(await postSubscription(alice, root, subscriptionTo(topic), 'text/plain'), 415)
})

for (const path of ['', 'x', 'WebSocketChannel2023/x', `WebSocketChannel2023/${crypto.randomUUID()}`]) {
  test(`nothing else is there: /.notifications/${path}`, async () => {
    expectStatus(await alice.get(`${baseUrl}.notifications/${path}`), 404)
  })
}

test('answers there can be read from other origins, refusals too, and preflights need no login', async () => {
  const Origin = 'https://app.example'
  const answers = [
    await anyone.get(root, { Origin }),
    await anyone.get(`${root}x`, { Origin }),
    await anyone.send('POST', root, { headers: { Origin, 'Content-Type': jsonLd }, body: subscriptionTo(topic) }),
    await anyone.options(root, { Origin, 'Access-Control-Request-Method': 'POST' }),
  ]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 404, 401, 204],
  )
  for (const answer of answers) assert.equal(answer.header('access-control-allow-origin'), Origin)
})

test('the WebID that webhooks are signed by has a document that names this server as its issuer', async () => {
  const sender = `${baseUrl}.notifications/WebhookChannel2023/sender`
  const answer = expectStatus(await anyone.get(sender, { Accept: 'text/turtle' }), 200)
  assert.equal(answer.header('content-type'), 'text/turtle')
  assert.deepEqual(lines(answer.quads()), [`${sender} http://www.w3.org/ns/solid/terms#oidcIssuer ${baseUrl}`])
  const json = expectStatus(await anyone.get(sender, { Accept: jsonLd }), 200)
  assert.equal((JSON.parse(json.text) as { '@id': string })['@id'], sender)
  expectStatus(await alice.put(sender, 'text/turtle', ''), 405)
})

test('pods with a host of their own are found by their topic, and have addresses at their host', async () => {
  await using hosts = await openWorld({ pods: 'host' })
  const { alice: owner, center } = hosts
  assert.match(hosts.pod, /^http:\/\/alice\.localhost:/)
  const made = await postSubscription(owner, addressOf(center.baseUrl), subscriptionTo(hosts.pod))
  const channel = JSON.parse(expectStatus(made, 200).text) as ChannelJson
  assert.ok(channel.id.startsWith(addressOf(hosts.pod)))
  expectStatus(await postSubscription(owner, addressOf(hosts.pod), subscriptionTo('/')), 200)
  expectStatus(await owner.delete(channel.id), 205)
})
