// Solid Protocol, Resource Representations: rows 44 to 47 and 51, and what comes back is what was sent: pitfalls 6, 7, 22, 23
// and 25, rules 13, 15 and 19.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'

import { containerLink, expectStatus, lines, must, parseTurtle, turtle } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, fresh } = world

const graph = `@prefix ex: <http://example.org/>.
<#it> a ex:Thing; ex:name "Ding"@de, "物"; ex:knows <other>, <../up>, ex:abs; ex:count 5; ex:when "2026-01-01"^^<http://www.w3.org/2001/XMLSchema#date>.
`
const jsonld = (base = '') =>
  JSON.stringify({
    '@id': `${base}#it`,
    '@type': 'http://example.org/Thing',
    'http://example.org/name': ['Ding', { '@value': '物', '@language': 'zh' }],
  })

const sources = {
  'text/turtle': graph,
  'application/ld+json': jsonld(),
  'application/n-triples': '<http://example.org/a> <http://example.org/b> "c" .\n',
  'application/n-quads': '<http://example.org/a> <http://example.org/b> "c" .\n',
  'application/trig': graph,
} as const

for (const [stored, body] of Object.entries(sources)) {
  for (const asked of Object.keys(sources)) {
    test(`row 44: what was stored as ${stored} is readable as ${asked}`, async () => {
      const url = `${fresh()}resource`
      expectStatus(await alice.put(url, stored, body), 201)
      const answer = expectStatus(await alice.get(url, { Accept: asked }), 200)
      assert.ok(answer.header('content-type')?.startsWith(asked), answer.header('content-type'))
      const asTurtle = must(await alice.get(url, { Accept: 'text/turtle' })).quads()
      assert.ok(asTurtle.length > 0)
      if (asked === 'application/ld+json') assert.ok(JSON.parse(answer.text))
      else assert.deepEqual(lines(answer.quads()), lines(asTurtle))
      if (stored === asked) assert.equal(answer.text, body)
    })
  }
}

test('row 44: JSON-LD made from Turtle says the same when it is stored again', async () => {
  const container = fresh()
  await alice.store(`${container}a`, graph)
  const made = must(await alice.get(`${container}a`, { Accept: 'application/ld+json' })).text
  await alice.store(`${container}b`, made, 'application/ld+json')
  const absolute = (quads: ReturnType<typeof parseTurtle>) =>
    lines(quads).map((line) => line.replaceAll(`${container}b`, `${container}a`))
  assert.deepEqual(absolute(await alice.triples(`${container}b`)), lines(parseTurtle(graph, `${container}a`)))
})

test('row 44: RDF created by POST and by PATCH is readable in both types too', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const posted = must(await alice.post(container, 'application/ld+json', jsonld())).header('location')!
  const patched = `${container}patched`
  must(await alice.patch(patched, 'application/sparql-update', 'INSERT DATA { <#it> a <http://example.org/Thing> }'))
  for (const url of [posted, patched]) {
    for (const type of ['text/turtle', 'application/ld+json']) {
      const answer = expectStatus(await alice.get(url, { Accept: type }), 200)
      assert.ok(answer.header('content-type')?.startsWith(type))
    }
    assert.ok(lines(await alice.triples(url)).some((line) => line.startsWith(`${url}#it`)))
  }
})

test('row 44: a container is readable as Turtle and JSON-LD', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  for (const type of ['text/turtle', 'application/ld+json', 'application/n-triples']) {
    const answer = expectStatus(await alice.get(container, { Accept: type }), 200)
    assert.ok(answer.header('content-type')?.startsWith(type))
    assert.ok(answer.text.includes('a.ttl'))
  }
})

test('row 45: JSON-LD with named graphs survives; its Turtle is the default graph', async () => {
  const url = `${fresh()}graphs`
  const body = JSON.stringify({
    '@id': 'http://example.org/g',
    'http://example.org/p': 'default',
    '@graph': [{ '@id': 'http://example.org/s', 'http://example.org/q': 'named' }],
  })
  await alice.store(url, body, 'application/ld+json')
  assert.equal((await alice.get(url, { Accept: 'application/ld+json' })).text, body)
  const asTurtle = must(await alice.get(url, { Accept: 'text/turtle' }))
  assert.deepEqual(lines(asTurtle.quads()), ['http://example.org/g http://example.org/p default'])
  assert.ok(must(await alice.get(url, { Accept: 'application/n-quads' })).text.includes('named'))
})

