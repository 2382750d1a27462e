// What the client libraries send, request by request, and what they need from the answers: solid-client, rdflib and mashlib,
// LDO, soukai, Comunica, bashlib. The libraries themselves are run in other tests; these say which answer they would miss.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { containerLink, expectStatus, lines, must, sparql } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const resourceLink = '<http://www.w3.org/ns/ldp#Resource>; rel="type"'

test('solid-client: createContainerAt, saveSolidDatasetAt, getSolidDataset', async () => {
  const container = fresh()
  const create = { 'Content-Type': 'text/turtle', 'If-None-Match': '*', Link: containerLink }
  expectStatus(await alice.send('PUT', container, { headers: create }), 201)
  expectStatus(await alice.send('PUT', container, { headers: create }), 412)
  const url = `${container}data.ttl`
  const body = '<#it> <http://schema.org/name> "one" .'
  expectStatus(await alice.put(url, 'text/turtle', body, { 'If-None-Match': '*', Link: resourceLink }), 201)
  must(
    await alice.patch(
      url,
      sparql,
      ` DELETE DATA {<${url}#it> <http://schema.org/name> "one" .}; INSERT DATA {<${url}#it> <http://schema.org/name> "two" .};`,
    ),
  )
  const answer = must(await alice.get(url, { Accept: 'text/turtle' }))
  assert.equal(answer.header('content-type')?.split(';')[0], 'text/turtle')
  assert.deepEqual(lines(answer.quads()), [`${url}#it http://schema.org/name two`])
})

test('solid-client: saveSolidDatasetInContainer: POST, Slug, an absolute Location', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const made = expectStatus(
    await alice.post(container, 'text/turtle', '', { Slug: 'data.ttl', Link: resourceLink }),
    201,
  )
  assert.equal(new URL(made.header('location')!, new URL(pod).origin).href, `${container}data.ttl`)
})

test('solid-client: getSolidDatasetWithAcl: a missing ACL is no 2xx, the fallback is found by walking up', async () => {
  const url = `${fresh()}a/b.ttl`
  await alice.store(url)
  const acl = must(await alice.head(url)).link('acl')!
  expectStatus(await alice.get(acl, { Accept: 'text/turtle' }), 404)
  let found: string | undefined
  for (
    let path = url.slice(0, url.lastIndexOf('/') + 1);
    found === undefined;
    path = path.slice(0, path.lastIndexOf('/', path.length - 2) + 1)
  ) {
    assert.ok(path.startsWith(pod), `no ACL up to ${path}`)
    const candidate = must(await alice.head(path)).link('acl')!
    if ((await alice.get(candidate, { Accept: 'text/turtle' })).status === 200) found = candidate
  }
  assert.equal(found, `${pod}.acl`)
})

test('solid-client: universalAccess reads WAC-Allow and patches the ACL', async () => {
  const url = `${fresh()}x.ttl`
  await alice.store(url)
  await protect(alice, url)
  const rule = `<${url}.acl#bob>`
  must(
    await alice.patch(
      `${url}.acl`,
      sparql,
      `INSERT DATA {${rule} a <http://www.w3.org/ns/auth/acl#Authorization>; <http://www.w3.org/ns/auth/acl#agent> <${bob.webId}>; <http://www.w3.org/ns/auth/acl#accessTo> <${url}>; <http://www.w3.org/ns/auth/acl#mode> <http://www.w3.org/ns/auth/acl#Read>.};`,
    ),
  )
  assert.deepEqual(must(await bob.head(url)).wacAllow.user, ['read'])
})

test('rdflib: reads a 404, finds that it may create, creates by PATCH', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const url = `${container}new.ttl`
  const missing = expectStatus(await alice.get(url, { Accept: 'text/n3;q=1.0, text/turtle;q=1, */*;q=0.1' }), 404)
  assert.match(missing.header('accept-patch') ?? '', /application\/sparql-update/)
  assert.ok(missing.wacAllow.user?.includes('write'))
  expectStatus(await alice.patch(url, sparql, `INSERT DATA { <${url}#a> <http://schema.org/name> "one" . }\n`), 201)
  const answer = must(await alice.get(url))
  assert.match(answer.header('accept-patch') ?? answer.header('ms-author-via') ?? '', /sparql/i)
})

