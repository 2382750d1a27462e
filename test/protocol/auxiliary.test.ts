// Solid Protocol, Auxiliary Resources: rows 39 to 43, pitfalls 3 and 10.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { expectStatus, must, n3, patchOf, sparql, turtle } from '../support/solid-client.ts'
import { aclFor, protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const note = 'INSERT DATA { <#note> <http://www.w3.org/2000/01/rdf-schema#comment> "noted" }'

for (const method of ['GET', 'HEAD']) {
  test(`rows 39, 40: ${method} advertises exactly one acl and one describedby, absolute`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    await alice.store(`${container}b.png`, 'not really', 'image/png')
    for (const url of [pod, container, `${container}a.ttl`, `${container}b.png`]) {
      const { links } = must(await alice.send(method, url))
      const of = (rel: string) => links.filter((link) => link.rel === rel).map((link) => link.uri)
      assert.deepEqual(of('acl'), [`${url}.acl`])
      assert.deepEqual(of('describedby'), [`${url}.meta`])
    }
  })
}

test('row 61: acl and describedby stand on 401, 403 and 404 answers too', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  for (const [client, name, status] of [
    [anyone, 'a.ttl', 401],
    [bob, 'a.ttl', 403],
    [alice, 'missing', 404],
  ] as const) {
    const answer = expectStatus(await client.get(container + name), status)
    assert.equal(answer.link('acl'), `${container}${name}.acl`)
    assert.equal(answer.link('describedby'), `${container}${name}.meta`)
  }
})

test('the jest suites find the ACL by splitting Link at ", " and looking for `; rel="acl"`', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const parts = must(await alice.head(container))
    .header('link')!
    .split(', ')
  const found = parts.find((part) => part.endsWith('; rel="acl"'))
  assert.equal(found, `<${container}.acl>; rel="acl"`)
})

test('row 41: a description is read, written and refused by the rule of its subject', async () => {
  const container = fresh()
  await alice.store(`${container}r.ttl`)
  await alice.store(`${container}w.ttl`)
  const who = { agent: bob.webId! }
  await protect(alice, `${container}r.ttl`, { who, modes: 'R' })
  await protect(alice, `${container}w.ttl`, { who, modes: 'RW' })
  for (const name of ['r.ttl', 'w.ttl']) must(await alice.patch(`${container}${name}.meta`, sparql, note))
  expectStatus(await bob.get(`${container}r.ttl.meta`), 200)
  expectStatus(await bob.patch(`${container}r.ttl.meta`, sparql, note), 403)
  expectStatus(await bob.put(`${container}r.ttl.meta`, 'text/turtle', turtle), 403)
  must(await bob.patch(`${container}w.ttl.meta`, sparql, note))
  expectStatus(await anyone.get(`${container}r.ttl.meta`), 401)
})

test('row 41: the description of a container follows the rule of the container', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  must(await alice.patch(`${container}.meta`, sparql, note))
  expectStatus(await bob.get(`${container}.meta`), 403)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'R', on: 'accessTo' })
  assert.ok(expectStatus(await bob.get(`${container}.meta`), 200).text.includes('noted'))
  expectStatus(await bob.patch(`${container}.meta`, sparql, note.replace('noted', 'other')), 403)
})

test('row 42: auxiliary resources are RDF documents', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  expectStatus(await alice.put(`${container}a.ttl.meta`, 'text/plain', 'Hello'), 400, 409, 415)
  expectStatus(await alice.put(`${container}a.ttl.acl`, 'text/plain', 'Hello'), 400, 415)
  for (const name of ['a.ttl.meta', 'a.ttl.acl']) {
    expectStatus(await alice.put(container + name, 'text/turtle', 'not Turtle'), 400)
    expectStatus(await alice.get(container + name), 404)
  }
})