for (const [accept, type, status] of [
  ['image/png', 'text/turtle', 406],
  ['image/png', 'text/plain', 406],
  ['text/turtle', 'text/plain', 406],
  ['text/turtle;q=0', 'text/turtle', 406],
  ['image/*, */*;q=0', 'text/turtle', 406],
  ['text/*', 'text/plain', 200],
  ['image/png, */*;q=0.1', 'text/plain', 200],
] as const) {
  test(`row 47: Accept: ${accept} of ${type} answers ${status}`, async () => {
    const url = `${fresh()}x`
    await alice.store(url, type === 'text/turtle' ? turtle : 'Hello', type)
    expectStatus(await alice.get(url, { Accept: accept }), status)
    expectStatus(await alice.head(url, { Accept: accept }), status)
  })
}

for (const accept of [undefined, '*/*', 'text/html, application/ld+json', 'application/ld+json;q=0.9, */*;q=0.9']) {
  test(`pitfall 22: Accept ${accept} of stored JSON-LD gives the stored bytes`, async () => {
    const url = `${fresh()}x.ttl`
    await alice.store(url, jsonld(), 'application/ld+json')
    const answer = await alice.get(url, accept === undefined ? {} : { Accept: accept })
    assert.equal(answer.text, jsonld())
    assert.ok(answer.header('content-type')?.startsWith('application/ld+json'))
  })
}

const rdflibAccept =
  'image/*;q=0.9, */*;q=0.1, application/rdf+xml;q=0.9, application/xhtml+xml, text/xml;q=0.5, application/xml;q=0.5, text/html;q=0.9, text/plain;q=0.5, text/n3;q=1.0, text/turtle;q=1'

for (const accept of [undefined, '*/*', 'text/turtle, */*', 'text/html;q=0.5, text/turtle', rdflibAccept]) {
  test(`pitfall 22: Accept ${accept} of a container gives Turtle`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    for (const url of [container, `${container}a.ttl`]) {
      const answer = await alice.get(url, accept === undefined ? {} : { Accept: accept })
      assert.ok(answer.header('content-type')?.startsWith('text/turtle'), answer.header('content-type'))
    }
  })
}

test('pitfall 22: a browser gets a readable listing of a container', async () => {
  const container = fresh()
  await alice.store(`${container}${encodeURIComponent('<b>&".ttl')}`)
  const answer = expectStatus(
    await alice.get(container, { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }),
    200,
  )
  assert.ok(answer.header('content-type')?.startsWith('text/html'))
  assert.ok(
    answer.text.includes(encodeURIComponent('<b>&".ttl')) && !answer.text.includes('<b>&"'),
    'names are escaped',
  )
})

test('LDO: Accept: text/turtle, */* of an image gives the image', async () => {
  const url = `${fresh()}photo`
  await alice.store(url, Buffer.from([0x89, 0x50, 0xff, 0x00]), 'image/png')
  const answer = await alice.get(url, { Accept: 'text/turtle, */*' })
  assert.equal(answer.header('content-type'), 'image/png')
  assert.deepEqual([...answer.bytes], [0x89, 0x50, 0xff, 0x00])
})

test('row 51: Vary lists Accept, Authorization and Origin', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  for (const url of [container, `${container}a.ttl`]) {
    const vary = (await alice.get(url)).list('vary').map((name) => name.toLowerCase())
    for (const name of ['accept', 'authorization', 'origin'])
      assert.ok(vary.includes(name), `${name} in ${vary.join()}`)
  }
})

