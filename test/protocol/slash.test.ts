// Solid Protocol, URI Slash Semantics: rows 12 to 16, and what concerns query strings.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { containerLink, expectStatus, must, n3, patchOf, sparql, turtle } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh } = world

const nameless = [301, 404, 410]

test('row 12: a path that ends in a slash is a container, any other a document', async () => {
  const container = fresh()
  await alice.store(`${container}x`)
  await alice.makeContainer(`${container}y/`)
  assert.deepEqual(await alice.members(container), [`${container}x`, `${container}y/`])
  assert.ok(!(await alice.head(`${container}x`)).links.some((link) => link.uri.endsWith('ldp#Container')))
  assert.ok((await alice.head(`${container}y/`)).links.some((link) => link.uri.endsWith('ldp#Container')))
})

test('row 13: PUT of /x beside /x/ answers 409, GET of it finds nothing', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}x/`)
  expectStatus(await alice.get(`${container}x`), ...nameless)
  expectStatus(await alice.put(`${container}x`, 'text/plain', 'Hello'), 409)
  expectStatus(await alice.get(`${container}x`), ...nameless)
  assert.deepEqual(await alice.members(container), [`${container}x/`])
})

test('row 13: PUT of /x/ beside /x answers 409, GET of it finds nothing', async () => {
  const container = fresh()
  await alice.store(`${container}x`, 'Hello', 'text/plain')
  expectStatus(await alice.get(`${container}x/`), ...nameless)
  expectStatus(await alice.send('PUT', `${container}x/`, { headers: { 'Content-Type': 'text/turtle' } }), 409)
  assert.equal((await alice.get(`${container}x`)).text, 'Hello')
})

test('row 13: PATCH of /x beside /x/ answers 409', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}x/`)
  expectStatus(await alice.patch(`${container}x`, n3, patchOf({ inserts: '<#a> <#b> <#c> .' })), 409)
})

test('row 13: POST with the Slug of a container gives a document of another name', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const made = must(
    await alice.send('POST', container, { headers: { Link: containerLink, 'Content-Type': 'text/turtle' } }),
  )
  const twin = made.header('location')!.slice(0, -1)
  expectStatus(await alice.get(twin), ...nameless)
  expectStatus(await alice.put(twin, 'text/plain', 'Hello'), 409)
  const slug = twin.slice(twin.lastIndexOf('/') + 1)
  const other = expectStatus(await alice.post(container, 'text/plain', 'Hello', { Slug: slug }), 201)
  assert.notEqual(other.header('location'), twin)
})

test('row 13: POST with the Slug of a document gives a container of another name', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const document = must(await alice.post(container, 'text/plain', 'Hello')).header('location')!
  assert.ok(!document.endsWith('/'))
  expectStatus(await alice.get(`${document}/`), ...nameless)
  expectStatus(await alice.send('PUT', `${document}/`, { headers: { 'Content-Type': 'text/turtle' } }), 409)
  const slug = document.slice(document.lastIndexOf('/') + 1)
  const headers = { Slug: slug, Link: containerLink, 'Content-Type': 'text/turtle' }
  const other = expectStatus(await alice.send('POST', container, { headers }), 201)
  assert.notEqual(other.header('location'), `${document}/`)
})

test('row 13: after a container is deleted its name is free for a document', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}x/`)
  must(await alice.delete(`${container}x/`))
  expectStatus(await alice.put(`${container}x`, 'text/plain', 'Hello'), 201)
})

test('row 14, pitfall 41: who may not read cannot tell what exists, in either slash form', async () => {
  const container = fresh()
  await alice.store(`${container}document`)
  await alice.makeContainer(`${container}container/`)
  for (const name of ['document', 'document/', 'container', 'container/', 'nothing', 'nothing/']) {
    const forPublic = expectStatus(await anyone.get(container + name), 401)
    assert.equal(forPublic.header('location'), undefined)
    expectStatus(await bob.get(container + name), 403)
    expectStatus(await anyone.head(container + name), 401)
    expectStatus(await bob.put(container + name, 'text/turtle', turtle), 403)
    expectStatus(await bob.delete(container + name), 403)
  }
})

test('pitfall 41: the refusal of a missing private name equals that of an existing one', async () => {
  const container = fresh()
  await alice.store(`${container}exists`)
  const varying = new Set(['date'])
  const shape = async (name: string) => {
    const answer = await anyone.get(container + name)
    const headers = answer.lines
      .filter(([header]) => !varying.has(header))
      .map(([header, value]) => `${header}: ${value}`)
    return [answer.status, answer.text, ...headers].map((part) => String(part).replaceAll(name, 'NAME'))
  }
  assert.deepEqual(await shape('absent'), await shape('exists'))
})

for (const below of ['a', 'a/', 'foo/a']) {
  test(`row 15: PUT of /doc/${below} where /doc is a document answers 409`, async () => {
    const container = fresh()
    await alice.store(`${container}doc`)
    expectStatus(await alice.put(`${container}doc/${below}`, 'text/turtle', below.endsWith('/') ? '' : turtle), 409)
    assert.deepEqual(await alice.members(container), [`${container}doc`])
  })
}

for (const [type, body] of [
  [sparql, 'INSERT DATA { <#hello> <#linked> <#world> . }'],
  [n3, patchOf({ inserts: '<#a> <#b> <#c> .' })],
] as const) {
  test(`row 15: PATCH (${type}) of /doc/a where /doc is a document answers 409`, async () => {
    const container = fresh()
    await alice.store(`${container}doc`)
    expectStatus(await alice.patch(`${container}doc/a.ttl`, type, body), 409)
    expectStatus(await alice.patch(`${container}doc/foo/a.ttl`, type, body), 409)
    assert.deepEqual(await alice.members(container), [`${container}doc`])
  })
}

test('row 16: POST to /doc/foo/ below a document answers 404', async () => {
  const container = fresh()
  await alice.store(`${container}doc`)
  expectStatus(await alice.post(`${container}doc/foo/`, 'text/turtle', turtle), 404)
  expectStatus(await alice.post(`${container}doc/`, 'text/turtle', turtle), 404)
})

test('pitfall 33: a query string does not change which resource is meant', async () => {
  const container = fresh()
  await alice.store(`${container}x.ttl`)
  assert.equal((await alice.get(`${container}x.ttl?y=1`)).text, turtle)
  assert.deepEqual(await alice.members(container), [`${container}x.ttl`])
  expectStatus(await alice.get(`${container}?x=1`), 200)
  must(await alice.put(`${container}x.ttl?z=2`, 'text/plain', 'replaced'))
  assert.equal((await alice.get(`${container}x.ttl`)).text, 'replaced')
  must(await alice.delete(`${container}x.ttl?`))
  assert.deepEqual(await alice.members(container), [])
})

test('row 14: a public container does not show what a private child is, in either slash form', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}secret/`)
  await protect(alice, container, { who: 'public', modes: 'R', on: 'accessTo' })
  for (const name of ['secret', 'secret/', 'nothing', 'nothing/']) {
    expectStatus(await anyone.get(container + name), 401)
  }
})
