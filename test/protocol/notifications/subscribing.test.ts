// Solid Notifications Protocol, Subscription Request and Response, Notification Features (solid.md section 1.15;
// clients-and-operators.md B, 26): what is accepted in which spelling, what comes back, and what is refused how.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { type Answer, type Client, expectStatus, lines } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'
import {
  addressOf,
  type ChannelJson,
  jsonLd,
  newContext,
  notify,
  oldContext,
  postSubscription,
  subscribe,
  subscriptionTo,
} from '../../support/subscriptions.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const dayMs = 86_400_000
const topic = `${fresh()}doc.ttl`
const publicTopic = `${fresh()}open.ttl`
const hook = 'http://127.0.0.1:9/hook'
before(async () => {
  await alice.store(topic)
  await alice.store(publicTopic)
  await protect(alice, publicTopic, { who: 'public', modes: 'R' })
})

const socket = addressOf(pod)
const channelIn = (answer: Answer): ChannelJson => JSON.parse(expectStatus(answer, 200).text) as ChannelJson

async function refused(body: string, status: number, detail: RegExp, client: Client = alice): Promise<void> {
  const answer = expectStatus(await postSubscription(client, socket, body), status)
  assert.equal(answer.header('content-type'), 'application/problem+json')
  const problem = JSON.parse(answer.text) as { code: string; detail: string }
  assert.match(problem.detail, detail)
  if (status === 422) assert.equal(problem.code, 'SUBSCRIPTION_INVALID')
}

test('the answer is 200 application/ld+json with @context, id, type, topic and receiveFrom', async () => {
  const answer = expectStatus(await postSubscription(alice, socket, subscriptionTo(topic)), 200)
  assert.equal(answer.header('content-type'), jsonLd)
  assert.equal(answer.header('location'), undefined)
  assert.match(answer.header('cache-control') ?? '', /no-store/)
  const channel = JSON.parse(answer.text) as ChannelJson
  assert.deepEqual(channel['@context'], [oldContext])
  assert.equal(channel.type, `${notify}WebSocketChannel2023`)
  assert.equal(channel.topic, topic)
  assert.ok(channel.id.startsWith(socket))
  assert.ok(channel.receiveFrom!.startsWith(`${socket.replace(/^http/, 'ws')}receive/`))
})

test('every channel has an id and a secret of its own, of 128 bits or more', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => subscribe(alice, pod, topic)))
  const secrets = made.map(({ receiveFrom }) => receiveFrom!.split('/').at(-1)!)
  assert.equal(new Set(secrets).size, 5)
  assert.equal(new Set(made.map(({ id }) => id)).size, 5)
  for (const [index, secret] of secrets.entries()) {
    assert.ok(Buffer.from(secret, 'base64url').length >= 16)
    assert.ok(!made[index]!.id.includes(secret))
  }
})

test('the full type IRI and the short name mean the same, in either context, as text or list', async () => {
  for (const context of [oldContext, newContext, [oldContext], [newContext]]) {
    for (const type of ['WebSocketChannel2023', `${notify}WebSocketChannel2023`, 'notify:WebSocketChannel2023']) {
      const body = JSON.stringify({ '@context': context, type, topic })
      const channel = channelIn(await postSubscription(alice, socket, body))
      assert.equal(channel.type, `${notify}WebSocketChannel2023`)
      assert.deepEqual(channel['@context'], [context].flat(), 'the answer names the context that was sent')
    }
  }
})

test('JSON-LD in any shape is understood: expanded, with other contexts beside, with @id and @type', async () => {
  const bodies = [
    [{ '@type': [`${notify}WebSocketChannel2023`], [`${notify}topic`]: [{ '@id': topic }] }],
    { '@context': ['https://www.w3.org/ns/activitystreams', oldContext], type: 'WebSocketChannel2023', topic },
    { '@context': { n: notify }, '@type': 'n:WebSocketChannel2023', 'n:topic': { '@id': topic } },
    { '@context': [oldContext], id: '', type: 'WebSocketChannel2023', topic: [topic], other: 'is passed over' },
  ]
  for (const body of bodies) {
    assert.equal(channelIn(await postSubscription(alice, socket, JSON.stringify(body))).topic, topic)
  }
})

