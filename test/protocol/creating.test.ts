// Solid Protocol, Resource Type Heuristics and Writing Resources: rows 30 to 38, pitfalls 34, 46 and 47.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { containerLink, expectStatus, must, n3, patchOf, turtle } from '../support/solid-client.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, fresh, pod } = world

async function made(): Promise<string> {
  const container = fresh()
  await alice.makeContainer(container)
  return container
}

async function post(container: string, headers: Record<string, string>, body: string | undefined = 'Hello') {
  return await alice.send('POST', container, { body, headers: { 'Content-Type': 'text/plain', ...headers } })
}

const below = (url: string, container: string) => url.slice(container.length).replace(/\/$/, '')

test('row 30: POST makes a child directly below the container and names it in an absolute Location', async () => {
  const container = await made()
  const location = expectStatus(await post(container, {}), 201).header('location')!
  assert.ok(location.startsWith(container), location)
  assert.match(below(location, container), /^[^/]+$/)
  assert.equal((await alice.get(location)).text, 'Hello')
  assert.deepEqual(await alice.members(container), [location])
})

test('row 30: each POST makes another resource', async () => {
  const container = await made()
  const locations = await Promise.all(
    Array.from({ length: 5 }, async () => must(await post(container, {})).header('location')),
  )
  assert.equal(new Set(locations).size, 5)
})

for (const [name, type, body] of [
  ['c/', 'text/turtle', turtle],
  ['r.ttl', 'text/turtle', turtle],
  ['r.json', 'application/ld+json', '{ "http://schema.org/name": "Thing" }'],
  ['r.foo', 'foo/bar', 'Foobar'],
] as const) {
  test(`row 31: POST to a missing ${name} answers 404 and makes nothing`, async () => {
    const container = await made()
    expectStatus(await alice.post(container + name, type, body), 404)
    expectStatus(await alice.get(container + name), 404)
    assert.deepEqual(await alice.members(container), [])
  })
}

test('row 32: POST on a document answers 405, with an Allow without POST', async () => {
  const container = await made()
  await alice.store(`${container}a.ttl`)
  const answer = expectStatus(await post(`${container}a.ttl`, {}), 405)
  const allow = answer.list('allow')
  assert.ok(allow.includes('GET') && allow.includes('PUT') && !allow.includes('POST'), allow.join())
})

for (const slug of ['plain', 'with.dots.ttl', 'UPPER-case_~', 'a+b@c', '2026']) {
  test(`row 33: a free Slug is used exactly: ${slug}`, async () => {
    const container = await made()
    assert.equal(
      expectStatus(await post(container, { Slug: slug, 'Content-Type': 'text/turtle' }, turtle), 201).header(
        'location',
      ),
      container + slug,
    )
  })
}

test('row 33: a taken Slug gives a fresh name and 201, for documents and containers', async () => {
  const container = await made()
  await alice.store(`${container}a`)
  await alice.makeContainer(`${container}b/`)
  const locations = new Set<string>()
  for (const slug of ['a', 'b']) {
    for (const link of [{}, { Link: containerLink }]) {
      const answer = expectStatus(await post(container, { Slug: slug, ...link }, 'Link' in link ? '' : 'Hello'), 201)
      locations.add(answer.header('location')!)
    }
  }
  assert.equal(locations.size, 4)
  assert.equal((await alice.members(container)).length, 6)
  assert.equal((await alice.get(`${container}a`)).text, turtle)
})

for (const slug of ['x.acl', 'x.meta', '.acl', '.meta']) {
  test(`row 34: the Slug ${slug} of an auxiliary resource answers 403`, async () => {
    const container = await made()
    expectStatus(await post(container, { Slug: slug }), 403)
    assert.deepEqual(await alice.members(container), [])
  })
}

for (const slug of ['a/b', '/a', 'c/']) {
  test(`row 34: the Slug ${slug} of a document answers 400`, async () => {
    const container = await made()
    expectStatus(await post(container, { Slug: slug }), 400)
    assert.deepEqual(await alice.members(container), [])
  })
}

test('row 34: the Slug c/ of a container is c/', async () => {
  const container = await made()
  const answer = expectStatus(
    await alice.send('POST', container, { headers: { Slug: 'c/', Link: containerLink } }),
    201,
  )
  assert.equal(answer.header('location'), `${container}c/`)
})

for (const [slug, name] of Object.entries({
  'two words': 'two%20words',
  'already%20encoded': 'already%20encoded',
  '100%': '100%25',
})) {
  test(`pitfall 34: the Slug ${slug} is encoded once: ${name}`, async () => {
    const container = await made()
    const location = expectStatus(await post(container, { Slug: slug }), 201).header('location')!
    assert.equal(location, container + name)
    expectStatus(await alice.get(location), 200)
    assert.deepEqual(await alice.members(container), [location])
  })
}

