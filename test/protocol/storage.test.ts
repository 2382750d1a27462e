// Solid Protocol, Storage Resource: rows 17 to 22, reserved names (rule 3, pitfall 35) and Linked Data Notifications (the
// one receiver role that needs no more than containers).

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { containerLink, expectStatus, lines, membersOf, must, turtle } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, fresh, pod } = world

const storageType = 'http://www.w3.org/ns/pim/space#Storage'
const descriptionRel = 'http://www.w3.org/ns/solid/terms#storageDescription'
const ownerRel = 'http://www.w3.org/ns/solid/terms#owner'

test('row 17: there is a storage, and nothing in it is a storage too', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  for (const url of [container, `${container}a.ttl`]) {
    assert.ok(!(await alice.head(url)).links.some((link) => link.uri === storageType), url)
  }
})

test('row 17: a second pod has its own storage; a name is given out once', async () => {
  const second = await world.center.createPod('second', { webId: alice.webId! })
  assert.ok(!second.base.startsWith(pod) && !pod.startsWith(second.base))
  assert.ok((await alice.head(second.base)).links.some((link) => link.uri === storageType))
  await assert.rejects(async () => await world.center.createPod('second', { webId: alice.webId! }))
})

for (const method of ['GET', 'HEAD', 'OPTIONS']) {
  test(`row 18: ${method} of the storage root says pim:Storage`, async () => {
    const link = (await alice.send(method, pod)).links.find((candidate) => candidate.uri === storageType)
    assert.equal(link?.rel, 'type')
  })

  test(`row 19: ${method} of every resource links the storage description`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    for (const url of [pod, container, `${container}a.ttl`]) {
      const links = (await alice.send(method, url)).links.filter((link) => link.rel === descriptionRel)
      assert.deepEqual(
        links.map((link) => link.uri),
        [`${pod}.well-known/solid`],
      )
    }
  })
}

for (const type of ['text/turtle', 'application/ld+json']) {
  test(`row 20: the storage description is readable by anyone as ${type}`, async () => {
    const url = (await alice.head(pod)).link(descriptionRel)!
    for (const client of [alice, anyone]) {
      const answer = expectStatus(await client.get(url, { Accept: type }), 200)
      assert.ok(answer.header('content-type')?.startsWith(type), answer.header('content-type'))
      assert.ok(answer.text.includes('Storage'))
      const head = expectStatus(await client.head(url, { Accept: type }), 200)
      assert.equal(head.header('content-length') ?? answer.header('content-length'), answer.header('content-length'))
    }
  })
}

test('row 20: the storage description says that the storage is a pim:Storage', async () => {
  const answer = await anyone.get(`${pod}.well-known/solid`, { Accept: 'text/turtle' })
  assert.ok(lines(answer.quads()).includes(`${pod} http://www.w3.org/1999/02/22-rdf-syntax-ns#type ${storageType}`))
})

test('row 22: where an owner is advertised, it is the owner', async () => {
  for (const method of ['GET', 'HEAD']) {
    const owners = (await alice.send(method, pod)).links.filter((link) => link.rel === ownerRel)
    for (const owner of owners) assert.equal(owner.uri, alice.webId)
  }
})

test('pitfall 35: .well-known/solid belongs to the server, in no method writable', async () => {
  const url = `${pod}.well-known/solid`
  expectStatus(await alice.put(url, 'text/turtle', turtle), 403, 405, 409)
  expectStatus(await alice.patch(url, 'application/sparql-update', 'INSERT DATA { <#a> <#b> <#c> }'), 403, 405, 409)
  expectStatus(await alice.delete(url), 403, 405, 409)
  expectStatus(await anyone.get(url), 200)
})

test('pitfall 35: other names below .well-known/ in a pod stay writable', async () => {
  expectStatus(await alice.put(`${pod}.well-known/mine.txt`, 'text/plain', 'mine'), 201)
  assert.equal((await alice.get(`${pod}.well-known/mine.txt`)).text, 'mine')
})

for (const name of ['.notifications/', '.notifications/x', '.internal', '.internal/', '.internal/x']) {
  test(`rule 3: ${name} is reserved in every pod`, async () => {
    expectStatus(await alice.put(pod + name, 'text/turtle', name.endsWith('/') ? '' : turtle), 403, 404, 405, 409)
    expectStatus(await alice.get(pod + name), 401, 403, 404, 405)
    assert.ok(!(await alice.members(pod)).some((member) => member.startsWith(pod + name.split('/')[0])))
  })
}

