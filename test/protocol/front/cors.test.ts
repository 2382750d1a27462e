// Solid Protocol, CORS Server: rows 56 to 60, pitfalls 38 and 39, and the six groups of the official tests (acao-vary,
// accept-acah, access-control-headers, enumerate-headers, preflight-requests and preflight, simple-requests).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { type Answer, expectStatus, send, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh, pod } = world

const origin = 'https://tester'
const container = fresh()
const document = `${container}hello.txt`
const longAccept =
  'text/turtle;q=0.9, application/rdf+xml;q=0.8, application/n-triples;q=0.8, application/n-quads;q=0.8, text/x-nquads;q=0.8, application/trig;q=0.8, text/n3;q=0.8, application/ld+json;q=0.8, application/x-binary-rdf;q=0.8, text/plain;q=0.7'

before(async () => {
  await alice.store(document, 'Hello', 'text/plain')
})

function expectCors(answer: Answer): void {
  assert.equal(answer.header('access-control-allow-origin'), origin, `${answer.status} ${answer.url}`)
  assert.equal(answer.header('access-control-allow-credentials'), 'true')
  assert.ok(answer.list('vary').some((name) => name.toLowerCase() === 'origin'))
  const exposed = answer.header('access-control-expose-headers')
  assert.ok(exposed !== undefined && exposed !== '*' && exposed !== '')
}

for (const [what, url, text] of [
  ['a container', container, undefined],
  ['a document', document, 'Hello'],
] as const) {
  for (const [method, statuses] of [
    ['OPTIONS', [200, 204]],
    ['GET', [200]],
    ['HEAD', [200]],
  ] as const) {
    test(`acao-vary: ${method} of ${what} with credentials allows the origin and varies by it`, async () => {
      const answer = expectStatus(await alice.send(method, url, { headers: { Origin: origin } }), ...statuses)
      expectCors(answer)
      if (method !== 'GET') assert.equal(answer.text, '')
      else if (text !== undefined) assert.equal(answer.text, text)
      else assert.notEqual(answer.text, '')
    })
  }
}

for (const [asked, method] of [
  ['X-CUSTOM, Content-Type', 'GET'],
  ['X-CUSTOM, Content-Type, Accept', 'POST'],
  ['X-CUSTOM, Content-Type, Accept', 'GET'],
  ['authorization,content-type,dpop,if-none-match,link,slug', 'PUT'],
] as const) {
  test(`row 59, accept-acah: a preflight of ${method} asking for ${asked} gets exactly these`, async () => {
    const headers = { Origin: origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': asked }
    const answer = expectStatus(await alice.options(container, headers), 200, 204)
    assert.equal(answer.text, '')
    const allowed = answer.header('access-control-allow-headers')!
    for (const name of asked.split(/, ?/)) assert.ok(allowed.includes(name), `${name} in ${allowed}`)
    assert.equal(allowed.includes('Accept'), asked.includes('Accept'), allowed)
  })
}

for (const [method, headers, body] of [
  ['GET', { Accept: 'text/turtle' }, undefined],
  ['HEAD', {}, undefined],
  ['POST', { 'Content-Type': 'text/plain' }, 'Hello'],
] as const) {
  test(`access-control-headers, simple-requests: ${method} of a container without credentials`, async () => {
    expectCors(
      expectStatus(await anyone.send(method, container, { headers: { ...headers, Origin: origin }, body }), 401),
    )
  })

  test(`access-control-headers, simple-requests: ${method} of a container with credentials`, async () => {
    const answer = await alice.send(method, container, { headers: { ...headers, Origin: origin }, body })
    expectCors(expectStatus(answer, 200, 201, 204, 205))
  })

  test(`preflight-requests: a preflight of ${method}, then the request with a long Accept`, async () => {
    const asked = 'X-CUSTOM, Content-Type, Accept'
    const preflight = expectStatus(
      await anyone.options(container, {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': asked,
      }),
      200,
      204,
    )
    expectCors(preflight)
    assert.equal(preflight.text, '')
    assert.ok(preflight.list('access-control-allow-methods').includes(method))
    for (const name of asked.split(', ')) assert.ok(preflight.header('access-control-allow-headers')?.includes(name))
    const answer = await alice.send(method, container, {
      headers: { ...headers, Accept: longAccept, Origin: origin },
      body,
    })
    expectCors(expectStatus(answer, 200, 201, 204, 205))
    if (method === 'GET') assert.ok(answer.header('content-type')?.includes('text/turtle'))
  })
}

for (const method of ['GET', 'HEAD']) {
  test(`simple-requests: ${method} of a document without and with credentials`, async () => {
    const headers = { Accept: 'text/plain', Origin: origin }
    expectCors(expectStatus(await anyone.send(method, document, { headers }), 401))
    expectCors(expectStatus(await alice.send(method, document, { headers }), 200))
  })
}

for (const [what, path] of Object.entries({
  'an existing container': container,
  'a document': document,
  'something missing': `${container}missing`,
  'the root': pod,
  'an ACL': `${container}.acl`,
})) {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    test(`row 58, preflight: ${method} on ${what} needs no authentication`, async () => {
      const headers = {
        Origin: origin,
        'Access-Control-Request-Method': method,
        'Access-Control-Request-Headers': 'X-CUSTOM, Content-Type',
      }
      const answer = expectStatus(await anyone.options(path, headers), 200, 204)
      expectCors(answer)
      assert.ok(
        answer.list('access-control-allow-methods').includes(method),
        answer.header('access-control-allow-methods'),
      )
      assert.equal(answer.text, '')
      assert.equal(answer.header('www-authenticate'), undefined)
    })
  }
}