test('rdflib: MS-Author-Via names SPARQL on what can be patched', async () => {
  const url = `${fresh()}x.ttl`
  await alice.store(url)
  assert.equal(must(await alice.get(url)).header('ms-author-via'), 'SPARQL')
})

test('rdflib: update of a statement about a blank node: DELETE and INSERT with WHERE', async () => {
  const url = `${fresh()}x.ttl`
  await alice.store(url, '<#me> <http://xmlns.com/foaf/0.1/account> [ <http://xmlns.com/foaf/0.1/name> "old" ] .')
  const update = `DELETE { ?a <http://xmlns.com/foaf/0.1/name> "old" . } INSERT { ?a <http://xmlns.com/foaf/0.1/name> "new" . } WHERE { <${url}#me> <http://xmlns.com/foaf/0.1/account> ?a . ?a <http://xmlns.com/foaf/0.1/name> "old" . }`
  must(await alice.patch(url, sparql, update))
  assert.ok((await alice.triples(url)).some((quad) => quad.object.value === 'new'))
})

test('rdflib: a PATCH with a stale If-Match is 412', async () => {
  const url = `${fresh()}x.ttl`
  await alice.store(url)
  const etag = must(await alice.get(url)).header('etag')!
  must(await alice.patch(url, sparql, 'INSERT DATA { <#a> <#b> 1 }', { 'If-Match': etag }))
  expectStatus(await alice.patch(url, sparql, 'INSERT DATA { <#a> <#b> 2 }', { 'If-Match': etag }), 412)
})

test('mashlib: reads a container, then its description; makes containers with a blank as their body', async () => {
  const container = fresh()
  expectStatus(await alice.put(container, 'text/turtle', ' ', { Link: containerLink }), 201)
  expectStatus(await alice.put(container, 'text/turtle', ' ', { Link: containerLink }), 409)
  const answer = must(
    await alice.get(container, {
      Accept: 'image/*;q=0.9, */*;q=0.1, application/rdf+xml;q=0.9, text/html;q=0.9, text/n3;q=1.0, text/turtle;q=1',
    }),
  )
  assert.ok(answer.header('content-type')?.startsWith('text/turtle'))
  expectStatus(await alice.get(answer.link('describedby')!), 200, 404)
})

test('solid-logic: a fresh pod gets settings and type indexes by PUT and PATCH, parents made on the way', async () => {
  const { base } = await world.center.createPod('fresh', { webId: alice.webId! })
  expectStatus(await alice.put(`${base}settings/prefs.ttl`, 'text/turtle', '', { 'If-None-Match': '*' }), 201)
  expectStatus(
    await alice.patch(
      `${base}settings/publicTypeIndex.ttl`,
      sparql,
      `INSERT DATA { <> a <http://www.w3.org/ns/solid/terms#TypeIndex>, <http://www.w3.org/ns/solid/terms#ListedDocument> . }`,
    ),
    201,
  )
  await protect(alice, `${base}settings/publicTypeIndex.ttl`, { who: 'public', modes: 'R' })
  expectStatus(await anyone.get(`${base}settings/publicTypeIndex.ttl`), 200)
  expectStatus(await anyone.get(`${base}settings/prefs.ttl`), 401)
  assert.ok((await alice.members(base)).includes(`${base}settings/`))
})

test('LDO: creates by POST without a body, wants the name back, without an extension', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  for (const [slug, link, url] of [
    ['plain', resourceLink, `${container}plain`],
    ['box', containerLink, `${container}box/`],
  ] as const) {
    const headers = { 'Content-Type': 'text/turtle', Slug: slug, Link: link }
    assert.equal(expectStatus(await alice.send('POST', container, { headers }), 201).header('location'), url)
    expectStatus(await alice.get(url, { Accept: 'text/turtle, */*' }), 200)
  }
})

test('LDO: overwrites by DELETE (404 tolerated), then POST', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  for (let round = 0; round < 2; round++) {
    expectStatus(await alice.delete(`${container}note`), round === 0 ? 404 : 204, 200, 205)
    expectStatus(await alice.post(container, 'text/turtle', '<#a> <#b> <#c> .', { Slug: 'note' }), 201)
  }
})

