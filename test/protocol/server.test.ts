// Solid Protocol, HTTP Server and Reading and Writing Resources: rows 1 to 11 of the conformance table. Methods, statuses of
// refusals, and the headers that tell a client what it may do. Row 2 (http to https) has no subject on plain http.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { type Answer, type Client, expectStatus, sendRaw, sparql, turtle } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, anyone, fresh } = world

const writes = ['PUT', 'POST', 'PATCH'] as const

async function attempt(client: Client, method: string, url: string): Promise<Answer> {
  if (method === 'PATCH') return await client.patch(url, sparql, 'INSERT DATA { <#a> <#b> <#c> }')
  if (method === 'PUT' || method === 'POST')
    return await client.send(method, url, { body: turtle, headers: { 'Content-Type': 'text/turtle' } })
  return await client.send(method, url)
}

test('row 1: answers are HTTP/1.1 with a Date', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const answer = await alice.get(container)
  expectStatus(answer, 200)
  assert.ok(!Number.isNaN(Date.parse(answer.header('date') ?? '')))
})

test('row 1: an HTTP/1.0 request without keep-alive is answered and closed', async () => {
  const answer = await sendRaw(
    world.center.baseUrl,
    `GET ${new URL(world.pod).pathname} HTTP/1.0\r\nHost: ${new URL(world.pod).host}\r\n\r\n`,
  )
  expectStatus(answer, 200, 401)
})

for (const method of ['GET', 'HEAD', ...writes, 'DELETE']) {
  test(`row 3: ${method} without credentials where some are needed answers 401 with a challenge`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    for (const url of [container, `${container}a.ttl`, `${container}missing`]) {
      const answer = expectStatus(await attempt(anyone, method, url), 401)
      assert.match(answer.header('www-authenticate') ?? '', /Bearer scope="openid webid"/)
      assert.match(answer.header('www-authenticate') ?? '', /DPoP algs="[^"]*ES256[^"]*"/)
    }
  })

  test(`row 4: ${method} by somebody without the right answers 403 and no challenge`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    const answer = expectStatus(await attempt(bob, method, `${container}a.ttl`), 403)
    assert.equal(answer.header('www-authenticate'), undefined)
  })

  test(`row 9: ${method} is supported where it is legal`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    const url = method === 'POST' ? container : `${container}a.ttl`
    expectStatus(await attempt(alice, method, url), 200, 201, 204, 205)
  })
}

test('row 5: whatever has content has a Content-Type, errors included', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const answers = [
    await alice.get(container),
    await alice.get(`${container}a.ttl`),
    await alice.get(`${container}missing`),
    await anyone.get(container),
    await bob.get(container),
    await alice.send('POST', `${container}a.ttl`, { body: turtle, headers: { 'Content-Type': 'text/turtle' } }),
    await alice.put(`${container}bad.ttl`, 'text/turtle', 'this is not Turtle'),
  ]
  for (const answer of answers) {
    assert.ok(answer.bytes.length > 0, `${answer.status} has no body`)
    assert.match(answer.header('content-type') ?? '', /^[\w.+-]+\/[\w.+-]+/)
    if (answer.status >= 400) assert.match(answer.header('content-type')!, /^application\/problem\+json/)
  }
})

for (const method of writes) {
  for (const [name, headers] of Object.entries({
    missing: {},
    empty: { 'Content-Type': '' },
    unparsable: { 'Content-Type': 'turtle' },
  })) {
    test(`row 6, pitfall 5: ${method} with content and a Content-Type that is ${name} answers 400 and writes nothing`, async () => {
      const container = fresh()
      await alice.makeContainer(container)
      const url = method === 'POST' ? container : `${container}a.ttl`
      const wish = { body: '<> a <#Something> .', headers }
      expectStatus(await alice.send(method, url, wish), 400)
      // Whoever may not write is told that first.
      expectStatus(await bob.send(method, url, wish), 403)
      expectStatus(await anyone.send(method, url, wish), 401)
      assert.deepEqual(await alice.members(container), [])
    })
  }
}

for (const method of ['GET', 'HEAD']) {
  test(`row 7: ${method} has Last-Modified, of documents, containers and the root`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    for (const url of [container, `${container}a.ttl`, world.pod]) {
      const answer = expectStatus(await alice.send(method, url), 200)
      assert.match(answer.header('last-modified') ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
    }
  })

  test(`row 10: ${method} answers with an Allow that lists GET and HEAD`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    for (const url of [container, `${container}a.ttl`, world.pod]) {
      const allow = (await alice.send(method, url)).list('allow')
      assert.ok(allow.includes('GET') && allow.includes('HEAD'), allow.join())
    }
  })
}

test('row 8: a method that the target does not support answers 405 with Allow', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const post = expectStatus(await attempt(alice, 'POST', `${container}a.ttl`), 405)
  assert.ok(!post.list('allow').includes('POST') && post.list('allow').includes('PUT'), post.header('allow'))
  const remove = expectStatus(await alice.delete(world.pod), 405)
  assert.ok(!remove.list('allow').includes('DELETE') && remove.list('allow').includes('GET'), remove.header('allow'))
})

for (const method of ['TRACE', 'PROPFIND', 'LOCK', 'COPY']) {
  test(`row 8: ${method} is refused with 400, 405 or 501, on documents and containers`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    for (const url of [container, `${container}a.ttl`]) {
      const answer = expectStatus(await alice.send(method, url), 400, 405, 501)
      if (answer.status === 405) assert.ok(answer.header('allow'), '405 without Allow')
    }
  })
}

