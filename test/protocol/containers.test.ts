// Solid Protocol, Resource Containment and Contained Resource Metadata: rows 23 to 29, pitfalls 1 to 4 and 45, rule 21.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import {
  type Answer,
  type Client,
  containerLink,
  expectStatus,
  membersOf,
  must,
  n3,
  patchOf,
  sparql,
  turtle,
} from '../support/solid-client.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, fresh } = world

const ldp = 'http://www.w3.org/ns/ldp#'
const stat = 'http://www.w3.org/ns/posix/stat#'
const modified = 'http://purl.org/dc/terms/modified'
const rdfType = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type'
const xsd = 'http://www.w3.org/2001/XMLSchema#'

async function objects(client: Client, listing: string, subject: string, predicate: string) {
  const quads = await client.triples(listing)
  return quads
    .filter((quad) => quad.subject.value === subject && quad.predicate.value === predicate)
    .map((quad) => quad.object)
}

test('row 23: containment follows the paths; auxiliary resources are not listed', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  await alice.store(`${container}b/c/d.ttl`)
  must(await alice.patch(`${container}a.ttl.meta`, sparql, 'INSERT DATA { <#x> <#y> <#z> }'))
  must(
    await alice.put(
      `${container}a.ttl.acl`,
      'text/turtle',
      (await alice.get(`${world.pod}.acl`)).text.replaceAll(`<${world.pod}>`, `<${container}a.ttl>`),
    ),
  )
  must(await alice.patch(`${container}.meta`, sparql, 'INSERT DATA { <#x> <#y> <#z> }'))
  assert.deepEqual(await alice.members(container), [`${container}a.ttl`, `${container}b/`])
  assert.deepEqual(await alice.members(`${container}b/`), [`${container}b/c/`])
  assert.deepEqual(await alice.members(`${container}b/c/`), [`${container}b/c/d.ttl`])
  assert.ok((await alice.members(world.pod)).includes(container))
})

test('row 24: a container says Container, BasicContainer and Resource; a document says Resource', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  for (const method of ['GET', 'HEAD']) {
    const types = (answer: Answer) => answer.links.filter((link) => link.rel === 'type').map((link) => link.uri)
    const ofContainer = types(await alice.send(method, container))
    for (const name of ['Container', 'BasicContainer', 'Resource']) assert.ok(ofContainer.includes(ldp + name), name)
    assert.deepEqual(types(await alice.send(method, `${container}a.ttl`)), [`${ldp}Resource`])
  }
})

test('row 24: the listing says that it is of a container', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const types = (await objects(alice, container, container, rdfType)).map((object) => object.value)
  for (const name of ['Container', 'BasicContainer', 'Resource']) assert.ok(types.includes(ldp + name), name)
})

test('row 25: the listing gives modified of each child, equal to its Last-Modified', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  await alice.makeContainer(`${container}b/`)
  for (const child of [`${container}a.ttl`, `${container}b/`]) {
    const [time, ...more] = await objects(alice, container, child, modified)
    assert.equal(more.length, 0)
    assert.ok(time?.termType === 'Literal' && time.datatype.value === `${xsd}dateTime`)
    const lastModified = Date.parse((await alice.head(child)).header('last-modified')!)
    assert.equal(Math.floor(Date.parse(time.value) / 1000) * 1000, lastModified)
    const [mtime] = await objects(alice, container, child, `${stat}mtime`)
    assert.ok(mtime?.termType === 'Literal' && mtime.datatype.value === `${xsd}integer`)
    assert.equal(Number(mtime.value), lastModified / 1000)
  }
})

test('row 25, pitfall 45: size is a typed integer on documents and absent on containers', async () => {
  const container = fresh()
  await alice.store(`${container}a.txt`, 'häuser', 'text/plain')
  await alice.makeContainer(`${container}b/`)
  const [size] = await objects(alice, container, `${container}a.txt`, `${stat}size`)
  assert.ok(size?.termType === 'Literal')
  assert.equal(size.value, '7')
  assert.equal(size.datatype.value, `${xsd}integer`)
  assert.deepEqual(await objects(alice, container, `${container}b/`, `${stat}size`), [])
})

