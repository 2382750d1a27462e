// Solid Notifications Protocol: what subscribers hear, over real WebSockets and streamed answers of a whole center. What each
// commit means is in test/pod/notify/activity.test.ts; here it has to arrive, at the right people and nobody else.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { Parser } from 'n3'

import { createPerson, logInScript } from '../support/account-login.ts'
import { Client } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'
import { type Send, SocketListener, StreamListener, subscribe, type Wish } from '../support/listening.ts'
import { until } from '../support/until.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const by =
  (client: Client): Send =>
  async (method, url, ask) =>
    await client.send(method, url, ask)

async function listen(client: Client, topic: string, features: Wish['features'] = {}): Promise<SocketListener> {
  const { receiveFrom } = await subscribe(by(client), { pod, topic, features })
  return await SocketListener.open(receiveFrom)
}

/** Messages that no socket was sent, for want of Read. */
function denied(): number {
  const { center } = world
  const counted = /^xpod_notify_dropped_total\{(?=.*websocket)(?=.*denied).*\} (\d+)$/m.exec(center.metrics.render())
  return Number(counted?.[1] ?? 0)
}

async function etagOf(url: string): Promise<string> {
  return (await alice.get(url)).header('etag')!
}

describe('a document', () => {
  test('is told as it is made, changed and deleted, with the state that a GET answers', async () => {
    const url = `${fresh()}a.ttl`
    using heard = await listen(alice, url)
    await alice.store(url)
    await heard.heard(1)
    assert.equal(heard.messages[0]!.state, await etagOf(url))
    await alice.store(url, '<> <#b> <#c>.')
    await heard.heard(2)
    assert.equal(heard.messages[1]!.state, await etagOf(url))
    await alice.send('DELETE', url)
    assert.deepEqual(await heard.heard(3), [`Create ${url}`, `Update ${url}`, `Delete ${url}`])
    assert.equal(heard.messages[2]!.state, undefined)
    assert.equal(new Set(heard.messages.map(({ id }) => id)).size, 3)
  })

  test('is told once for each write, in the order of the writes', async () => {
    const url = `${fresh()}a.txt`
    await alice.store(url, '0', 'text/plain')
    using heard = await listen(alice, url)
    for (let turn = 1; turn <= 20; turn++) await alice.store(url, String(turn), 'text/plain')
    await heard.heard(20)
    assert.equal(heard.messages.length, 20)
    const times = heard.messages.map(({ published }) => Date.parse(published))
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    )
    assert.equal(heard.messages.at(-1)!.state, await etagOf(url))
  })

  test('is silent when a write fails', async () => {
    const url = `${fresh()}a.ttl`
    await alice.store(url)
    using heard = await listen(alice, url)
    await alice.send('PUT', url, { headers: { 'Content-Type': 'text/turtle' }, body: 'not Turtle' })
    await alice.send('PUT', url, { headers: { 'Content-Type': 'text/turtle', 'If-None-Match': '*' }, body: '' })
    await bob.send('PUT', url, { headers: { 'Content-Type': 'text/turtle' }, body: '' })
    await alice.store(url, '<> <#the> <#mark>.')
    assert.deepEqual(await heard.heard(1), [`Update ${url}`])
  })

  test('of ten creates at once one is told', async () => {
    const url = `${fresh()}a.txt`
    using heard = await listen(alice, url)
    const headers = { 'Content-Type': 'text/plain', 'If-None-Match': '*' }
    const answers = await Promise.all(Array.from({ length: 10 }, () => alice.send('PUT', url, { headers, body: 'x' })))
    assert.equal(answers.filter(({ status }) => status === 201).length, 1)
    await alice.send('DELETE', url)
    assert.deepEqual(await heard.heard(2), [`Create ${url}`, `Delete ${url}`])
  })
})

describe('a container', () => {
  test('hears what comes and goes in it, with itself as target, and not what changes in it', async () => {
    const container = fresh()
    await alice.makeContainer(container)
    using heard = await listen(alice, container)
    await alice.store(`${container}a.ttl`)
    await alice.store(`${container}a.ttl`, '<> <#b> <#c>.')
    await alice.send('DELETE', `${container}a.ttl`)
    assert.deepEqual(await heard.heard(2), [`Add ${container}a.ttl`, `Remove ${container}a.ttl`])
    assert.ok(heard.messages.every(({ target }) => target === container))
    assert.equal(heard.messages[1]!.state, await etagOf(container))
  })

  test('hears Update when its description changes', async () => {
    const container = fresh()
    await alice.makeContainer(container)
    using heard = await listen(alice, container)
    await alice.store(`${container}.meta`, '<./> <http://example.org/a> "b".')
    assert.deepEqual(await heard.heard(1), [`Update ${container}`])
    assert.equal(heard.messages[0]!.state, await etagOf(container))
  })

  test('a deep create is Create for each that is new and Add for the first that was there', async () => {
    const container = fresh()
    await alice.makeContainer(container)
    const [outer, inner] = [`${container}one/`, `${container}one/two/`]
    const topics = [container, outer, inner, `${inner}x.txt`]
    const listeners = await Promise.all(topics.map((topic) => listen(alice, topic)))
    await alice.store(`${inner}x.txt`, 'x', 'text/plain')
    for (const one of listeners) await one.heard(1)
    await alice.store(`${container}mark.txt`, 'x', 'text/plain')
    await listeners[0]!.heard(2)
    assert.deepEqual(
      listeners.map(({ brief }) => brief),
      [
        [`Add ${outer}`, `Add ${container}mark.txt`],
        [`Create ${outer}`],
        [`Create ${inner}`],
        [`Create ${inner}x.txt`],
      ],
    )
    for (const one of listeners) one[Symbol.dispose]()
  })
})