test('row 57, enumerate-headers: every header that a client uses is exposed by name', async () => {
  const answer = await alice.get(container, { Origin: origin, Accept: 'text/turtle' })
  const exposed = answer.list('access-control-expose-headers').map((name) => name.toLowerCase())
  const needed =
    'Accept-Patch, Accept-Post, Accept-Put, Accept-Ranges, Allow, Content-Length, Content-Range, Date, ETag, Last-Modified, Link, Location, MS-Author-Via, Updates-Via, Vary, WAC-Allow, WWW-Authenticate'
  for (const name of needed.split(', ')) assert.ok(exposed.includes(name.toLowerCase()), name)
  assert.ok(!exposed.includes('*'))
})

const refusals: readonly (readonly [number, () => Promise<Answer>])[] = [
  [401, async () => await anyone.get(container, { Origin: origin })],
  [403, async () => await bob.get(container, { Origin: origin })],
  [404, async () => await alice.get(`${container}missing`, { Origin: origin })],
  [405, async () => await alice.delete(pod, { Origin: origin })],
  [406, async () => await alice.get(document, { Origin: origin, Accept: 'image/png' })],
  [409, async () => await alice.delete(container, { Origin: origin })],
  [412, async () => await alice.put(document, 'text/plain', 'x', { Origin: origin, 'If-None-Match': '*' })],
  [415, async () => await alice.patch(`${container}new.ttl`, 'text/plain', 'x', { Origin: origin })],
  [400, async () => await alice.put(`${container}new.ttl`, 'text/turtle', 'not Turtle', { Origin: origin })],
  [400, async () => await alice.get(`${container}a//b`, { Origin: origin })],
  [401, async () => await send('GET', document, { headers: { Origin: origin, Authorization: 'DPoP no.such.token' } })],
  [416, async () => await alice.get(document, { Origin: origin, Range: 'bytes=99-' })],
  [201, async () => await alice.put(`${container}new.ttl`, 'text/turtle', turtle, { Origin: origin })],
]

for (const [status, ask] of refusals) {
  test(`row 56, pitfall 39: CORS headers stand on ${status}: ${String(ask).slice(18, 80)}`, async () => {
    expectCors(expectStatus(await ask(), status))
  })
}

test('row 56: without Origin nothing is allowed, and the answer still varies by it', async () => {
  const answer = await alice.get(document)
  assert.equal(answer.header('access-control-allow-origin'), undefined)
  assert.ok(answer.list('vary').some((name) => name.toLowerCase() === 'origin'))
})

test('row 60, rule 14: a cookie never authenticates, with or without Origin', async () => {
  const Cookie = 'css-account=something; session=other'
  expectStatus(await anyone.get(container, { Cookie }), 401)
  expectStatus(await anyone.get(container, { Cookie, Origin: origin }), 401)
})

test('pitfall 38: a plain OPTIONS has Allow, Accept-… and the storage description, and no body', async () => {
  for (const url of [container, document]) {
    const answer = expectStatus(await alice.options(url), 200, 204)
    assert.ok(answer.list('allow').includes('GET'))
    assert.ok(answer.link('http://www.w3.org/ns/solid/terms#storageDescription'))
    assert.equal(answer.text, '')
  }
  assert.ok((await alice.options(document)).header('accept-patch'))
  assert.ok((await alice.options(container)).header('accept-post'))
})

test('pitfall 38: a plain OPTIONS tells a stranger nothing about what exists', async () => {
  const shape = async (url: string) => {
    const answer = await anyone.options(url)
    return [answer.status, answer.header('allow'), answer.header('etag'), answer.header('wac-allow')]
  }
  assert.deepEqual(await shape(document), await shape(`${container}mello.txt`))
})

test('rule 18: a preflight may be remembered for two hours', async () => {
  const answer = await anyone.options(container, { Origin: origin, 'Access-Control-Request-Method': 'PUT' })
  assert.equal(answer.header('access-control-max-age'), '7200')
})

test('a public document is readable by any origin', async () => {
  const url = `${container}public.ttl`
  await alice.store(url)
  await protect(alice, url, { who: 'public', modes: 'R' })
  expectCors(expectStatus(await anyone.get(url, { Origin: origin }), 200))
})
