// WebhookChannel2023 over a whole center (solid.md section 1.15): what arrives proves who sent it, and only who may read the
// topic at that moment hears of it. What becomes of targets that fail is in test/pod/notify/webhooks.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { createSolidTokenVerifier } from '@solid/access-token-verifier'

import { createPerson, logInScript } from '../../support/account-login.ts'
import { Client, expectStatus } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'
import { type ChannelJson, subscribe } from '../../support/subscriptions.ts'
import { until } from '../../support/until.ts'
import { heardTypes, startTarget } from '../../support/webhook-target.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, fresh, pod } = world

function hook(client: Client, topic: string, sendTo: string, base = pod): Promise<ChannelJson> {
  return subscribe(client, base, topic, { type: 'WebhookChannel2023', sendTo })
}

test('what arrives proves that it comes from the sender that the channel names', async () => {
  await using target = await startTarget()
  const topic = `${fresh()}a.txt`
  const { sender } = await hook(alice, topic, `${target.url}?of=alice`)
  await alice.store(topic, '1', 'text/plain')
  await alice.store(topic, '2', 'text/plain')
  assert.deepEqual(await heardTypes(target, 2), ['Create', 'Update'])
  const verify = createSolidTokenVerifier()
  for (const { headers } of target.heard) {
    const proof = { header: headers.dpop as string, method: 'POST' as const, url: `${target.url}?of=alice` }
    const { webid } = await verify(headers.authorization!, proof)
    assert.equal(webid, sender)
  }
  const { message } = target.heard[1]!
  assert.equal(message.object, topic)
  assert.equal(message.state, (await alice.get(topic)).header('etag'))
})

test('who loses Read hears nothing until it has it again', async () => {
  await using target = await startTarget()
  await using other = await startTarget()
  const container = fresh()
  const topic = `${container}a.txt`
  await alice.store(topic, '0', 'text/plain')
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
  await hook(bob, topic, target.url)
  await hook(alice, topic, other.url)
  await alice.store(topic, '1', 'text/plain')
  await heardTypes(target, 1)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'A' })
  await alice.store(topic, '2', 'text/plain')
  await heardTypes(other, 2)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
  await alice.store(topic, '3', 'text/plain')
  await heardTypes(other, 3)
  await heardTypes(target, 2)
  const ids = (of: typeof target): string[] => of.heard.map(({ message }) => message.id)
  assert.deepEqual(ids(target), [ids(other)[0], ids(other)[2]])
})

test('who read by the own ACL of what was deleted hears of it, also from a target that was away then', async () => {
  await using target = await startTarget()
  const topic = `${fresh()}a.txt`
  await alice.store(topic, '0', 'text/plain')
  await protect(alice, topic, { who: { agent: bob.webId! }, modes: 'R' })
  await hook(bob, topic, target.url)
  const { answer } = target
  target.answer = (_, response) => response.writeHead(503).end()
  await alice.delete(topic)
  await until('it was told and did not take it', () => target.heard.length > 0)
  // Somebody else's by now.
  await alice.store(topic, '1', 'text/plain')
  target.answer = answer
  await until('it was told again', () => target.heard.length > 1)
  assert.ok(target.heard.every(({ message }) => message.type === 'Delete' && message.state === undefined))
})

test('when the app that subscribed is taken back, its channel goes with it', async () => {
  await using target = await startTarget()
  const { center } = world
  const person = await createPerson(center, 'dora')
  const script = await logInScript(center, person)
  const dora = new Client(person.webId, (method, url) => script.headers(method, url))
  const topic = `${person.base}private.txt`
  const { id } = await hook(dora, topic, target.url, person.base)
  await dora.store(topic, '1', 'text/plain')
  await heardTypes(target, 1)
  const again = await logInScript(center, person)
  await center.center.identity.accounts.deleteCredential(person.account, script.credential.id)
  const later = new Client(person.webId, (method, url) => again.headers(method, url))
  await later.store(topic, '2', 'text/plain')
  await until('the channel is gone', async () => (await later.get(id)).status === 404)
  assert.equal(target.heard.length, 1)
})

test('a channel that its maker deletes is silent, and a target that is gone does not hurt it', async () => {
  await using target = await startTarget()
  await using other = await startTarget()
  const topic = `${fresh()}a.txt`
  const { id } = await hook(alice, topic, target.url)
  await hook(alice, topic, other.url)
  expectStatus(await bob.send('DELETE', id), 403)
  expectStatus(await alice.send('DELETE', id), 205)
  await alice.store(topic, '1', 'text/plain')
  await heardTypes(other, 1)
  assert.equal(target.heard.length, 0)
})
