// Solid Protocol, Deleting Resources: rows 52 to 55, pitfalls 16 and 40.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { expectStatus, must, turtle } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

for (const [what, url] of [
  ['the storage root', pod],
  ["the storage root's ACL", `${pod}.acl`],
] as const) {
  test(`row 52: DELETE of ${what} answers 405`, async () => {
    const answer = expectStatus(await alice.delete(url), 405)
    assert.ok(answer.list('allow').includes('GET') && !answer.list('allow').includes('DELETE'), answer.header('allow'))
    expectStatus(await alice.get(url), 200)
  })

  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    test(`row 52: ${method} of ${what} has no DELETE in Allow`, async () => {
      const allow = must(await alice.send(method, url)).list('allow')
      assert.ok(allow.includes('GET') && !allow.includes('DELETE'), allow.join())
    })
  }
}

for (const [what, child] of Object.entries({ container: 'child/', 'RDF document': 'child.ttl', text: 'child.txt' })) {
  test(`row 53: DELETE of a container that holds a ${what} answers 409 and says why`, async () => {
    const container = fresh()
    if (child.endsWith('/')) await alice.makeContainer(container + child)
    else await alice.store(container + child)
    const answer = expectStatus(await alice.delete(container), 409)
    assert.match(answer.text, /empty/i)
    assert.deepEqual(await alice.members(container), [container + child])
  })

  test(`row 54: the containment triple of a ${what} vanishes with it`, async () => {
    const container = fresh()
    if (child.endsWith('/')) await alice.makeContainer(container + child)
    else await alice.store(container + child)
    assert.deepEqual(await alice.members(container), [container + child])
    expectStatus(await alice.delete(container + child), 200, 202, 204, 205)
    assert.deepEqual(await alice.members(container), [])
    expectStatus(await alice.get(container + child), 404, 410)
    expectStatus(await alice.head(container + child), 404, 410)
  })
}

test('row 54: deleting the last child leaves the container', async () => {
  const container = fresh()
  await alice.store(`${container}a/b`)
  must(await alice.delete(`${container}a/b`))
  assert.deepEqual(await alice.members(`${container}a/`), [])
})

test('row 55: DELETE of something missing answers 404 to who may read it', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  expectStatus(await alice.delete(`${container}missing`), 404)
  expectStatus(await alice.delete(`${container}missing/`), 404)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'RW' })
  expectStatus(await bob.delete(`${container}missing`), 404)
  expectStatus(await anyone.delete(`${container}missing`), 401)
})

test('row 55: DELETE of something missing answers 403 to who may not', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'W' })
  expectStatus(await bob.delete(`${container}missing`), 403)
})

test('row 55: DELETE twice answers 2xx, then 404', async () => {
  const container = fresh()
  await alice.store(`${container}a`)
  must(await alice.delete(`${container}a`))
  expectStatus(await alice.delete(`${container}a`), 404)
})

test('pitfall 16: DELETE needs Write on the parent', async () => {
  const container = fresh()
  await alice.store(`${container}a`)
  await protect(alice, `${container}a`, { who: { agent: bob.webId! }, modes: 'RW' })
  expectStatus(await bob.delete(`${container}a`), 403)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'A', on: 'accessTo' })
  expectStatus(await bob.delete(`${container}a`), 403)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'W', on: 'accessTo' })
  must(await bob.delete(`${container}a`))
})

test('pitfall 16: DELETE of a container needs Read on it too', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}c/`)
  const who = { agent: bob.webId! }
  await protect(alice, container, { who, modes: 'W' })
  expectStatus(await bob.delete(`${container}c/`), 403)
  await protect(alice, container, { who, modes: 'RW' })
  must(await bob.delete(`${container}c/`))
})

test('pitfall 40: DELETE comes and goes in Allow with the members of a container', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const may = async () => (await alice.options(container)).list('allow').includes('DELETE')
  assert.equal(await may(), true)
  await alice.store(`${container}a`)
  assert.equal(await may(), false)
  must(await alice.delete(`${container}a`))
  assert.equal(await may(), true)
})

test('what was deleted can be made again, and is new', async () => {
  const url = `${fresh()}a.ttl`
  await alice.store(url)
  const etag = (await alice.head(url)).header('etag')
  must(await alice.delete(url))
  expectStatus(await alice.put(url, 'text/turtle', turtle), 201)
  assert.notEqual((await alice.head(url)).header('etag'), etag)
})

test('LDO: DELETE, then POST with the Slug gives the name back', async () => {
  const container = fresh()
  await alice.store(`${container}note`)
  must(await alice.delete(`${container}note`))
  const answer = expectStatus(await alice.post(container, 'text/turtle', turtle, { Slug: 'note' }), 201)
  assert.equal(answer.header('location'), `${container}note`)
})

test('a tree is emptied from its leaves, as the official tests tear theirs down', async () => {
  const container = fresh()
  await alice.store(`${container}a/b/c.ttl`)
  await alice.store(`${container}a/d.ttl`)
  const empty = async (url: string): Promise<void> => {
    for (const member of await alice.members(url)) {
      if (member.endsWith('/')) await empty(member)
      else must(await alice.delete(member))
    }
    must(await alice.delete(url))
  }
  await empty(container)
  expectStatus(await alice.get(container), 404)
})

test('a deleted pod answers 404, to its owner too, and its name is not given out again', async () => {
  const { base } = await world.center.createPod('doomed', { webId: alice.webId! })
  await alice.store(`${base}a`)
  await world.center.center.pods.delete('doomed')
  expectStatus(await alice.get(`${base}a`), 404, 410)
  expectStatus(await alice.put(`${base}b`, 'text/turtle', turtle), 404, 410)
  await assert.rejects(async () => await world.center.createPod('doomed', { webId: alice.webId! }))
})
