// What is too much: bodies, quota, headers, RDF that is large, requests that never end. Rules 18 to 20, pitfall 51. Refusals
// known from the headers come before the body is read.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, test } from 'node:test'

import { expectStatus, must, send, sendRaw, turtle } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const KiB = 1024
const world = await openWorld({ maxBodyBytes: 1024 * KiB })
const small = await openWorld({ podQuotaBytes: 256 * KiB })
after(() => Promise.all([world[Symbol.asyncDispose](), small[Symbol.asyncDispose]()]))
const { alice, bob, fresh } = world

/** Only the headers of a request, with Expect: 100-continue; what the server says before it has seen any of the body. */
async function statusOfHeaders(method: string, url: string, headers: Record<string, string>): Promise<number> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { ...headers, Expect: '100-continue' } })
    outgoing.on('continue', () => {
      resolve(100)
      outgoing.destroy()
    })
    outgoing.on('response', (answer) => {
      resolve(answer.statusCode!)
      outgoing.destroy()
    })
    outgoing.on('error', (error) => reject(error))
    outgoing.flushHeaders()
  })
}

test('rule 20: a body above --max-body answers 413 with the limit, declared or chunked, and stores nothing', async () => {
  const url = `${fresh()}large`
  const large = Buffer.alloc(1024 * KiB + 1, 'x')
  const answer = expectStatus(await alice.put(url, 'text/plain', large), 413)
  assert.match(answer.header('content-type') ?? '', /^application\/problem\+json/)
  assert.equal((JSON.parse(answer.text) as { limit?: number }).limit, 1024 * KiB)
  expectStatus(await alice.get(url), 404)
  expectStatus(await alice.put(url, 'text/plain', large.subarray(1)), 201)
})

test('rule 18: what the headers refuse is refused before the body is asked for', async () => {
  const url = `${fresh()}x`
  const login = await world.issuer.login('alice')
  const ask = async (headers: Record<string, string>, target = url) =>
    await statusOfHeaders('PUT', target, {
      ...(await login.headers('PUT', target)),
      'Content-Type': 'text/plain',
      'Content-Length': '10',
      ...headers,
    })
  assert.equal(await ask({}), 100)
  assert.equal(await ask({ 'Content-Length': String(10_000 * KiB) }), 413)
  assert.equal(await ask({ 'Content-Type': '' }), 400)
  assert.equal(await ask({ 'Content-Encoding': 'gzip' }), 415)
  assert.equal(await ask({ 'If-Match': '*' }), 412)
  assert.equal(await ask({}, `${fresh()}a//b`), 400)
  assert.equal(await statusOfHeaders('PUT', url, { 'Content-Type': 'text/plain', 'Content-Length': '10' }), 401)
  const other = await world.issuer.login('bob')
  assert.equal(
    await statusOfHeaders('PUT', url, {
      ...(await other.headers('PUT', url)),
      'Content-Type': 'text/plain',
      'Content-Length': '10',
    }),
    403,
  )
})

test('rule 20: a full quota answers 507 with used and limit, leaves nothing, and lets what shrinks pass', async () => {
  const { alice: owner } = small
  const container = small.fresh()
  await owner.store(`${container}big`, Buffer.alloc(150 * KiB, 'a'), 'text/plain')
  const full = expectStatus(await owner.put(`${container}more`, 'text/plain', Buffer.alloc(150 * KiB, 'b')), 507)
  const problem = JSON.parse(full.text) as { used?: number; limit?: number }
  assert.equal(problem.limit, 256 * KiB)
  assert.ok(problem.used! > 150 * KiB && problem.used! <= 256 * KiB)
  assert.match(small.center.metrics.render(), /^xpod_quota_rejections_total [1-9]/m)
  assert.deepEqual(await owner.members(container), [`${container}big`])
  expectStatus(await owner.put(`${container}big`, 'text/plain', Buffer.alloc(140 * KiB, 'c')), 204)
  expectStatus(await owner.get(`${container}big`), 200)
  must(await owner.delete(`${container}big`))
  expectStatus(await owner.put(`${container}more`, 'text/plain', Buffer.alloc(150 * KiB, 'b')), 201)
})