test('LDO: finds the storage by walking up to the pim:Storage type', async () => {
  const url = `${fresh()}a/b/c.ttl`
  await alice.store(url)
  let path = url
  const isRoot = async () => (await alice.head(path)).links.some((link) => link.uri.endsWith('space#Storage'))
  while (!(await isRoot())) {
    path = path.slice(0, path.lastIndexOf('/', path.length - 2) + 1)
    assert.ok(path.startsWith(pod), path)
  }
  assert.equal(path, pod)
})

test('soukai: containers by PUT with If-None-Match: *, their name by PATCH of the description', async () => {
  const container = fresh()
  const headers = { 'Content-Type': 'text/turtle', 'If-None-Match': '*', Link: containerLink }
  expectStatus(await alice.send('PUT', container, { headers }), 201)
  const meta = must(await alice.head(container)).link('describedby')!
  must(
    await alice.patch(
      meta,
      sparql,
      `INSERT DATA { <${container}> <http://www.w3.org/2000/01/rdf-schema#label> "Movies" . }`,
    ),
  )
  const all = [...(await alice.triples(container)), ...(await alice.triples(meta))]
  assert.ok(all.some((quad) => quad.object.value === 'Movies' && quad.subject.value === container))
})

test('Comunica: N-Quads out and in, with compression', async () => {
  const url = `${fresh()}data`
  const accept =
    'application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,application/n-triples;q=0.8,text/turtle;q=0.6'
  expectStatus(await alice.get(url, { Accept: accept }), 404)
  expectStatus(await alice.put(url, 'application/n-quads', '<http://a/s> <http://a/p> "o" .\n'), 201)
  const answer = must(await alice.get(url, { Accept: accept }))
  assert.ok(answer.header('content-type')?.startsWith('application/n-quads'))
  await alice.store(`${url}.ttl`, '<#s> <http://a/p> "o" .')
  const converted = must(await alice.get(`${url}.ttl`, { Accept: accept }))
  assert.ok(converted.header('content-type')?.startsWith('application/n-quads'))
  assert.deepEqual(lines(converted.quads()), [`${url}.ttl#s http://a/p o`])
})

test('bashlib: what ls shows is in the listing: modified, size, mtime, and Link acl and describedby in the HEAD', async () => {
  const container = fresh()
  await alice.store(`${container}a.txt`, 'Hello', 'text/plain')
  const predicates = new Set(
    (await alice.triples(container))
      .filter((quad) => quad.subject.value === `${container}a.txt`)
      .map((quad) => quad.predicate.value),
  )
  for (const predicate of [
    'http://purl.org/dc/terms/modified',
    'http://www.w3.org/ns/posix/stat#size',
    'http://www.w3.org/ns/posix/stat#mtime',
  ])
    assert.ok(predicates.has(predicate))
  const head = must(await alice.head(`${container}a.txt`))
  assert.ok(head.link('acl') && head.link('describedby'))
})

test('solid-file-client: copies a description by PUT', async () => {
  const container = fresh()
  await alice.store(`${container}a`, 'Hello', 'text/plain')
  await alice.store(`${container}b`, 'Hello', 'text/plain')
  must(await alice.patch(`${container}a.meta`, sparql, 'INSERT DATA { <#x> <#y> "z" }'))
  const { text } = must(await alice.get(`${container}a.meta`))
  expectStatus(await alice.put(`${container}b.meta`, 'text/turtle', text), 201)
})

test('inrupt getWellKnownSolid: the origin has /.well-known/solid, readable by anyone', async () => {
  const answer = expectStatus(
    await anyone.get(`${new URL(pod).origin}/.well-known/solid`, { Accept: 'text/turtle' }),
    200,
  )
  assert.ok(answer.header('content-type')?.startsWith('text/turtle'))
})

test('the profile of a new pod lets every app find its storage', async () => {
  const { base, webId } = await world.center.createPod('profiled', {})
  const card = must(await anyone.get(webId.split('#')[0]!, { Accept: 'text/turtle' })).quads()
  const storage = card.find((quad) => quad.predicate.value === 'http://www.w3.org/ns/pim/space#storage')
  assert.equal(storage?.object.value, base)
  for (const type of ['text/turtle', 'application/ld+json'])
    expectStatus(await anyone.get(webId.split('#')[0]!, { Accept: type }), 200)
})