test('row 25: children have ldp types, documents a class of their media type', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`, turtle, 'text/turtle; charset=utf-8')
  await alice.store(`${container}b.png`, 'not really', 'image/png')
  await alice.makeContainer(`${container}c/`)
  const types = async (child: string) =>
    (await objects(alice, container, container + child, rdfType)).map((o) => o.value)
  const iana = (type: string) => `http://www.w3.org/ns/iana/media-types/${type}#Resource`
  const ofTurtle = await types('a.ttl')
  assert.ok(ofTurtle.includes(iana('text/turtle')) && ofTurtle.includes(`${ldp}Resource`), ofTurtle.join())
  assert.ok((await types('b.png')).includes(iana('image/png')))
  const ofContainer = await types('c/')
  assert.ok(ofContainer.includes(`${ldp}Container`) && ofContainer.includes(`${ldp}BasicContainer`), ofContainer.join())
})

test('row 26: Last-Modified of a container follows containment, not the content of children', async () => {
  const container = fresh()
  const child = `${container}a.txt`
  await alice.store(child, '0', 'text/plain')
  const timeOf = async (url: string) => Date.parse((await alice.head(url)).header('last-modified')!)
  const before = await timeOf(container)
  // the header counts seconds: write until the child shows a later one
  for (let round = 1; (await timeOf(child)) <= before; round++) await alice.store(child, String(round), 'text/plain')
  assert.equal(await timeOf(container), before)
  must(await alice.delete(child))
  assert.ok((await timeOf(container)) > before)
})

test('rule 21: a change of a child changes the ETag of its container, and of that one only', async () => {
  const container = fresh()
  await alice.store(`${container}b/a.txt`, '0', 'text/plain')
  const etag = async (url: string) => (await alice.head(url)).header('etag')
  const [outer, inner] = [await etag(container), await etag(`${container}b/`)]
  await alice.store(`${container}b/a.txt`, '1', 'text/plain')
  assert.equal(await etag(container), outer)
  assert.notEqual(await etag(`${container}b/`), inner)
})