test('Turtle with a blank node is taken and answered in Turtle', async () => {
  const body = `@prefix notify: <${notify}>.\n_:b a notify:WebSocketChannel2023; notify:topic <${topic}>.`
  const headers = { 'Content-Type': 'text/turtle', Accept: 'text/turtle' }
  const answer = expectStatus(await alice.send('POST', socket, { headers, body }), 200)
  assert.equal(answer.header('content-type'), 'text/turtle')
  const quads = answer.quads()
  const [id] = quads.filter(({ predicate }) => predicate.value.endsWith('#type')).map(({ subject }) => subject.value)
  assert.ok(id!.startsWith(socket))
  assert.ok(lines(quads).includes(`${id} ${notify}topic ${topic}`))
  assert.equal(quads.filter(({ predicate }) => predicate.value === `${notify}receiveFrom`).length, 1)
  assert.equal(quads.filter(({ predicate }) => predicate.value.endsWith('#type')).length, 1)
})

test('the answer is of the type that Accept names, else of the type of the request', async () => {
  const turtle = `<> a <${notify}WebSocketChannel2023>; <${notify}topic> <${topic}>.`
  const cases = [
    ['text/turtle', turtle, undefined, 'text/turtle'],
    ['text/turtle', turtle, '*/*', 'text/turtle'],
    ['text/turtle', turtle, jsonLd, jsonLd],
    [jsonLd, subscriptionTo(topic), undefined, jsonLd],
    [jsonLd, subscriptionTo(topic), 'text/turtle', 'text/turtle'],
  ] as const
  for (const [type, body, accept, expected] of cases) {
    const headers = { 'Content-Type': type, ...(accept === undefined ? {} : { Accept: accept }) }
    const answer = expectStatus(await alice.send('POST', socket, { headers, body }), 200)
    assert.equal(answer.header('content-type'), expected)
  }
  const headers = { 'Content-Type': jsonLd, Accept: 'image/png' }
  expectStatus(await alice.send('POST', socket, { headers, body: subscriptionTo(topic) }), 406)
})

test('a StreamingHTTPChannel2023 has an http receiveFrom', async () => {
  const channel = await subscribe(alice, pod, topic, { type: 'StreamingHTTPChannel2023' })
  assert.ok(channel.receiveFrom!.startsWith(`${addressOf(pod, 'StreamingHTTPChannel2023')}receive/`))
})

test('sendTo may be a text, as scripts without the context send it', async () => {
  const body = {
    '@type': [`${notify}WebhookChannel2023`],
    [`${notify}topic`]: [{ '@id': topic }],
    [`${notify}sendTo`]: hook,
  }
  const webhooks = addressOf(pod, 'WebhookChannel2023')
  assert.equal(channelIn(await postSubscription(alice, webhooks, JSON.stringify(body))).sendTo, hook)
  const bad = JSON.stringify({ ...body, [`${notify}sendTo`]: 'no URL' })
  expectStatus(await postSubscription(alice, webhooks, bad), 422)
})

test('a WebhookChannel2023 has sender and sendTo, and nothing to receive from', async () => {
  const channel = await subscribe(alice, pod, topic, { type: 'WebhookChannel2023', sendTo: hook })
  assert.equal(channel.sendTo, hook)
  assert.equal(channel.sender, `${world.center.baseUrl}.notifications/WebhookChannel2023/sender`)
  assert.equal(channel.receiveFrom, undefined)
})

// What is refused

