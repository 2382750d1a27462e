// Pods with a host of their own (`--pods host`): what follows the pod's root and what the host. Pitfall 50, rules 2 and 15.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { expectStatus, must, send, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld({ pods: 'host' })
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

test('a pod has the host of its name', () => {
  const { host, pathname } = new URL(pod)
  assert.ok(host.startsWith('alice.'), host)
  assert.equal(pathname, '/')
})

test('pitfall 50: its root is the storage: type, description, no DELETE, owner in control', async () => {
  const root = must(await alice.get(pod))
  assert.ok(root.links.some((link) => link.uri === 'http://www.w3.org/ns/pim/space#Storage' && link.rel === 'type'))
  assert.equal(root.link('http://www.w3.org/ns/solid/terms#storageDescription'), `${pod}.well-known/solid`)
  expectStatus(await anyone.get(`${pod}.well-known/solid`), 200)
  expectStatus(await alice.delete(pod), 405)
  expectStatus(await alice.delete(`${pod}.acl`), 405)
})

test('documents, containers and rights work as in a path pod', async () => {
  const container = fresh()
  await alice.store(`${container}a/b.ttl`)
  assert.deepEqual(await alice.members(container), [`${container}a/`])
  assert.equal((await alice.head(`${container}a/b.ttl`)).link('acl'), `${container}a/b.ttl.acl`)
  expectStatus(await bob.get(`${container}a/b.ttl`), 403)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R' })
  expectStatus(await bob.get(`${container}a/b.ttl`), 200)
  const made = expectStatus(await alice.post(container, 'text/turtle', turtle, { Slug: 'c' }), 201)
  assert.equal(made.header('location'), `${container}c`)
})

test('rule 15: HTML of a pod with an origin of its own is not sandboxed', async () => {
  const url = `${fresh()}page`
  await alice.store(url, '<p>Hello', 'text/html')
  const answer = must(await alice.get(url))
  assert.equal(answer.header('content-security-policy'), undefined)
  assert.equal(answer.header('x-content-type-options'), 'nosniff')
})

test('pods do not see each other: the same path is another resource', async () => {
  const { base } = await world.center.createPod('second', { webId: alice.webId! })
  await alice.store(`${pod}note`, 'first', 'text/plain')
  expectStatus(await alice.get(`${base}note`), 404)
  await alice.store(`${base}note`, 'second', 'text/plain')
  assert.equal((await alice.get(`${pod}note`)).text, 'first')
})

test('rule 2: the Host decides, and one that is nobody’s answers 404', async () => {
  const { port } = new URL(pod)
  for (const host of [`nobody.localhost:${port}`, 'evil.example', `alice.evil.example:${port}`]) {
    const answer = expectStatus(await send('GET', pod, { headers: { Host: host } }), 404)
    assert.match(answer.header('content-type') ?? '', /^application\/problem\+json/)
  }
})

test('a Host in capitals or with a dot at its end is the same host', async () => {
  await protect(alice, pod, { who: 'public', modes: 'R', on: 'accessTo' })
  const { host } = new URL(pod)
  expectStatus(await send('GET', pod, { headers: { Host: host.toUpperCase() } }), 200, 308)
})

test('a path of another pod is no way into it', async () => {
  const origin = new URL(world.center.baseUrl).origin
  expectStatus(await send('GET', `${origin}/alice/`), 404)
})

test('the official name of a pod is its base, in the absolute form of a target too', async () => {
  const url = `${fresh()}x`
  expectStatus(await alice.put(url, 'text/turtle', turtle), 201)
  assert.ok((await alice.members(url.slice(0, -1))).includes(url))
})