describe('a subscriber', () => {
  test('that goes and comes back hears what it missed, once it was told nothing is lost', async () => {
    const url = `${fresh()}a.txt`
    const { receiveFrom } = await subscribe(by(alice), { pod, topic: url })
    await alice.store(url, '1', 'text/plain')
    using first = await SocketListener.open(receiveFrom)
    assert.deepEqual(await first.heard(1), [`Create ${url}`])
    first[Symbol.dispose]()
    await alice.store(url, '2', 'text/plain')
    using second = await SocketListener.open(receiveFrom)
    await until('it has heard of the second write', () => second.brief.includes(`Update ${url}`))
    assert.equal(second.messages.at(-1)!.state, await etagOf(url))
  })

  test('that loses Read hears nothing until it has it again', async () => {
    const container = fresh()
    const url = `${container}a.txt`
    await alice.store(url, '0', 'text/plain')
    await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
    using heard = await listen(bob, url)
    await alice.store(url, '1', 'text/plain')
    await heard.heard(1)
    await protect(alice, container, { who: { agent: bob.webId! }, modes: 'A' })
    const before = denied()
    await alice.store(url, '2', 'text/plain')
    await until('it was judged', () => denied() > before)
    await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
    await alice.store(url, '3', 'text/plain')
    await heard.heard(2)
    assert.equal(heard.messages.length, 2)
    assert.equal(heard.messages[1]!.state, await etagOf(url))
  })

  test('that reads by the own ACL of a document hears that both were deleted, and nothing of what comes there later', async () => {
    const url = `${fresh()}a.txt`
    await alice.store(url, '0', 'text/plain')
    await protect(alice, url, { who: { agent: bob.webId! }, modes: 'R' })
    using heard = await listen(bob, url)
    await alice.delete(url)
    assert.deepEqual(await heard.heard(1), [`Delete ${url}`])
    assert.equal(heard.messages[0]!.state, undefined)
    using ofAlice = await listen(alice, url)
    await alice.store(url, '1', 'text/plain')
    await ofAlice.heard(1)
    assert.deepEqual(heard.brief, [`Delete ${url}`])
  })

  test('that reads by the own ACL of a container hears its end, also when it comes back later', async () => {
    const container = fresh()
    await alice.store(`${container}a.txt`, '0', 'text/plain')
    await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R', on: 'accessTo' })
    const { receiveFrom } = await subscribe(by(bob), { pod, topic: container })
    await alice.delete(`${container}a.txt`)
    await alice.delete(container)
    using heard = await SocketListener.open(receiveFrom)
    // What happened inside is told by the rules of now.
    assert.deepEqual(await heard.heard(1), [`Delete ${container}`])
  })

  test('that could not read a document hears nothing of its end, although it may read what is around it', async () => {
    const container = fresh()
    const url = `${container}a.txt`
    await alice.store(url, '0', 'text/plain')
    await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
    using ofBob = await listen(bob, url)
    using ofAlice = await listen(alice, url)
    await protect(alice, url, { who: 'public', modes: 'A' })
    await alice.delete(url)
    await ofAlice.heard(1)
    await alice.store(url, '1', 'text/plain')
    assert.deepEqual(await ofBob.heard(1), [`Create ${url}`])
  })

  test('of an ACL hears its end by the Control that it gave', async () => {
    const url = `${fresh()}a.txt`
    await alice.store(url, '0', 'text/plain')
    await protect(alice, url, { who: { agent: bob.webId! }, modes: 'C' })
    using heard = await listen(bob, `${url}.acl`)
    await alice.delete(`${url}.acl`)
    assert.deepEqual(await heard.heard(1), [`Delete ${url}.acl`])
  })

  test('whose app is taken back hears nothing more, is cut off and cannot come back', async () => {
    const { center } = world
    const person = await createPerson(center, 'carol')
    const script = await logInScript(center, person)
    const carol = new Client(person.webId, (method, url) => script.headers(method, url))
    const topic = `${person.base}private.txt`
    const { receiveFrom } = await subscribe(by(carol), { pod: person.base, topic })
    using heard = await SocketListener.open(receiveFrom)
    await carol.store(topic, '1', 'text/plain')
    await heard.heard(1)

    const again = await logInScript(center, person)
    await center.center.identity.accounts.deleteCredential(person.account, script.credential.id)
    const other = new Client(person.webId, (method, url) => again.headers(method, url))
    await other.store(topic, '2', 'text/plain')
    using late = await SocketListener.open(receiveFrom)
    assert.equal((await late.end()).code, 1008)
    await heard.end()
    assert.equal(heard.messages.length, 1)
  })

  test('of a channel that was deleted is told and cut off', async () => {
    const topic = `${fresh()}a.txt`
    const channel = await subscribe(by(alice), { pod, topic })
    using heard = await SocketListener.open(channel.receiveFrom)
    assert.equal((await alice.send('DELETE', channel.id)).status, 205)
    assert.equal((await heard.end()).code, 1000)
    assert.match(heard.texts[0]!, /removed/)
    using again = await SocketListener.open(channel.receiveFrom)
    assert.equal((await again.end()).code, 1008)
  })

  test('of a pod that is deleted is cut off', async () => {
    const { center } = world
    const { base } = await center.createPod('brief', { webId: alice.webId! })
    const { receiveFrom } = await subscribe(by(alice), { pod: base, topic: `${base}a.txt` })
    using heard = await SocketListener.open(receiveFrom)
    await center.center.pods.delete('brief')
    assert.equal((await heard.end()).code, 1000)
  })

  test('without a channel is told so and cut off', async () => {
    const address = `${pod.replace('http', 'ws')}.notifications/WebSocketChannel2023/receive/${'x'.repeat(32)}`
    using heard = await SocketListener.open(address)
    assert.equal((await heard.end()).code, 1008)
    assert.equal(heard.texts.length, 1)
  })

  test('at endAt is told and cut off', async () => {
    const endAt = new Date(Date.now() + 1500).toISOString()
    using heard = await listen(alice, `${fresh()}a.txt`, { endAt })
    assert.equal((await heard.end()).code, 1000)
    assert.match(heard.texts[0]!, /expired/)
  })

  test('that knows an old state is told at once, one that knows the present state is not', async () => {
    const url = `${fresh()}a.txt`
    await alice.store(url, '1', 'text/plain')
    const state = await etagOf(url)
    using present = await listen(alice, url, { state })
    using outdated = await listen(alice, url, { state: '"0-0"' })
    assert.deepEqual(await outdated.heard(1), [`Update ${url}`])
    assert.equal(outdated.messages[0]!.state, state)
    await alice.store(url, '2', 'text/plain')
    await outdated.heard(2)
    await present.heard(1)
    assert.equal(present.messages.length, 1)
  })

  test('that accepts Turtle gets Turtle', async () => {
    const url = `${fresh()}a.txt`
    using heard = await listen(alice, url, { accept: 'text/turtle' })
    await alice.store(url, '1', 'text/plain')
    const text = (await until('a message', () => heard.texts[0]))!
    const types = new Parser().parse(text).filter(({ predicate }) => predicate.value.endsWith('#type'))
    assert.equal(types[0]!.object.value, 'https://www.w3.org/ns/activitystreams#Create')
  })

  test('of an ACL needs Control', async () => {
    const container = fresh()
    await alice.makeContainer(container)
    using heard = await listen(alice, `${container}.acl`)
    await protect(alice, container, { who: { agent: bob.webId! }, modes: 'RWA' })
    assert.deepEqual(await heard.heard(1), [`Create ${container}.acl`])
  })
})