test('an unsupported profile parameter is 415, and the profiles of this protocol are not', async () => {
  const post = (type: string): Promise<Answer> => postSubscription(alice, socket, subscriptionTo(topic), type)
  for (const profile of ['https://other.example/', `${oldContext} https://other.example/`]) {
    expectStatus(await post(`${jsonLd}; profile="${profile}"`), 415)
  }
  expectStatus(await post(`${jsonLd};profile=x`), 415)
  for (const profile of [oldContext, newContext, 'http://www.w3.org/ns/json-ld#compacted']) {
    expectStatus(await post(`${jsonLd}; profile="${profile}"`), 200)
  }
})

test('another media type is 415 and says which are taken; none is 400', async () => {
  for (const type of ['application/json', 'text/plain', 'application/n-triples']) {
    const answer = expectStatus(await postSubscription(alice, socket, subscriptionTo(topic), type), 415)
    assert.deepEqual(answer.list('accept-post'), ['application/ld+json', 'text/turtle'])
  }
  expectStatus(await alice.send('POST', socket, { body: subscriptionTo(topic) }), 400)
})

test('bad content is 422', async () => {
  await refused('{ not json', 422, /syntax/i)
  await refused('"text"', 422, /./)
  await refused('', 422, /./)
  expectStatus(await postSubscription(alice, socket, '<a> <b> .', 'text/turtle'), 422)
})

test('an unknown context is 422 and never fetched', async () => {
  await refused(
    JSON.stringify({ '@context': `${world.issuer.url}context.jsonld`, type: 'WebSocketChannel2023', topic }),
    422,
    /context/,
  )
  assert.ok(!world.issuer.requests.some((path) => path.includes('context.jsonld')))
  await refused(JSON.stringify({ type: `${notify}WebSocketChannel2023`, topic }), 422, /topic/)
})

test('an unknown type is 422, and so is none, two, and one of another address', async () => {
  await refused(subscriptionTo(topic, { type: `${notify}OtherChannel2023` }), 422, /type/)
  await refused(subscriptionTo(topic, { type: undefined }), 422, /type/)
  await refused(subscriptionTo(topic, { type: ['WebSocketChannel2023', 'WebhookChannel2023'] }), 422, /type/)
  await refused(subscriptionTo(topic, { type: 'StreamingHTTPChannel2023' }), 422, /WebSocketChannel2023/)
})

test('a missing topic, two topics and two subscriptions are 422', async () => {
  await refused(subscriptionTo(topic, { topic: undefined }), 422, /topic/)
  await refused(subscriptionTo(topic, { topic: [topic, publicTopic] }), 422, /more than one topic/)
  const one = { type: `${notify}WebSocketChannel2023`, topic }
  await refused(JSON.stringify({ '@context': oldContext, '@graph': [one, one] }), 422, /two/)
})

test('a topic that is no resource of the pod is 422', async () => {
  const elsewhere = 'https://elsewhere.example/doc'
  for (const other of [elsewhere, `${world.center.baseUrl}bob/`, 'urn:isbn:1', `${topic}#it`, `${topic}?x=1`]) {
    await refused(subscriptionTo(other), 422, /topic/)
  }
  for (const name of ['.notifications/WebSocketChannel2023/', '.well-known/solid', '.internal/x']) {
    await refused(subscriptionTo(pod + name), 422, /topic/)
  }
})

test('a relative topic is relative to the pod', async () => {
  const path = topic.slice(pod.length)
  for (const relative of [path, `./${path}`, new URL(topic).pathname]) {
    assert.equal(channelIn(await postSubscription(alice, socket, subscriptionTo(relative))).topic, topic)
  }
})

test('without Read on the topic it is 401 for the public, with a challenge, and 403 for somebody', async () => {
  const answer = expectStatus(await postSubscription(anyone, socket, subscriptionTo(topic)), 401)
  assert.match(answer.header('www-authenticate') ?? '', /DPoP/)
  expectStatus(await postSubscription(bob, socket, subscriptionTo(topic)), 403)
})