for (const name of [
  'www',
  'admin',
  'Alice',
  'a b',
  '',
  '-a',
  'a-',
  '.account',
  '.oidc',
  '.well-known',
  'xn--a',
  'localhost',
  'a'.repeat(64),
  '..',
]) {
  test(`rule 3: no pod is named ${JSON.stringify(name)}`, async () => {
    await assert.rejects(async () => await world.center.createPod(name, { webId: alice.webId! }))
  })
}

test('rule 3: names of one and of 63 characters are pod names', async () => {
  for (const name of ['b', `x${'1'.repeat(62)}`]) {
    const { base } = await world.center.createPod(name, { webId: alice.webId! })
    expectStatus(await alice.get(base), 200)
  }
})

for (const path of ['.account/', '.oidc/', '.notifications/', '.internal/', 'nobody/', 'nobody/x']) {
  test(`pitfall 35: nothing can be written at /${path} of the server`, async () => {
    const url = `${world.center.baseUrl}${path}`.replace(/([^:])\/\//, '$1/')
    const answer = await alice.put(url, 'text/turtle', path.endsWith('/') ? '' : turtle)
    expectStatus(answer, 401, 403, 404, 405)
  })
}

test('pitfall 50: the root of a pod that is not / answers as a root: type, no DELETE, owner in control', async () => {
  assert.notEqual(new URL(pod).pathname, '/')
  expectStatus(await alice.delete(pod), 405)
  expectStatus(await alice.delete(`${pod}.acl`), 405)
  expectStatus(await alice.get(`${pod}.acl`), 200)
})

test('a new pod is private but for its root container at most', async () => {
  const { base } = await world.center.createPod('private', { webId: alice.webId! })
  expectStatus(await anyone.get(`${base}anything`), 401)
  expectStatus(await anyone.get(`${base}.acl`), 401)
  expectStatus(await anyone.put(`${base}x`, 'text/plain', 'x'), 401)
})

test('a pod without a WebID of its owner has a profile that names its issuer and its storage', async () => {
  const { base, webId } = await world.center.createPod('selfmade', {})
  assert.equal(webId, `${base}profile/card#me`)
  const profile = expectStatus(await anyone.get(webId.split('#')[0]!, { Accept: 'text/turtle' }), 200).quads()
  const objects = (predicate: string) =>
    profile
      .filter((quad) => quad.subject.value === webId && quad.predicate.value === predicate)
      .map((quad) => quad.object.value)
  assert.deepEqual(objects('http://www.w3.org/ns/pim/space#storage'), [base])
  assert.equal(objects('http://www.w3.org/ns/solid/terms#oidcIssuer').length, 1)
  assert.ok(objects('http://www.w3.org/1999/02/22-rdf-syntax-ns#type').includes('http://xmlns.com/foaf/0.1/Person'))
})

test('Linked Data Notifications: anyone with Append posts JSON-LD to an inbox, the owner lists it', async () => {
  const inbox = fresh()
  await alice.makeContainer(inbox)
  await protect(alice, inbox, { who: 'public', modes: 'A' })
  const body = JSON.stringify({
    '@context': 'https://www.w3.org/ns/activitystreams',
    type: 'Announce',
    object: 'http://example.org/post',
  })
  const sent = expectStatus(await anyone.post(inbox, 'application/ld+json', body), 201)
  const location = sent.header('location')!
  assert.ok(location.startsWith(inbox))
  expectStatus(await anyone.get(inbox), 401)
  const listing = must(await alice.get(inbox, { Accept: 'text/turtle' }))
  assert.deepEqual(membersOf(listing.quads(), inbox), [location])
  assert.equal((await alice.get(location, { Accept: 'application/ld+json' })).text, body)
})

test('Linked Data Notifications: an inbox may be announced in RDF of its subject', async () => {
  const container = fresh()
  await alice.store(`${container}post`, `<> <http://www.w3.org/ns/ldp#inbox> <inbox/> .`)
  must(await alice.send('PUT', `${container}inbox/`, { headers: { Link: containerLink } }))
  const quads = await alice.triples(`${container}post`)
  assert.equal(quads[0]?.object.value, `${container}inbox/`)
})