for (const type of [
  'Text/Turtle;charset=utf-8',
  'text/turtle; charset=UTF-8',
  'TEXT/TURTLE',
  'text/turtle ; q="a;b"',
]) {
  test(`pitfall 6: Content-Type ${type} is Turtle`, async () => {
    const url = `${fresh()}x`
    expectStatus(await alice.put(url, type, turtle), 201)
    const answer = must(await alice.get(url, { Accept: 'text/turtle' }))
    assert.match(answer.header('content-type')!, /^text\/turtle/i)
    assert.equal(answer.text, turtle)
    must(await alice.put(url, type, turtle, { 'If-Match': answer.header('etag')! }))
    expectStatus(await alice.get(url, { Accept: 'application/ld+json' }), 200)
  })
}

for (const [type, body] of [
  ['text/turtle', '<a> <b> .'],
  ['text/turtle', '@prefix : <x'],
  ['application/ld+json', '{ "a": '],
  ['application/ld+json', 'null x'],
  ['application/n-triples', '<a> <b> "c"'],
  ['application/trig', '{ { }'],
] as const) {
  test(`pitfall 7: invalid ${type} answers 400 and nothing is stored: ${body}`, async () => {
    const container = fresh()
    await alice.makeContainer(container)
    expectStatus(await alice.put(`${container}x`, type, body), 400)
    expectStatus(await alice.post(container, type, body), 400)
    assert.deepEqual(await alice.members(container), [])
    await alice.store(`${container}x`)
    expectStatus(await alice.put(`${container}x`, type, body), 400)
    assert.equal((await alice.get(`${container}x`)).text, turtle)
  })
}

test('pitfall 23: the base of a conversion is the URL of the resource', async () => {
  const container = fresh()
  await alice.store(`${container}sub/a.ttl`, graph)
  const made = must(await alice.get(`${container}sub/a.ttl`, { Accept: 'application/n-triples' })).quads(
    'http://elsewhere/',
  )
  assert.deepEqual(lines(made), lines(parseTurtle(graph, `${container}sub/a.ttl`)))
})

test('pitfall 23: a .ttl URL with JSON-LD in it is legal', async () => {
  const url = `${fresh()}really.ttl`
  await alice.store(url, jsonld(), 'application/ld+json')
  assert.ok(lines(await alice.triples(url)).some((line) => line.startsWith(`${url}#it`)))
})

test('rule 13: JSON-LD with a bundled context is converted', async () => {
  const url = `${fresh()}note`
  await alice.store(
    url,
    JSON.stringify({
      '@context': 'https://www.w3.org/ns/activitystreams',
      '@id': '#n',
      '@type': 'Note',
      content: 'Hi',
    }),
    'application/ld+json',
  )
  assert.ok(lines(await alice.triples(url)).includes(`${url}#n https://www.w3.org/ns/activitystreams#content Hi`))
})

test('rule 13: JSON-LD with an unknown context is stored as sent; other types are 406 naming it', async () => {
  const url = `${fresh()}odd`
  const body = JSON.stringify({ '@context': 'https://unknown.example/context.jsonld', a: 'b' })
  expectStatus(await alice.put(url, 'application/ld+json', body), 201)
  assert.equal((await alice.get(url)).text, body)
  assert.match(expectStatus(await alice.get(url, { Accept: 'text/turtle' }), 406).text, /unknown\.example/)
})

for (const [encoding, decode] of Object.entries({
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
})) {
  test(`a large document is sent as ${encoding} to who asks for it, with an ETag of its own`, async () => {
    const url = `${fresh()}large.ttl`
    const body =
      turtle.repeat(1) + Array.from({ length: 400 }, (_, i) => `<#it> <http://example.org/n> ${i} .\n`).join('')
    await alice.store(url, body)
    const plain = must(await alice.get(url))
    assert.equal(plain.header('content-encoding'), undefined)
    const coded = must(await alice.get(url, { 'Accept-Encoding': encoding }))
    assert.equal(coded.header('content-encoding'), encoding)
    assert.equal(decode(coded.bytes).toString(), body)
    assert.ok(coded.bytes.length < plain.bytes.length)
    assert.notEqual(coded.header('etag'), plain.header('etag'))
    assert.ok(coded.list('vary').some((name) => name.toLowerCase() === 'accept-encoding'))
    expectStatus(await alice.get(url, { 'Accept-Encoding': encoding, 'If-None-Match': coded.header('etag')! }), 304)
    must(await alice.put(url, 'text/turtle', body, { 'If-Match': coded.header('etag')! }))
  })
}