test('without Read nothing tells whether the topic exists', async () => {
  for (const client of [anyone, bob]) {
    const [there, missing] = await Promise.all(
      [topic, `${pod}not-there`].map((one) => postSubscription(client, socket, subscriptionTo(one))),
    )
    assert.equal(there!.status, missing!.status)
    assert.equal(there!.text, missing!.text)
  }
})

test('anyone may subscribe to what anyone may read, and to nothing beside it', async () => {
  for (const type of ['WebSocketChannel2023', 'StreamingHTTPChannel2023'] as const) {
    assert.equal((await subscribe(anyone, pod, publicTopic, { type })).topic, publicTopic)
  }
  expectStatus(await postSubscription(anyone, socket, subscriptionTo(new URL('.', publicTopic).href)), 401)
})

test('a topic need not exist yet for who may read it, and an ACL is a topic for who controls it', async () => {
  const missing = `${fresh()}later.ttl`
  assert.equal((await subscribe(alice, pod, missing)).topic, missing)
  assert.equal((await subscribe(alice, pod, `${publicTopic}.acl`)).topic, `${publicTopic}.acl`)
  expectStatus(await postSubscription(bob, socket, subscriptionTo(`${publicTopic}.acl`)), 403)
})

test('a bad token is 401, never taken for nobody', async () => {
  const headers = { Authorization: 'DPoP x.y.z', DPoP: 'x.y.z', 'Content-Type': jsonLd }
  expectStatus(await anyone.send('POST', socket, { headers, body: subscriptionTo(publicTopic) }), 401)
})

test('a body above 8 KiB is 413', async () => {
  const body = subscriptionTo(topic, { padding: 'x'.repeat(8 * 1024) })
  expectStatus(await postSubscription(alice, socket, body), 413)
})

// Features

test('features that are accepted are in the answer', async () => {
  const nowMs = Date.now()
  const [startAt, endAt] = [nowMs + dayMs, nowMs + 2 * dayMs].map((ms) => new Date(ms).toISOString())
  const channel = await subscribe(alice, pod, topic, {
    startAt,
    endAt,
    rate: 'PT2.5S',
    accept: 'text/turtle',
    state: '"abc"',
  })
  assert.equal(channel.startAt, startAt)
  assert.equal(channel.endAt, endAt)
  assert.equal(channel.rate, 'PT2.5S')
  assert.equal(channel.accept, 'text/turtle')
  assert.equal(channel.state, '"abc"')
})

test('endAt is at most 14 days ahead, which is also what it is when nothing is said', async () => {
  const ends = async (more: object): Promise<number> => {
    const { endAt } = await subscribe(alice, pod, topic, { ...more })
    return Date.parse(endAt!) - Date.now()
  }
  for (const more of [{}, { endAt: '2199-01-01T00:00:00Z' }]) {
    const aheadMs = await ends(more)
    assert.ok(aheadMs > 14 * dayMs - 60_000 && aheadMs <= 14 * dayMs, String(aheadMs))
  }
})

test('accept has the syntax of the Accept header', async () => {
  const cases: Readonly<Record<string, string>> = {
    '*/*': jsonLd,
    'text/*': 'text/turtle',
    'text/turtle;q=0.5, application/ld+json': jsonLd,
    'application/ld+json;q=0.1, text/turtle': 'text/turtle',
  }
  for (const [accept, chosen] of Object.entries(cases)) {
    assert.equal((await subscribe(alice, pod, topic, { accept })).accept, chosen, accept)
  }
})