test('row 8: a method that is no method of HTTP answers 400 or 501 and the server lives', async () => {
  const { host, pathname } = new URL(world.pod)
  const answer = await sendRaw(
    world.center.baseUrl,
    `BREW ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  )
  expectStatus(answer, 400, 405, 501)
  expectStatus(await alice.get(world.pod), 200)
})

for (const method of ['GET', 'HEAD', 'OPTIONS']) {
  test(`row 11: ${method} has Accept-Patch, Accept-Post and Accept-Put exactly where Allow has the method`, async () => {
    const container = fresh()
    await alice.store(`${container}a.ttl`)
    const targets = [container, `${container}a.ttl`, world.pod]
    for (const url of targets) {
      const answer = expectStatus(await alice.send(method, url), 200, 204)
      const allow = answer.list('allow')
      assert.ok(allow.includes('GET'), `${url} ${answer.header('allow')}`)
      const expected = {
        'accept-patch': 'text/n3, application/sparql-update',
        'accept-post': '*/*',
        'accept-put': '*/*',
      }
      for (const [name, value] of Object.entries(expected)) {
        const isAllowed = allow.includes(name.slice('accept-'.length).toUpperCase())
        assert.equal(answer.header(name), isAllowed ? value : undefined, `${name} of ${url}, Allow: ${allow.join()}`)
      }
    }
  })
}

test('row 11, pitfall 40: Allow differs for a document, a container and what is missing', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const document = (await alice.head(`${container}a.ttl`)).list('allow')
  assert.deepEqual(document.filter((method) => ['PUT', 'PATCH', 'DELETE', 'POST'].includes(method)).sort(), [
    'DELETE',
    'PATCH',
    'PUT',
  ])
  const full = (await alice.head(container)).list('allow')
  assert.ok(full.includes('POST') && !full.includes('DELETE') && !full.includes('PUT'), `non-empty: ${full.join()}`)
  await alice.delete(`${container}a.ttl`)
  const empty = (await alice.head(container)).list('allow')
  assert.ok(empty.includes('DELETE') && empty.includes('POST'), `empty: ${empty.join()}`)
  const missing = (await alice.get(`${container}missing.ttl`)).list('allow')
  assert.ok(
    missing.includes('PUT') && missing.includes('PATCH') && !missing.includes('DELETE'),
    `missing: ${missing.join()}`,
  )
})

test('row 11: a 404 names the patch formats, so that a client knows it may create there', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const answer = expectStatus(await alice.get(`${container}new.ttl`), 404)
  assert.equal(answer.header('accept-patch'), 'text/n3, application/sparql-update')
})

test('an error is a problem document with a status, a title and no stack', async () => {
  const answer = expectStatus(await alice.get(`${fresh()}missing`), 404)
  const problem = JSON.parse(answer.text) as Record<string, unknown>
  assert.equal(problem.status, 404)
  assert.equal(typeof problem.title, 'string')
  assert.doesNotMatch(answer.text, /node_modules|at \w+ \(|\.ts:/)
})

test('a browser gets an error as a page that says what to do, with its code, and that runs nothing', async () => {
  const Accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const url = `${fresh()}<script>`.replaceAll('<', '%3C').replaceAll('>', '%3E')
  const page = expectStatus(await anyone.get(url, { Accept }), 401)
  assert.equal(page.header('content-type'), 'text/html; charset=utf-8')
  assert.match(page.header('content-security-policy') ?? '', /default-src 'none'.*sandbox/)
  assert.match(page.text, /<h1>This needs a login<\/h1>/)
  assert.match(page.text, /Log in with a WebID/)
  assert.match(page.text, /401 LOGIN_REQUIRED/)
  assert.doesNotMatch(page.text, /script/i)
  assert.ok(page.header('www-authenticate') !== undefined && page.header('link') !== undefined)
  const head = expectStatus(await anyone.head(url, { Accept }), 401)
  assert.equal(head.header('content-length'), page.header('content-length'))
  const elsewhere = await anyone.get(new URL('/nobody/', world.pod).href, { Accept })
  assert.match(expectStatus(elsewhere, 404).text, /404 NOT_FOUND/)
  for (const other of ['*/*', 'application/json, text/html', 'text/turtle'])
    assert.equal((await anyone.get(url, { Accept: other })).header('content-type'), 'application/problem+json')
})

test('rule 15: every pod answer has X-Content-Type-Options: nosniff', async () => {
  const container = fresh()
  await alice.store(`${container}a.ttl`)
  const answers = [
    await alice.get(container),
    await alice.head(`${container}a.ttl`),
    await alice.get(`${container}missing`),
    await anyone.get(container),
    await alice.put(`${container}b.ttl`, 'text/turtle', turtle),
  ]
  for (const answer of answers) assert.equal(answer.header('x-content-type-options'), 'nosniff', String(answer.status))
})

test('rule 18: Cache-Control is no-cache for public answers and private for others', async () => {
  const container = fresh()
  await alice.store(`${container}open.ttl`)
  await alice.store(`${container}closed.ttl`)
  await protect(alice, `${container}open.ttl`, { who: 'public', modes: 'R' })
  assert.equal((await anyone.get(`${container}open.ttl`)).header('cache-control'), 'no-cache')
  assert.equal((await alice.get(`${container}closed.ttl`)).header('cache-control'), 'private, no-cache')
})

test('rule 18: keep-alive is announced with at least 65 s', async () => {
  const answer = await alice.get(world.pod, { Connection: 'keep-alive' })
  const seconds = Number(/timeout=(\d+)/.exec(answer.header('keep-alive') ?? '')?.[1])
  assert.ok(seconds >= 65, answer.header('keep-alive'))
})
