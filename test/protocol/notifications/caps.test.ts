// How many channels one person and one address may have, over HTTP, where the base URL is not loopback: on a real site, behind
// a proxy that says who asks. What the store counts is in test/conformance/channels.ts; here it has to be asked the right thing.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { freePort } from '../../support/free-port.ts'
import { type Answer, type Client, expectStatus } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'
import { addressOf, type ChannelJson, jsonLd, subscriptionTo, type Type } from '../../support/subscriptions.ts'

const cap = 1000
const atOnce = 25
const port = await freePort()
const world = await openWorld({
  baseUrl: `http://pods.example:${port}/`,
  listen: { host: '127.0.0.1', port },
  trustProxy: ['127.0.0.1/32'],
  // The identity provider of the test.
  allowInternal: ['127.0.0.1/32'],
})
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const topic = `${fresh()}open.ttl`
before(async () => {
  await alice.store(topic)
  await protect(alice, topic, { who: 'public', modes: 'R' })
})

/** By way of the proxy, which names the address of who asks. */
function ask(client: Client, address: string, more: { readonly type?: Type; readonly sendTo?: string } = {}) {
  const { type = 'WebSocketChannel2023', sendTo } = more
  const { host } = new URL(pod)
  const headers = { 'Content-Type': jsonLd, Forwarded: `for="${address}";host="${host}";proto=http` }
  const features = { type, ...(sendTo !== undefined && { sendTo }) }
  return client.send('POST', addressOf(pod, type), { headers, body: subscriptionTo(topic, features) })
}

async function many(one: () => Promise<Answer>): Promise<ChannelJson[]> {
  const made: ChannelJson[] = []
  while (made.length < cap) {
    const answers = await Promise.all(Array.from({ length: Math.min(atOnce, cap - made.length) }, one))
    for (const answer of answers) made.push(JSON.parse(expectStatus(answer, 200).text) as ChannelJson)
  }
  return made
}

function expectFull(answer: Answer, what: RegExp): void {
  const { code, detail } = JSON.parse(expectStatus(answer, 429).text) as { code: string; detail: string }
  assert.equal(code, 'CHANNELS_FULL')
  assert.match(detail, what)
  assert.equal(answer.header('retry-after'), undefined)
}

test('those without a WebID share the cap of their address, a network of IPv6 being one; others are not hindered', async () => {
  const made = await many(() => ask(anyone, '[2001:db8:1:2::1]'))
  expectFull(await ask(anyone, '[2001:db8:1:2::1]'), /one address may have 1000/)
  expectFull(await ask(anyone, '[2001:db8:1:2:ffff::9]'), /one address may have 1000/)
  expectStatus(await ask(anyone, '[2001:db8:1:3::1]'), 200)
  expectStatus(await ask(anyone, '203.0.113.7'), 200)
  expectStatus(await ask(bob, '[2001:db8:1:2::1]'), 200)
  expectStatus(await anyone.delete(made[0]!.id), 205)
  expectStatus(await ask(anyone, '[2001:db8:1:2::1]'), 200)
})

test('a person has so many webhooks, from wherever', async () => {
  let next = 0
  const hook = (client: Client) => {
    const sendTo = `https://hooks.example/${++next}`
    return ask(client, `198.51.100.${next % 250}`, { type: 'WebhookChannel2023', sendTo })
  }
  await many(() => hook(bob))
  expectFull(await hook(bob), /one WebID may have 1000/)
  expectStatus(await hook(alice), 200)
})

test('the oldest socket of a person makes room for the newest, and nobody else loses one', async () => {
  const ofAlice = JSON.parse(expectStatus(await ask(alice, '192.0.2.1'), 200).text) as ChannelJson
  const first = JSON.parse(expectStatus(await ask(bob, '192.0.2.1'), 200).text) as ChannelJson
  const made = await many(() => ask(bob, '192.0.2.1'))
  expectStatus(await bob.get(first.id), 404)
  expectStatus(await bob.get(made[0]!.id), 200)
  expectStatus(await alice.get(ofAlice.id), 200)
})
