// One normal form of a path, before routing, rights and storage: pitfalls 29 to 32, rules 1 and 2. Paths go out exactly as
// written; what node:http refuses to send goes through a socket.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { expectStatus, must, send, sendRaw, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, fresh, pod } = world

const { host } = new URL(pod)

async function text(url: string): Promise<string> {
  return must(await alice.get(url)).text
}

test('pitfall 29: an encoded slash is part of one segment, apart from /a/b; %2f is %2F', async () => {
  const container = fresh()
  await alice.store(`${container}a%2Fb`, 'one segment', 'text/plain')
  await alice.store(`${container}a/b`, 'two segments', 'text/plain')
  assert.equal(await text(`${container}a%2fb`), 'one segment')
  assert.equal(await text(`${container}a%2Fb`), 'one segment')
  assert.equal(await text(`${container}a/b`), 'two segments')
  assert.deepEqual(await alice.members(container), [`${container}a%2Fb`, `${container}a/`])
})

test('pitfall 29: an encoded backslash stays; %5c is %5C', async () => {
  const container = fresh()
  await alice.store(`${container}a%5Cb`, 'backslash', 'text/plain')
  assert.equal(await text(`${container}a%5cb`), 'backslash')
  assert.deepEqual(await alice.members(container), [`${container}a%5Cb`])
})

test('pitfall 29: decoding happens once: %252F is not %2F', async () => {
  const container = fresh()
  await alice.store(`${container}a%252Fb`, 'twice', 'text/plain')
  expectStatus(await alice.get(`${container}a%2Fb`), 404)
  expectStatus(await alice.get(`${container}a/b`), 404)
  assert.equal(await text(`${container}a%252Fb`), 'twice')
})

test('pitfall 29: encoded unreserved characters are the characters', async () => {
  const container = fresh()
  await alice.store(`${container}%61%2Db%7Ec`, 'same', 'text/plain')
  assert.equal(await text(`${container}a-b~c`), 'same')
  assert.deepEqual(await alice.members(container), [`${container}a-b~c`])
})

test('pitfall 29: a path of a container in an ACL cannot be dodged by %2F', async () => {
  const container = fresh()
  await alice.store(`${container}open/x`)
  await alice.store(`${container}secret`)
  await protect(alice, `${container}open/`, { who: 'public', modes: 'R' })
  expectStatus(await anyone.get(`${container}open/x`), 200)
  for (const path of [
    'open/..%2Fsecret',
    'open%2F..%2Fsecret',
    'open/../secret',
    'open/%2e%2e/secret',
    'open/..\\secret',
    'open/..;/secret',
  ]) {
    expectStatus(await anyone.get(container + path), 400, 401, 404)
  }
})

const tricks = {
  '..': 'a/../b',
  '.': 'a/./b',
  'encoded ..': 'a/%2e%2e/b',
  'half-encoded ..': 'a/.%2E/b',
  'encoded .': 'a/%2e/b',
  '.. at the end': 'a/..',
  'encoded .. at the end': 'a/%2E%2e',
  'an empty segment': 'a//b',
  'two slashes at the end': 'a//',
  'a backslash': 'a\\b',
  'a backslash path': '..\\..\\b',
  NUL: 'a%00b',
  'a control character': 'a%0Ab',
  DEL: 'a%7Fb',
  'broken UTF-8': 'a%FF%FEb',
  'an overlong slash': 'a%C0%AFb',
  'a lone surrogate': 'a%ED%A0%80b',
  'a broken escape': 'a%zzb',
  'a cut escape': 'a%2',
  'a lone percent': '100%',
}

for (const [what, path] of Object.entries(tricks)) {
  test(`pitfall 30: ${what} in a path answers 400 to every method and stores nothing: ${path}`, async () => {
    const container = fresh()
    await alice.makeContainer(container)
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'POST']) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : turtle
      const headers = body === undefined ? {} : { 'Content-Type': 'text/turtle' }
      expectStatus(await alice.send(method, container + path, { body, headers }), 400)
    }
    assert.deepEqual(await alice.members(container), [])
  })
}

test('pitfall 30: dot segments never climb out of a pod', async () => {
  for (const path of [
    '../second/',
    '../../etc/passwd',
    '%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '....//....//etc/passwd',
  ]) {
    expectStatus(await send('GET', pod + path), 400, 401, 404)
  }
})

test('pitfall 30: // before a name opens nothing', async () => {
  for (const path of ['//.internal/', '//.account/', `//${new URL(pod).pathname.slice(1)}`, '///', '/./', '/%2e/']) {
    const answer = await send('GET', new URL(pod).origin + path)
    expectStatus(answer, 400, 404)
  }
})