describe('a streamed answer', () => {
  test('carries the messages, one a line, until the channel is removed', async () => {
    const url = `${fresh()}a.txt`
    const channel = await subscribe(by(alice), { pod, topic: url, type: 'StreamingHTTPChannel2023' })
    using heard = await StreamListener.open(channel.receiveFrom, { origin: 'https://app.example' })
    assert.equal(heard.answer.statusCode, 200)
    assert.equal(heard.answer.headers['content-type'], 'application/ld+json')
    assert.equal(heard.answer.headers['access-control-allow-origin'], 'https://app.example')
    await alice.store(url, '1', 'text/plain')
    await alice.store(url, '2', 'text/plain')
    await until('two messages', () => heard.messages.length === 2)
    assert.deepEqual(
      heard.messages.map(({ type }) => type),
      ['Create', 'Update'],
    )
    await alice.send('DELETE', channel.id)
    await until('it ends properly', () => heard.isOver)
  })

  test('answers HEAD and OPTIONS, and 405 to the rest', async () => {
    const wish = { pod, topic: `${fresh()}a.txt`, type: 'StreamingHTTPChannel2023' } as const
    const { receiveFrom } = await subscribe(by(alice), wish)
    assert.equal((await anyone.send('HEAD', receiveFrom)).status, 200)
    const options = await anyone.send('OPTIONS', receiveFrom)
    assert.equal(options.status, 204)
    assert.deepEqual(options.list('allow'), ['GET', 'HEAD', 'OPTIONS'])
    for (const method of ['PUT', 'POST', 'DELETE']) {
      assert.equal((await anyone.send(method, receiveFrom)).status, 405)
    }
  })
})
