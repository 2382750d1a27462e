// Headers that are wrong, odd or hostile: no request makes the server fail. Whatever cannot be understood is ignored where
// RFC 9110 says so, else refused with a 4xx.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { expectStatus, send, sendRaw, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, fresh, pod } = world

const container = fresh()
const url = `${container}a.ttl`

before(async () => {
  await alice.store(url)
  await protect(alice, container, { who: 'public', modes: 'RW' })
})

const long = 'x'.repeat(8000)

const hostile: Readonly<Record<string, readonly string[]>> = {
  Accept: [
    '',
    ';',
    ';;;',
    ',',
    '/',
    'text/',
    '/turtle',
    'text/turtle;q=',
    'text/turtle;q=2',
    'text/turtle;q=-1',
    'text/turtle;q=abc',
    'a/b;c="d',
    '*',
    '*/turtle',
    long,
    'text/turtle,'.repeat(500),
    'text/turtle;q=0.5;q=0.7',
    'constructor/prototype',
    '__proto__/x',
  ],
  Range: [
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=1',
    'bytes=99999999999999999999-',
    'bytes=0-99999999999999999999',
    'bytes=-99999999999999999999',
    'bytes= 0-1',
    'bytes=0-0,'.repeat(100),
    'bytes=0x1-2',
    long,
  ],
  'If-None-Match': ['', '"', 'abc', 'W/', 'W/"', '"a', '*, "a"', ',,,', '"a",,"b"', long, `"${'x'.repeat(5000)}"`],
  'If-Match': ['W/"a"', '"'.repeat(50)],
  'If-Modified-Since': ['', 'now', '0', '-1', 'Mon, 99 Foo 2026 99:99:99 GMT', '2026-01-01', long],
  'If-Unmodified-Since': ['', 'now'],
  'If-Range': ['', '"', 'yesterday'],
  'Accept-Encoding': [
    '',
    '*',
    '*;q=0',
    'gzip;q=',
    'nothing',
    'gzip,'.repeat(500),
    'identity;q=0',
    'identity;q=0, *;q=0',
  ],
  Origin: ['', 'null', 'not an origin', 'https://a, https://b', long],
  'Access-Control-Request-Method': ['', 'NOTHING', 'GET, PUT'],
  'Access-Control-Request-Headers': ['', ',,,', long],
  Authorization: [
    '',
    'DPoP',
    'DPoP ',
    'Bearer',
    'Basic',
    'DPoP a.b.c',
    'DPoP ..',
    `DPoP ${long}`,
    'dpop x',
    'Digest username="a"',
    'DPoP eyJhbGciOiJub25lIn0.e30.',
  ],
  DPoP: ['', 'x', 'a.b.c', long],
  Link: [
    '',
    '<',
    '<>',
    '<>;',
    '<a>; rel',
    '<a>; rel=',
    '<a>; rel="',
    ';;;',
    '<a>,<b>,'.repeat(300),
    '<http://www.w3.org/ns/ldp#BasicContainer>',
  ],
  Slug: ['', ' ', '/', '?', '#', '%', '%%%', '%00', '%0d%0a', '..%2f..', long, '\\', 'CON', '.acl/', '"quoted"'],
  Cookie: ['=', ';;;', long],
  'X-Forwarded-Host': ['evil.example', ''],
  'X-Forwarded-Proto': ['gopher'],
  Forwarded: ['', 'for=;host=;', 'for="', 'host="evil.example"'],
  Expect: ['200-maybe'],
  'Transfer-Encoding': ['identity'],
  Upgrade: ['websocket', 'h2c'],
  'Content-Type': [
    'text/turtle; charset',
    'text/turtle; =',
    'text/turtle;;;',
    'text/turtle; charset="',
    long,
    'text/turtle, text/plain',
    'multipart/form-data; boundary=x',
    '*/*',
    'text/*',
  ],
}

/** A 4xx or 2xx or 3xx is an answer; a 5xx but 501 is a fault. */
function expectSound(status: number, what: string): void {
  assert.ok(status < 500 || status === 501, `${what} answers ${status}`)
}

for (const [name, values] of Object.entries(hostile)) {
  for (const method of ['GET', 'PUT', 'POST', 'PATCH', 'OPTIONS', 'DELETE']) {
    test(`${method} with an odd ${name} is no failure of the server`, async () => {
      const hasBody = method === 'PUT' || method === 'POST' || method === 'PATCH'
      const type = method === 'PATCH' ? 'application/sparql-update' : 'text/turtle'
      const body = method === 'PATCH' ? 'INSERT DATA { <#a> <#b> <#c> }' : turtle
      for (const value of values) {
        const target = method === 'POST' ? container : method === 'DELETE' ? `${container}missing` : url
        const headers = { ...(hasBody ? { 'Content-Type': type } : {}), [name]: value }
        const answer = await send(method, target, {
          headers,
          body: hasBody && name !== 'Transfer-Encoding' ? body : undefined,
        })
        expectSound(answer.status, `${name}: ${value.slice(0, 60)}`)
      }
    })
  }
}

test('after all of that the server is well', async () => {
  expectStatus(await alice.get(url), 200)
  expectStatus(await alice.get(pod), 200)
  assert.deepEqual(world.center.fatal, [])
})

test('header names that repeat: the ones that decide are not guessed at', async () => {
  const double = async (name: string, values: string[]) =>
    await send('PUT', `${container}twice`, { body: turtle, headers: { 'Content-Type': 'text/turtle', [name]: values } })
  for (const answer of [
    await double('If-None-Match', ['*', '"x"']),
    await double('Slug', ['a', 'b']),
    await double('Link', ['<a>; rel=type', '<b>; rel=type']),
  ]) {
    expectSound(answer.status, 'a repeated header')
  }
})

test('OPTIONS * is answered', async () => {
  const { host } = new URL(pod)
  const answer = await sendRaw(pod, `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  assert.ok(answer.status < 500, String(answer.status))
})

test('an authority or an empty target is refused', async () => {
  const { host } = new URL(pod)
  for (const target of [
    'example.org:80',
    'alice/',
    '?x',
    '#x',
    'http://',
    'http:///alice/',
    'https://[/',
    `http://user@${host}/alice/`,
  ]) {
    const answer = await sendRaw(pod, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    assert.ok(answer.status >= 300 && answer.status < 500, `${target} answers ${answer.status}`)
  }
  const connect = await sendRaw(pod, `CONNECT example.org:80 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  assert.ok(connect.status >= 400, String(connect.status))
})

for (const [type, body] of [
  ['text/plain', 'Hello'],
  ['image/png', 'not really'],
  ['application/sparql-update', 'INSERT DATA {}'],
] as const) {
  test(`PUT of a container with ${type} stores no such body`, async () => {
    const target = `${container}${type.replace('/', '-')}/`
    const answer = await anyone.put(target, type, body)
    assert.ok(answer.status < 500, String(answer.status))
    const listing = await anyone.get(target, { Accept: 'text/turtle' })
    expectStatus(listing, answer.status < 300 ? 200 : 404)
    assert.ok(!listing.text.includes(body))
  })
}

test('a body where none belongs does no harm', async () => {
  for (const method of ['GET', 'DELETE', 'OPTIONS']) {
    const answer = await send(method, method === 'DELETE' ? `${container}missing` : url, {
      body: 'x'.repeat(1000),
      headers: { 'Content-Type': 'text/plain' },
    })
    expectSound(answer.status, method)
  }
  expectStatus(await alice.get(url), 200)
})