for (const [what, target] of Object.entries({
  'a raw NUL': '/alice/a\0b',
  'a raw space': '/alice/a b',
  'a raw tab': '/alice/a\tb',
  'a raw line feed': '/alice/a\nb',
  'raw Latin-1': '/alice/a\xffb',
  'raw UTF-8': '/alice/h\xc3\xa4user',
})) {
  test(`pitfall 30: ${what} in the request line is refused`, async () => {
    const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, 'latin1')
    expectStatus(await sendRaw(pod, bytes), 400)
    expectStatus(await alice.get(pod), 200)
  })
}

test('the absolute form of a request target is the same resource', async () => {
  const container = fresh()
  await alice.store(`${container}a`, 'absolute', 'text/plain')
  await protect(alice, container, { who: 'public', modes: 'R' })
  const answer = await sendRaw(pod, `GET ${container}a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  expectStatus(answer, 200)
  assert.ok(answer.text.includes('absolute'))
})

const names = {
  'every mark': "a@b:c+d$e,f;g=h!i(j)k~l'm*n&o",
  'an emoji': encodeURIComponent('🚀'),
  'a family emoji': encodeURIComponent('👩‍👩‍👧'),
  'a name of 255 bytes': 'x'.repeat(255),
  'a decoded name of 255 bytes': encodeURIComponent('物'.repeat(85)),
  'encoded marks': 'a%20b%22c%23d%3Ce%3Ef%3Fg%5Bh%5Di%7Bj%7Ck%7Dl%25m%5En%60o',
  'a hidden name': '.hidden',
  'a name of dots': '...',
  'a Windows device': 'CON',
  'another script': encodeURIComponent('संग्रह'),
}

for (const [what, name] of Object.entries(names)) {
  test(`pitfall 31: ${what} keeps its spelling in listing, Location and links, as document and container`, async () => {
    const container = fresh()
    const made = expectStatus(await alice.put(container + name, 'text/turtle', turtle), 201)
    assert.equal(made.header('location') ?? container + name, container + name)
    assert.equal(await text(container + name), turtle)
    assert.equal((await alice.head(container + name)).link('acl'), `${container}${name}.acl`)
    assert.deepEqual(await alice.members(container), [container + name])
    must(await alice.delete(container + name))
    await alice.makeContainer(`${container}${name}/`)
    assert.deepEqual(await alice.members(container), [`${container}${name}/`])
  })
}

test('pitfall 31: names that differ in normal form or case are different names', async () => {
  const container = fresh()
  const pair = [encodeURIComponent('\u00e9'), encodeURIComponent('e\u0301'), 'a', 'A']
  for (const name of pair) await alice.store(container + name, name, 'text/plain')
  for (const name of pair) assert.equal(await text(container + name), name)
})

test('rule 1: a segment above 255 bytes or a path above 2 000 answers 414', async () => {
  const container = fresh()
  expectStatus(await alice.put(`${container}${'x'.repeat(256)}`, 'text/turtle', turtle), 414)
  expectStatus(await alice.put(`${container}${encodeURIComponent('物'.repeat(86))}`, 'text/turtle', turtle), 414)
  expectStatus(await alice.put(`${container}${`${'y'.repeat(200)}/`.repeat(11)}z`, 'text/turtle', turtle), 414)
  expectStatus(await alice.get(`${container}${'x'.repeat(256)}`), 414, 404)
})

test('a deep path of 60 segments works', async () => {
  const url = `${fresh()}${'d/'.repeat(60)}leaf`
  expectStatus(await alice.put(url, 'text/turtle', turtle), 201)
  assert.equal(await text(url), turtle)
})

test('pitfall 32: a proof whose htu spells the path otherwise is accepted, of another path refused', async () => {
  const container = fresh()
  await alice.store(`${container}a-b`, 'x', 'text/plain')
  expectStatus(await alice.get(`${container}%61%2db`), 200)
  expectStatus(await alice.get(`${container}a-b?query=1`), 200)
})

test('rule 2: a Host that is nobody’s answers 404 with a problem that names the base URL', async () => {
  const answer = await send('GET', pod, { headers: { Host: 'evil.example' } })
  expectStatus(answer, 404)
  assert.match(answer.header('content-type') ?? '', /^application\/problem\+json/)
  assert.ok(answer.text.includes(new URL(world.center.baseUrl).host), answer.text)
})

test('rule 2: loopback names are aliases of each other', async () => {
  const { port } = new URL(pod)
  await protect(alice, pod, { who: 'public', modes: 'R', on: 'accessTo' })
  for (const name of ['localhost', '127.0.0.1', '[::1]']) {
    expectStatus(await send('GET', pod, { headers: { Host: `${name}:${port}` } }), 200, 308)
  }
})

test('a pod that does not exist answers 404 to reads and writes', async () => {
  const url = new URL('/no-such-pod/', pod).href
  expectStatus(await send('GET', url), 404)
  expectStatus(await alice.put(`${url}x`, 'text/turtle', turtle), 404)
})

test('the root of a pod without its slash leads to the root', async () => {
  const answer = await send('GET', pod.slice(0, -1))
  expectStatus(answer, 301, 308, 401, 404)
  if (answer.status < 400) assert.equal(answer.header('location'), pod)
})