test('rule 20: ten parallel uploads into what is left do not exceed the quota', async () => {
  const { base } = await small.center.createPod('race', { webId: small.alice.webId! })
  const names = Array.from({ length: 10 }, (_, index) => `${base}n${index}`)
  const answers = await Promise.all(
    names.map(async (name) => await small.alice.put(name, 'text/plain', Buffer.alloc(60 * KiB, 'x'))),
  )
  const stored = answers.filter((answer) => answer.status === 201).length
  assert.ok(stored >= 1 && stored <= 4, `${stored} of 60 KiB in 256 KiB`)
  for (const answer of answers) expectStatus(answer, 201, 507)
})

test('rule 19: Turtle above 256 KiB is checked and converted like a small one', async () => {
  const url = `${fresh()}large.ttl`
  const body = Array.from(
    { length: 6_000 },
    (_, index) => `<#subject${index}> <http://example.org/number> ${index} .\n`,
  ).join('')
  assert.ok(body.length > 256 * KiB)
  expectStatus(await alice.put(url, 'text/turtle', `${body}broken`), 400)
  expectStatus(await alice.put(url, 'text/turtle', body), 201)
  assert.equal(
    (JSON.parse(must(await alice.get(url, { Accept: 'application/ld+json' })).text) as unknown[]).length,
    6_000,
  )
  must(await alice.patch(url, 'application/sparql-update', 'INSERT DATA { <#a> <#b> <#c> }'))
  assert.equal((await alice.triples(url)).length, 6_001)
})