test('row 42: auxiliary resources vanish with their subject', async () => {
  const container = fresh()
  const url = `${container}a.ttl`
  await alice.store(url)
  must(await alice.patch(`${url}.meta`, sparql, note))
  await protect(alice, url, { who: 'public', modes: 'R' })
  must(await alice.delete(url))
  for (const name of ['', '.acl', '.meta']) expectStatus(await alice.get(url + name), 404)
  await alice.store(url)
  for (const name of ['.acl', '.meta']) expectStatus(await alice.get(url + name), 404)
  expectStatus(await anyone.get(url), 401)
})

test('row 42: a container that holds only its ACL and its description can be deleted', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}c/`)
  await protect(alice, `${container}c/`)
  must(await alice.patch(`${container}c/.meta`, sparql, note))
  must(await alice.delete(`${container}c/`))
  for (const name of ['c/', 'c/.acl', 'c/.meta']) expectStatus(await alice.get(container + name), 404)
})

test('an auxiliary resource can be deleted alone', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  await protect(alice, `${container}a.ttl`, { who: 'public', modes: 'R' })
  must(await alice.patch(`${container}a.ttl.meta`, sparql, note))
  must(await alice.delete(`${container}a.ttl.acl`))
  must(await alice.delete(`${container}a.ttl.meta`))
  for (const name of ['a.ttl.acl', 'a.ttl.meta']) expectStatus(await alice.get(container + name), 404)
  expectStatus(await anyone.get(`${container}a.ttl`), 401)
  expectStatus(await alice.get(`${container}a.ttl`), 200)
})

for (const name of ['.acl', '.meta']) {
  for (const method of ['PUT', 'PATCH']) {
    test(`rows 29 and 38: ${method} of the ${name} of a container that is missing makes the container`, async () => {
      const container = `${fresh()}new/`
      const body = name === '.acl' ? aclFor(container, [], alice.webId) : `<${container}> <http://a.example/b> 1 .`
      const prefixes = [...body.matchAll(/@prefix (.*)\.\n/g)].map(([, prefix]) => `PREFIX ${prefix}`).join('\n')
      const insert = `${prefixes}\nINSERT DATA { ${body.replaceAll(/@prefix.*\n/g, '')} }`
      const write = (client: typeof alice) =>
        method === 'PUT'
          ? client.put(`${container}${name}`, 'text/turtle', body)
          : client.patch(`${container}${name}`, sparql, insert)
      expectStatus(await write(bob), 403)
      expectStatus(await alice.get(container), 404)
      const made = expectStatus(await write(alice), 201)
      assert.equal(made.header('location'), `${container}${name}`)
      assert.deepEqual(await alice.members(container), [])
      assert.deepEqual(await alice.members(container.slice(0, -'new/'.length)), [container])
      expectStatus(await write(alice), 204)
    })
  }
}

test('the ACL of a missing container takes Control and Append of its name, and Append above', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const who = { agent: bob.webId! }
  const acl = aclFor(`${container}new/`, [], bob.webId)
  for (const [here, below, status] of [
    ['R', 'RAC', 403],
    ['RA', 'RC', 403],
    ['RA', 'RA', 403],
    ['RA', 'AC', 201],
  ] as const) {
    await protect(alice, container, { who, modes: here, on: 'accessTo' }, { who, modes: below, on: 'default' })
    expectStatus(await bob.put(`${container}new/.acl`, 'text/turtle', acl), status)
  }
  expectStatus(await alice.get(`${container}new/`), 403)
})

test('a missing description is 404, and a document must exist before what describes it', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  expectStatus(await alice.get(`${container}none.ttl.meta`), 404)
  expectStatus(await alice.patch(`${container}none.ttl.meta`, sparql, note), 404, 409)
  expectStatus(
    await alice.put(`${container}none.ttl.acl`, 'text/turtle', aclFor(`${container}none.ttl`, [], alice.webId)),
    404,
    409,
  )
  assert.deepEqual(await alice.members(container), [])
})