const wrong: Readonly<Record<string, readonly [string, RegExp]>> = {
  'startAt is no time': ['{"startAt":"tomorrow"}', /startAt/],
  'endAt is no time': ['{"endAt":"2030-02-30T00:00:00Z"}', /endAt/],
  'endAt has passed': ['{"endAt":"2020-01-01T00:00:00Z"}', /passed/],
  'startAt lies behind endAt': ['{"startAt":"2198-01-01T00:00:00Z"}', /startAt/],
  'rate is no duration': ['{"rate":"5 s"}', /rate/],
  'rate is negative': ['{"rate":"-PT5S"}', /rate/],
  'accept admits nothing there is': ['{"accept":"image/png"}', /accept/],
  'accept is no media type': ['{"accept":"turtle"}', /accept/],
  'state is no text': ['{"state":{"id":"urn:x"}}', /state/],
  'a feature stands twice': ['{"rate":["PT5S","PT6S"]}', /rate/],
}
for (const [what, [more, detail]] of Object.entries(wrong)) {
  test(`a feature that makes no sense is 422 and named: ${what}`, async () => {
    await refused(subscriptionTo(topic, JSON.parse(more) as Record<string, unknown>), 422, detail)
  })
}

// Webhooks

const badTargets: Readonly<Record<string, RegExp>> = {
  'no sendTo': /sendTo/,
  'ftp://hook.example/': /https/,
  'https://user:word@hook.example/': /credentials/,
  'http://hook.example/': /https/,
  'https://10.0.0.1/': /internal/,
  'https://169.254.169.254/latest/': /internal/,
  here: /back to this server/,
}
for (const [target, detail] of Object.entries(badTargets)) {
  test(`a webhook is refused for its target: ${target}`, async () => {
    const sendTo = target === 'no sendTo' ? undefined : target === 'here' ? `${pod}inbox/` : target
    const body = subscriptionTo(topic, { type: 'WebhookChannel2023', sendTo })
    const answer = expectStatus(await postSubscription(alice, addressOf(pod, 'WebhookChannel2023'), body), 422)
    assert.match((JSON.parse(answer.text) as { detail: string }).detail, detail)
  })
}

test('a webhook is refused that leads back here, however its URL is spelled', async () => {
  const { host, pathname } = new URL(pod)
  const port = new URL(pod).port
  for (const sendTo of [
    `http://${host.toUpperCase()}${pathname}inbox/`,
    `http://${host}${pathname}x/../inbox/`,
    `http://${host}/%61lice/inbox/`,
    `http://${host}${pathname}x/%2e%2e/inbox/?a#b`,
    `http://127.1:${port}${pathname}inbox/`,
    `http://0x7f000001:${port}${pathname}inbox/`,
    `http://${host}/`,
  ]) {
    const body = subscriptionTo(topic, { type: 'WebhookChannel2023', sendTo })
    const answer = expectStatus(await postSubscription(alice, addressOf(pod, 'WebhookChannel2023'), body), 422)
    assert.match((JSON.parse(answer.text) as { detail: string }).detail, /back to this server/, sendTo)
  }
})

// Browsers

test('every answer to another origin can be read by it, whatever its status', async () => {
  const origin = 'https://app.example'
  const post = (client: Client, body: string, type = jsonLd): Promise<Answer> =>
    client.send('POST', socket, { headers: { 'Content-Type': type, Origin: origin }, body })
  const answers = [
    [200, await post(alice, subscriptionTo(topic))],
    [401, await post(anyone, subscriptionTo(topic))],
    [403, await post(bob, subscriptionTo(topic))],
    [415, await post(alice, 'x', 'text/plain')],
    [422, await post(alice, '{}')],
    [200, await anyone.get(socket, { Origin: origin })],
    [204, await anyone.options(socket, { Origin: origin })],
    [404, await anyone.get(`${socket}x`, { Origin: origin })],
    [405, await anyone.send('DELETE', socket, { headers: { Origin: origin } })],
    [406, await anyone.get(socket, { Origin: origin, Accept: 'image/png' })],
  ] as const
  for (const [status, answer] of answers) {
    expectStatus(answer, status)
    assert.equal(answer.header('access-control-allow-origin'), origin, String(status))
    assert.ok(answer.list('vary').includes('Origin'), String(status))
  }
})

test('a preflight of the address allows POST without a login', async () => {
  const headers = { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' }
  const answer = expectStatus(await anyone.options(socket, headers), 204)
  assert.ok(answer.list('access-control-allow-methods').includes('POST'))
})