test('pitfall 34: a Slug in UTF-8 is encoded once', async () => {
  const container = await made()
  const location = expectStatus(
    await post(container, { Slug: Buffer.from('häuser-房子').toString('latin1') }),
    201,
  ).header('location')!
  assert.equal(location, container + encodeURIComponent('häuser-房子'))
  expectStatus(await alice.get(location), 200)
})

for (const [what, slug] of Object.entries({
  dot: '.',
  dots: '..',
  'encoded dots': '%2e%2e',
  empty: '',
  'too long': 'x'.repeat(300),
  'a backslash': 'a\\b',
  'a broken escape': '%zz',
})) {
  test(`pitfall 34: a Slug that is ${what} gives a usable name below the container`, async () => {
    const container = await made()
    const location = expectStatus(await post(container, { Slug: slug }), 201).header('location')!
    assert.ok(location.startsWith(container), location)
    assert.match(below(location, container), /^[^/]{1,255}$/)
    assert.deepEqual(await alice.members(container), [location])
    expectStatus(await alice.get(location), 200)
  })
}

test('pitfall 34: a Slug colliding with the other slash form gives a new name', async () => {
  const container = await made()
  await alice.store(`${container}x`)
  const answer = expectStatus(await alice.send('POST', container, { headers: { Slug: 'x', Link: containerLink } }), 201)
  assert.notEqual(answer.header('location'), `${container}x/`)
})

for (const type of ['BasicContainer', 'Container']) {
  test(`row 35: POST with a Link to ldp:${type} makes a container`, async () => {
    const container = await made()
    const Link = `<http://www.w3.org/ns/ldp#${type}>; rel="type"`
    const location = expectStatus(await alice.send('POST', container, { headers: { Link, Slug: 'c' } }), 201).header(
      'location',
    )
    assert.equal(location, `${container}c/`)
  })
}

for (const Link of [
  '<http://www.w3.org/ns/ldp#Resource>; rel="type", <http://www.w3.org/ns/ldp#BasicContainer>; rel="type"',
  '<http://www.w3.org/ns/ldp#BasicContainer>; rel=type',
  '<http://www.w3.org/ns/ldp#BasicContainer>;rel=type',
  '<http://example.org/a,b>; rel="next", <http://www.w3.org/ns/ldp#BasicContainer>; title="a, b"; rel="type"',
]) {
  test(`pitfall 46: a request Link of several values or without quotes is understood: ${Link}`, async () => {
    const container = await made()
    const answer = expectStatus(await alice.send('POST', container, { headers: { Link } }), 201)
    assert.ok(answer.header('location')?.endsWith('/'), answer.header('location'))
  })
}

test('pitfall 46: request Links on several lines are understood', async () => {
  const container = await made()
  const headers = { Link: ['<http://www.w3.org/ns/ldp#Resource>; rel="type"', containerLink] }
  assert.ok(
    expectStatus(await alice.send('POST', container, { headers }), 201)
      .header('location')
      ?.endsWith('/'),
  )
})

test('pitfall 46: answers have one Link value a line, or all in one line: never a mix', async () => {
  const container = await made()
  for (const url of [container, pod]) {
    const counts = (await alice.head(url)).lines
      .filter(([name]) => name === 'link')
      .map(([, value]) => value.match(/</g)!.length)
    assert.ok(counts.length === 1 || counts.every((count) => count === 1), counts.join())
  }
})

test('row 35: by PUT the trailing slash decides, with or without a Link', async () => {
  const container = fresh()
  expectStatus(await alice.send('PUT', `${container}a/`, {}), 201)
  expectStatus(await alice.send('PUT', `${container}b/`, { headers: { Link: containerLink } }), 201)
  expectStatus(
    await alice.send('PUT', `${container}c/`, { headers: { Link: '<http://www.w3.org/ns/ldp#Resource>; rel="type"' } }),
    201,
  )
  for (const name of ['a/', 'b/', 'c/']) assert.deepEqual(await alice.members(container + name), [])
})

test('row 36: PUT of a document URI with a container Link answers 400', async () => {
  const container = await made()
  const answer = await alice.put(`${container}a`, 'text/turtle', turtle, { Link: containerLink })
  expectStatus(answer, 400, 409)
  assert.deepEqual(await alice.members(container), [])
})

test('row 37: PUT of something new answers 201, of something that exists 204', async () => {
  const container = fresh()
  expectStatus(await alice.put(`${container}a.txt`, 'text/plain', '1'), 201)
  expectStatus(await alice.put(`${container}a.txt`, 'text/plain', '2'), 204)
  assert.equal((await alice.get(`${container}a.txt`)).text, '2')
})

