// DELETE as rows 52 to 55 of the checklist and pitfalls 16 and 37.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { aclFor, bob, nobody, openWorld, turtle, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

test('a document goes with its auxiliary resources and its line in the listing', async () => {
  await world.write('/d/x.ttl', '')
  await world.write('/d/x.ttl.meta', '')
  await world.write('/d/x.ttl.acl', aclFor('/d/x.ttl', []))
  assert.equal((await world.send('DELETE', '/d/x.ttl')).status, 205)
  for (const path of ['/d/x.ttl', '/d/x.ttl.meta', '/d/x.ttl.acl']) assert.equal(await world.text(path), undefined)
  assert.deepEqual(await world.members('/d/'), [])
  assert.equal((await world.send('DELETE', '/d/x.ttl')).status, 404)
})

test('the root and its ACL are 405, with Allow that has no DELETE', async () => {
  for (const path of ['/', '/.acl']) {
    const seen = await world.send('DELETE', path)
    assert.equal(seen.status, 405, path)
    assert.doesNotMatch(seen.header('allow')!, /DELETE/)
  }
})

test('a container that is not empty is 409 and says why; with only auxiliaries it goes', async () => {
  await world.write('/full/x.ttl', '')
  const seen = await world.send('DELETE', '/full/')
  assert.equal(seen.code, 'CONTAINER_NOT_EMPTY')
  assert.notEqual(seen.detail, '')
  await world.send('DELETE', '/full/x.ttl')
  await world.write('/full/.meta', '')
  await world.write('/full/.acl', aclFor('/full/', []))
  assert.equal((await world.send('DELETE', '/full/')).status, 205)
  assert.equal(await world.text('/full/.acl'), undefined)
})

test('the other slash form is not the resource', async () => {
  await world.write('/only-doc', '')
  assert.equal((await world.send('DELETE', '/only-doc/')).status, 404)
  await world.send('PUT', '/only-container/')
  assert.equal((await world.send('DELETE', '/only-container')).status, 404)
})

test('a stale If-Match is 412 and nothing is deleted', async () => {
  await world.write('/kept.ttl', '')
  assert.equal((await world.send('DELETE', '/kept.ttl', { headers: { 'if-match': '"other"' } })).status, 412)
  assert.equal(await world.text('/kept.ttl'), '')
})

test('a missing resource is 404 to readers and 401 or 403 to others', async () => {
  await world.send('PUT', '/r/')
  await world.write('/r/.acl', aclFor('/r/', [{ to: bob, below: 'Read' }]))
  assert.equal((await world.send('DELETE', '/r/none', { as: bob })).status, 404)
  assert.equal((await world.send('DELETE', '/none', { as: bob })).status, 404, 'the root is readable by everybody')
  await world.send('PUT', '/p/')
  assert.equal((await world.send('DELETE', '/p/none', { as: bob })).status, 403)
  assert.equal((await world.send('DELETE', '/p/none', { as: nobody })).status, 401)
})

test('an ACL goes by Control of its subject; missing it is 404', async () => {
  await world.write('/a.ttl', '')
  await world.write('/a.ttl.acl', aclFor('/a.ttl', [{ to: bob, here: 'Write' }]))
  assert.equal((await world.send('DELETE', '/a.ttl.acl', { as: bob })).status, 403)
  assert.equal((await world.send('DELETE', '/a.ttl.acl')).status, 205)
  assert.equal((await world.send('DELETE', '/a.ttl.acl')).status, 404)
  assert.equal((await world.send('DELETE', '/a.ttl.acl', { as: bob })).status, 403)
})

test('the profile that names the login provider stays', async () => {
  assert.equal((await world.send('DELETE', '/profile/card')).code, 'ISSUER_PROTECTED')
  assert.notEqual(await world.text('/profile/card'), undefined)
})

test('deleting a container races with making a child: no orphan, no resurrected parent', async () => {
  for (let round = 0; round < 20; round++) {
    const container = `/race${round}/`
    await world.send('PUT', container)
    const [deleted, made] = await Promise.all([
      world.send('DELETE', container),
      world.send('POST', container, { headers: { ...turtle, slug: 'x' }, body: '' }),
    ])
    const members = await world.members(container)
    if (deleted.status === 205) {
      assert.deepEqual([made.status, members], [404, undefined])
    } else {
      assert.deepEqual([deleted.status, made.status, members], [409, 201, [`${container}x`]])
    }
  }
})