test('rule 18: headers above 32 KiB answer 431, below they pass', async () => {
  expectStatus(await alice.get(world.pod, { 'X-Long': 'x'.repeat(20 * KiB) }), 200)
  const { host, pathname } = new URL(world.pod)
  const answer = await sendRaw(
    world.pod,
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${'x'.repeat(40 * KiB)}\r\nConnection: close\r\n\r\n`,
  )
  expectStatus(answer, 431)
})

test('rule 18: a request without Host, or with two, is refused', async () => {
  const { host, pathname } = new URL(world.pod)
  expectStatus(await sendRaw(world.pod, `GET ${pathname} HTTP/1.1\r\nConnection: close\r\n\r\n`), 400)
  expectStatus(
    await sendRaw(world.pod, `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nHost: evil\r\nConnection: close\r\n\r\n`),
    400,
  )
})

test('a body that ends early stores nothing', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const url = `${container}cut`
  const login = await world.issuer.login('alice')
  const outgoing = request(url, {
    method: 'PUT',
    headers: { ...(await login.headers('PUT', url)), 'Content-Type': 'text/plain', 'Content-Length': '100000' },
  })
  const closed = new Promise<void>((resolve) => outgoing.on('close', resolve))
  outgoing.on('error', () => undefined)
  await new Promise<void>((resolve) => outgoing.write(Buffer.alloc(50_000, 'x'), () => resolve()))
  outgoing.destroy()
  await closed
  expectStatus(await alice.get(url), 404)
  assert.deepEqual(await alice.members(container), [])
  expectStatus(await alice.put(url, 'text/plain', 'whole'), 201)
})

test('a chunked body works, as Comunica sends its patches', async () => {
  const url = `${fresh()}chunked.ttl`
  const login = await world.issuer.login('alice')
  const send = async (method: string, type: string, chunks: string[]): Promise<number> =>
    await new Promise((resolve, reject) => {
      void login.headers(method, url).then((proof) => {
        const outgoing = request(
          url,
          { method, headers: { ...proof, 'Content-Type': type, 'Transfer-Encoding': 'chunked' } },
          (answer) => {
            answer.resume()
            resolve(answer.statusCode!)
          },
        )
        outgoing.on('error', reject)
        for (const chunk of chunks) outgoing.write(chunk)
        outgoing.end()
      })
    })
  assert.equal(await send('PUT', 'application/n-quads', ['<http://a> <http://b> ', '"c" .\n']), 201)
  assert.equal(
    Math.floor((await send('PATCH', 'application/sparql-update', ['INSERT DATA { <#a> ', '<#b> <#c> }'])) / 100),
    2,
  )
  assert.equal((await alice.get(url)).header('content-type')?.startsWith('application/n-quads'), true)
  assert.equal((await alice.triples(url)).length, 2)
})

test('requests on one connection are answered in their order', async () => {
  const { host, pathname } = new URL(world.pod)
  const one = (path: string, last: boolean) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${last ? 'Connection: close\r\n' : ''}\r\n`
  const answer = await sendRaw(
    world.pod,
    one(`${pathname}.well-known/solid`, false) +
      one(`${pathname}a//b`, false) +
      one(`${pathname}.well-known/solid`, true),
  )
  const statuses = [
    ...`HTTP/1.1 ${answer.status} \r\n${answer.bytes.toString('latin1')}`.matchAll(/HTTP\/1\.1 (\d{3}) /g),
  ].map((match) => match[1])
  assert.deepEqual(statuses, ['200', '400', '200'])
})

test('a stranger cannot make the server read a large body', async () => {
  const url = `${fresh()}x`
  expectStatus(await bob.put(url, 'text/plain', Buffer.alloc(900 * KiB, 'x')), 403)
  expectStatus(await send('PUT', url, { headers: { 'Content-Type': 'text/turtle' }, body: turtle }), 401)
})

test('rule 20: an ACL may go above a full quota, so that nobody is locked in', async () => {
  const { base } = await small.center.createPod('brim', { webId: small.alice.webId! })
  expectStatus(await small.alice.put(`${base}big`, 'text/plain', Buffer.alloc(240 * KiB, 'x')), 201)
  let status = 201
  for (let n = 0; status === 201 && n < 100; n++)
    status = (await small.alice.put(`${base}n${n}`, 'text/plain', Buffer.alloc(2 * KiB, 'x'))).status
  assert.equal(status, 507)
  await protect(small.alice, `${base}big`, { who: 'public', modes: 'R' })
  expectStatus(await small.anyone.get(`${base}big`), 200)
  expectStatus(
    await small.alice.patch(
      `${base}big.meta`,
      'application/sparql-update',
      `INSERT DATA { <#a> <#b> "${'x'.repeat(8 * KiB)}" }`,
    ),
    507,
  )
})

test('rule 20: what is deleted or replaced is given back: fifty rounds fit into room for one', async () => {
  const { base } = await small.center.createPod('rounds', { webId: small.alice.webId! })
  for (let n = 0; n < 25; n++) {
    expectStatus(await small.alice.put(`${base}a`, 'text/plain', Buffer.alloc(100 * KiB, String(n % 10))), 201)
    must(await small.alice.put(`${base}a`, 'text/plain', Buffer.alloc(110 * KiB, 'y')))
    must(await small.alice.delete(`${base}a`))
  }
})

test('rule 20: a refused, cut or conditional upload gives its room back', async () => {
  const { base } = await small.center.createPod('refused', { webId: small.alice.webId! })
  const body = Buffer.alloc(150 * KiB, 'x')
  await small.alice.store(`${base}a`, 'x', 'text/plain')
  for (let n = 0; n < 5; n++) {
    expectStatus(await small.alice.put(`${base}a`, 'text/plain', body, { 'If-None-Match': '*' }), 412)
    expectStatus(await small.alice.put(`${base}bad`, 'text/turtle', body), 400)
    expectStatus(await small.alice.put(`${base}a/b`, 'text/plain', body), 409)
  }
  expectStatus(await small.alice.put(`${base}b`, 'text/plain', body), 201)
})