test('rule 21: a change of containment shows in the listing above', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}b/`)
  const etag = (await alice.head(container)).header('etag')
  await alice.store(`${container}b/a.txt`, '0', 'text/plain')
  assert.notEqual((await alice.head(container)).header('etag'), etag)
})

test('rule 21: listings are ordered by the bytes of the names', async () => {
  const container = fresh()
  const names = ['b', 'a', 'a-b', 'a.b', 'a0', 'Z', '~', 'é'].map((name) => encodeURIComponent(name))
  for (const name of names) await alice.store(container + name, 'x', 'text/plain')
  const quads = await alice.triples(container)
  const order = quads.filter((quad) => quad.predicate.value === `${ldp}contains`).map((quad) => quad.object.value)
  assert.deepEqual(
    order,
    names.map((name) => container + name).sort((a, b) => (a < b ? -1 : 1)),
  )
})

test('rows 27, 28: PUT on an existing container answers 409 and changes nothing', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const before = (await alice.head(container)).header('etag')
  for (const body of [
    `<> <${ldp}contains> <ghost> .`,
    `<a.ttl> <${stat}size> 1 .`,
    '<> <http://purl.org/dc/terms/title> "Hi" .',
  ]) {
    expectStatus(await alice.put(container, 'text/turtle', body), 409)
  }
  assert.deepEqual(await alice.members(container), [`${container}a.ttl`])
  assert.equal((await alice.head(container)).header('etag'), before)
})

test('pitfall 1: PUT on an existing container with If-None-Match: * answers 412 before 409', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  expectStatus(await alice.put(container, 'text/turtle', '', { 'If-None-Match': '*', Link: containerLink }), 412)
})

for (const [type, body] of [
  [n3, patchOf({ inserts: `<> <${ldp}contains> <ghost> .` })],
  [n3, patchOf({ inserts: '<> <http://purl.org/dc/terms/title> "Hi" .' })],
  [sparql, `INSERT DATA { <> <${ldp}contains> <ghost> }`],
  [sparql, `DELETE DATA { <> <${ldp}contains> <a.ttl> }`],
] as const) {
  test(`row 27: PATCH on a container answers 409: ${type} ${body.includes('ghost') ? 'adds a child' : 'other'} ${body.length}`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    expectStatus(await alice.patch(container, type, body), 409)
    assert.deepEqual(await alice.members(container), [`${container}a.ttl`])
  })
}

for (const [what, body] of Object.entries({
  containment: `<> <${ldp}contains> <ghost> .`,
  'metadata of a child': `<ghost> <${stat}size> 1 .`,
  'its own time': `<> <${modified}> "2020-01-01T00:00:00Z"^^<${xsd}dateTime> .`,
  'the storage type': '<> a <http://www.w3.org/ns/pim/space#Storage> .',
})) {
  test(`pitfall 2: making a container whose body holds ${what} answers 409, by PUT and by POST`, async () => {
    const container = fresh()
    await alice.makeContainer(container)
    expectStatus(await alice.put(`${container}new/`, 'text/turtle', body), 409)
    expectStatus(await alice.post(container, 'text/turtle', body, { Link: containerLink, Slug: 'new' }), 409)
    assert.deepEqual(await alice.members(container), [])
  })
}

test('a container made with a body keeps it as its description', async () => {
  const container = fresh()
  const body = '<> <http://purl.org/dc/terms/title> "My box" .'
  expectStatus(await alice.put(`${container}put/`, 'text/turtle', body), 201)
  const posted = expectStatus(await alice.post(container, 'text/turtle', body, { Link: containerLink }), 201).header(
    'location',
  )!
  for (const url of [`${container}put/`, posted]) {
    const described = (await alice.head(url)).link('describedby')!
    const all = [...(await alice.triples(url)), ...(await alice.triples(described))]
    assert.ok(all.some((quad) => quad.subject.value === url && quad.object.value === 'My box'))
  }
})

test('pitfall 4: a container is made without a body, with and without Content-Type', async () => {
  const container = fresh()
  expectStatus(await alice.send('PUT', `${container}a/`, {}), 201)
  expectStatus(await alice.send('PUT', `${container}b/`, { headers: { 'Content-Type': 'text/turtle' } }), 201)
  expectStatus(await alice.send('PUT', `${container}c/`, { headers: { 'Content-Type': 'text/turtle' }, body: '' }), 201)
  expectStatus(await alice.send('POST', container, { headers: { Link: containerLink } }), 201)
  expectStatus(
    await alice.send('POST', container, { headers: { Link: containerLink, 'Content-Type': 'text/turtle' } }),
    201,
  )
  expectStatus(
    await alice.send('PUT', `${container}d/`, { headers: { 'Content-Type': 'text/turtle' }, body: ' ' }),
    201,
  )
  assert.equal((await alice.members(container)).length, 6)
})

test('pitfall 4: Content-Length 0 with a Content-Type is an empty document', async () => {
  const container = fresh()
  expectStatus(await alice.put(`${container}empty.ttl`, 'text/turtle', ''), 201)
  const answer = expectStatus(await alice.get(`${container}empty.ttl`), 200)
  assert.equal(answer.bytes.length, 0)
  assert.ok(answer.header('content-type')?.startsWith('text/turtle'))
})

for (const [method, type, body] of [
  ['PUT', 'text/plain', 'Hello'],
  ['PATCH', sparql, 'INSERT DATA { <#hello> <#linked> <#world> . }'],
  ['PATCH', n3, patchOf({ inserts: '<#hello> <#linked> <#world> .' })],
] as const) {
  test(`row 29: ${method} (${type}) makes missing ancestors and their containment`, async () => {
    const container = fresh()
    const url = `${container}b/c/d.txt`
    expectStatus(await alice.send(method, url, { body, headers: { 'Content-Type': type } }), 201)
    for (const [parent, child] of [
      [container, `${container}b/`],
      [`${container}b/`, `${container}b/c/`],
      [`${container}b/c/`, url],
    ]) {
      const answer = must(await alice.get(parent!, { Accept: 'text/turtle' }))
      assert.deepEqual(membersOf(answer.quads(), parent!), [child])
    }
  })
}

test('row 29: PUT of a container makes its missing ancestors', async () => {
  const container = fresh()
  await alice.makeContainer(`${container}b/c/`)
  assert.deepEqual(await alice.members(container), [`${container}b/`])
  assert.deepEqual(await alice.members(`${container}b/`), [`${container}b/c/`])
})

test('a container of 300 members lists every one of them', async () => {
  const container = fresh()
  const names = Array.from({ length: 300 }, (_, index) => `${container}m${String(index).padStart(3, '0')}`)
  await Promise.all(names.map(async (name) => await alice.store(name, 'x', 'text/plain')))
  assert.deepEqual(await alice.members(container), names)
})