const protectedTriples = {
  'the storage type': '<> a <http://www.w3.org/ns/pim/space#Storage>',
  containment: '<> <http://www.w3.org/ns/ldp#contains> <ghost>',
  size: '<> <http://www.w3.org/ns/posix/stat#size> 5',
  mtime: '<> <http://www.w3.org/ns/posix/stat#mtime> 5',
  modified:
    '<> <http://purl.org/dc/terms/modified> "2020-01-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
}

for (const [what, triple] of Object.entries(protectedTriples)) {
  const about = (subject: string) => triple.replace('<>', `<${subject}>`)

  test(`row 43, pitfall 3: ${what} in a description answers 409, by every way to write it`, async () => {
    const container = fresh()
    await alice.makeContainer(container)
    const meta = `${container}.meta`
    expectStatus(await alice.patch(meta, n3, patchOf({ inserts: `${about(container)} .` })), 409)
    expectStatus(await alice.patch(meta, sparql, `INSERT DATA { ${about(container)} }`), 409)
    expectStatus(await alice.put(meta, 'text/turtle', `${about(container)} .`), 409)
    expectStatus(await alice.get(meta), 404)
  })
}

test('row 28: the description of a container says nothing of the size or time of a child', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const triple = `<${container}a.ttl> <http://www.w3.org/ns/posix/stat#size> 1`
  expectStatus(await alice.patch(`${container}.meta`, sparql, `INSERT DATA { ${triple} }`), 409)
})

test('row 43: triples about others are no concern of the server', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const elsewhere = '<http://example.org/x> <http://purl.org/dc/terms/modified> "yesterday"'
  must(await alice.patch(`${container}.meta`, sparql, `INSERT DATA { ${elsewhere} }`))
})

test('row 43: a document that is no description may hold such triples', async () => {
  const container = fresh()
  const body = '<> <http://purl.org/dc/terms/modified> "yesterday"; <http://www.w3.org/ns/posix/stat#size> 5 .'
  expectStatus(await alice.put(`${container}notes.ttl`, 'text/turtle', body), 201)
})

test('pitfall 10: an ACL has no ACL and no description', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  await protect(alice, `${container}a.ttl`)
  const acl = must(await alice.get(`${container}a.ttl.acl`))
  assert.equal(acl.link('acl'), undefined)
  for (const name of ['a.ttl.acl.acl', 'a.ttl.meta.meta', 'a.ttl.acl.meta', '.acl.acl']) {
    expectStatus(await alice.get(container + name), 404, 405)
    expectStatus(await alice.put(container + name, 'text/turtle', turtle), 404, 405, 409)
  }
  assert.deepEqual(await alice.members(container), [`${container}a.ttl`])
})

test('pitfall 10: WAC-Allow on an ACL shows Control', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  await protect(alice, `${container}a.ttl`, { who: 'public', modes: 'R' })
  const { wacAllow } = must(await alice.get(`${container}a.ttl.acl`))
  assert.ok(wacAllow.user?.includes('control'))
  assert.deepEqual(wacAllow.public ?? [], [])
})

for (const name of ['x.acl/', 'x.meta/', 'x.acl/y', 'x.meta/y.ttl', '.acl/y']) {
  test(`rule 1: a segment that ends in .acl or .meta is never a container: ${name}`, async () => {
    const container = fresh()
    await alice.makeContainer(container)
    const answer = await alice.send('PUT', container + name, {
      body: name.endsWith('/') ? '' : turtle,
      headers: { 'Content-Type': 'text/turtle' },
    })
    expectStatus(answer, 400, 403, 404, 405, 409)
    assert.deepEqual(await alice.members(container), [])
  })
}

test('POST into an auxiliary resource is refused', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  await protect(alice, container)
  expectStatus(await alice.post(`${container}.acl`, 'text/turtle', turtle), 405)
  expectStatus(await alice.post(`${container}.meta`, 'text/turtle', turtle), 404, 405)
})