test('bytes that are no text come back as they were sent', async () => {
  const url = `${fresh()}blob`
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7919) % 256))
  await alice.store(url, bytes, 'application/octet-stream')
  assert.ok((await alice.get(url)).bytes.equals(bytes))
})

for (const [type, isSandboxed] of Object.entries({
  'text/html': true,
  'image/svg+xml': true,
  'application/xhtml+xml': true,
  'application/pdf': true,
  'text/plain': false,
  'text/turtle': false,
  'image/png': false,
  'audio/mpeg': false,
  'application/json': false,
})) {
  test(`rule 15, pitfall 52: ${type} from a path pod is ${isSandboxed ? '' : 'not '}sandboxed`, async () => {
    const url = `${fresh()}x`
    await alice.store(url, type === 'application/json' ? '{}' : type === 'text/turtle' ? turtle : '<b/>', type)
    const policy = (await alice.get(url)).header('content-security-policy')
    if (!isSandboxed) assert.equal(policy, undefined)
    else {
      assert.match(policy ?? '', /sandbox allow-scripts allow-forms allow-popups allow-downloads/)
      assert.doesNotMatch(policy!, /allow-same-origin/)
    }
  })
}

test('rule 15: a request for a service worker script is refused', async () => {
  const url = `${fresh()}worker.js`
  await alice.store(url, 'self.x = 1', 'text/javascript')
  expectStatus(await alice.get(url, { 'Service-Worker': 'script' }), 400, 403, 404)
  expectStatus(await alice.get(url), 200)
})

test('an answer to a write has no body that repeats what was sent', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const secret = 'unlikely-to-be-said-by-chance'
  for (const answer of [
    await alice.put(`${container}a`, 'text/plain', secret),
    await alice.post(container, 'text/plain', secret),
    await alice.post(container, 'text/turtle', `<> <a:b> "${secret}" `, { Link: containerLink }),
  ]) {
    assert.ok(!answer.text.includes(secret))
  }
})

test('RDF/XML is readable as Turtle and JSON-LD, and refused when malformed', async () => {
  const container = fresh()
  const body =
    '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/"><rdf:Description rdf:about="#it"><ex:is>here</ex:is></rdf:Description></rdf:RDF>'
  expectStatus(await alice.put(`${container}a`, 'application/rdf+xml', body), 201)
  assert.deepEqual(lines(await alice.triples(`${container}a`)), [`${container}a#it http://example.org/is here`])
  expectStatus(await alice.get(`${container}a`, { Accept: 'application/ld+json' }), 200)
  assert.equal((await alice.get(`${container}a`)).text, body)
  expectStatus(await alice.put(`${container}b`, 'application/rdf+xml', body.slice(0, -20)), 400)
})

test('a document is the same for everybody who may read it', async () => {
  const url = `${fresh()}shared.ttl`
  await alice.store(url, graph)
  await protect(alice, url, { who: 'public', modes: 'R' })
  for (const Accept of ['text/turtle', 'application/ld+json', 'application/n-triples']) {
    const [mine, theirs] = [await alice.get(url, { Accept }), await anyone.get(url, { Accept })]
    assert.equal(theirs.text, mine.text)
    assert.equal(theirs.header('etag'), mine.header('etag'))
  }
})

test('conversions follow every change', async () => {
  const url = `${fresh()}changing.ttl`
  for (let round = 0; round < 5; round++) {
    await alice.store(url, `<#it> <http://example.org/round> ${round} .`)
    assert.ok(must(await alice.get(url, { Accept: 'application/ld+json' })).text.includes(String(round)))
    assert.ok(must(await alice.get(url, { Accept: 'application/n-triples' })).text.includes(`"${round}"`))
  }
})