test('row 37: PUT with If-None-Match: * on something that exists answers 412 and changes nothing', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`, '<> <http://purl.org/dc/terms/title> "data"@en .')
  const body = '<> <http://purl.org/dc/terms/title> "if-none-match"@en .'
  expectStatus(await alice.put(`${container}a.ttl`, 'text/turtle', body, { 'If-None-Match': '*' }), 412)
  assert.ok(!(await alice.get(`${container}a.ttl`)).text.includes('if-none-match'))
})

test('row 37: PUT with If-None-Match: * on something new answers 201', async () => {
  const container = fresh()
  expectStatus(await alice.put(`${container}a.ttl`, 'text/turtle', turtle, { 'If-None-Match': '*' }), 201)
  assert.equal((await alice.get(`${container}a.ttl`)).text, turtle)
})

test('row 37: a document replaced by another type has that type', async () => {
  const container = fresh()
  await alice.store(`${container}a`)
  must(await alice.put(`${container}a`, 'text/plain', 'plain now'))
  const answer = await alice.get(`${container}a`)
  assert.ok(answer.header('content-type')?.startsWith('text/plain'))
  assert.equal(answer.text, 'plain now')
})

test('row 38: PUT and PATCH make and change an ACL', async () => {
  const container = await made()
  const acl = (await alice.get(`${pod}.acl`)).text.replaceAll(`<${pod}>`, `<${container}>`)
  expectStatus(await alice.put(`${container}.acl`, 'text/turtle', acl), 201)
  expectStatus(await alice.put(`${container}.acl`, 'text/turtle', acl), 204)
  const patch = patchOf({ inserts: '<#note> <http://www.w3.org/2000/01/rdf-schema#comment> "kept" .' })
  expectStatus(await alice.patch(`${container}.acl`, n3, patch), 200, 204, 205)
  assert.ok((await alice.get(`${container}.acl`)).text.includes('kept'))
})

test('row 38: PUT and PATCH make and change a description', async () => {
  const container = fresh()
  await alice.store(`${container}photo.png`, 'not really', 'image/png')
  const body = '<photo.png> <http://purl.org/dc/terms/title> "first" .'
  expectStatus(await alice.put(`${container}photo.png.meta`, 'text/turtle', body), 201)
  assert.ok((await alice.get(`${container}photo.png.meta`)).text.includes('first'))
  expectStatus(await alice.put(`${container}photo.png.meta`, 'text/turtle', body.replace('first', 'second')), 204)
  const patch = patchOf({ inserts: '<photo.png> <http://purl.org/dc/terms/title> "third" .' })
  expectStatus(await alice.patch(`${container}photo.png.meta`, n3, patch), 200, 204, 205)
  const text = (await alice.get(`${container}photo.png.meta`, { Accept: 'text/turtle' })).text
  assert.ok(text.includes('second') && text.includes('third') && !text.includes('first'), text)
})

test('pitfall 47: Location is on 201 only, absolute, in the spelling of ldp:contains', async () => {
  const container = await made()
  for (const slug of ['a@b', 'a b', "it's", '(x)', 'a%2Fb']) {
    const location = expectStatus(await post(container, { Slug: slug }), 201).header('location')!
    assert.match(location, /^http:\/\//)
    assert.ok((await alice.members(container)).includes(location), location)
  }
  await alice.store(`${container}fixed`, 'x', 'text/plain')
  for (const answer of [
    await alice.put(`${container}fixed`, 'text/plain', 'y'),
    await alice.get(`${container}fixed`),
    await alice.get(`${container}none`),
  ]) {
    assert.equal(answer.header('location'), undefined, String(answer.status))
  }
})

test('PUT of something new names it in Location, in the same spelling', async () => {
  const container = fresh()
  const answer = expectStatus(await alice.put(`${container}new.ttl`, 'text/turtle', turtle), 201)
  assert.equal(answer.header('location') ?? `${container}new.ttl`, `${container}new.ttl`)
})

for (const slug of ['.notifications', '.internal', '.well-known']) {
  test(`rule 3: the Slug ${slug} at the root gives no reserved name`, async () => {
    const answer = await alice.post(pod, 'text/turtle', turtle, { Slug: slug })
    expectStatus(answer, 201, 403, 409)
    if (answer.status === 201 && slug !== '.well-known') assert.notEqual(answer.header('location'), pod + slug)
    for (const reserved of ['.notifications', '.internal'])
      assert.ok(!(await alice.members(pod)).includes(pod + reserved))
    if (answer.status === 201) must(await alice.delete(answer.header('location')!))
  })
}
