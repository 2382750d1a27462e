// RFC 9110 conditional and range requests on Solid resources: rows 48 to 50, pitfalls 17, 18, 20, 21 and 24, rule 18.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { expectStatus, must, sparql, turtle } from '../support/solid-client.ts'
import { protect } from '../support/solid-client-acl.ts'
import { openWorld } from '../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, anyone, bob, fresh } = world

const insert = 'INSERT DATA { <#a> <#b> <#c> }'
const past = 'Mon, 01 Jan 2001 00:00:00 GMT'
const future = 'Fri, 01 Jan 2100 00:00:00 GMT'

async function stored(body = turtle, type = 'text/turtle'): Promise<{ url: string; etag: string; modified: string }> {
  const url = `${fresh()}x`
  await alice.store(url, body, type)
  const head = must(await alice.head(url))
  return { url, etag: head.header('etag')!, modified: head.header('last-modified')! }
}

/** Every way to write one resource, with these headers. */
async function writesWith(url: string, headers: Record<string, string>) {
  return [
    await alice.put(url, 'text/turtle', turtle, headers),
    await alice.patch(url, sparql, insert, headers),
    await alice.delete(url, headers),
  ]
}

test('row 48: If-Match with another ETag answers 412 to PUT, PATCH and DELETE, and changes nothing', async () => {
  const { url, etag } = await stored()
  for (const answer of await writesWith(url, { 'If-Match': '"something-else"' })) expectStatus(answer, 412)
  assert.equal((await alice.head(url)).header('etag'), etag)
})

test('row 48: If-Match with the ETag, alone or in a list, lets a write pass; the old one does not any more', async () => {
  const { url, etag } = await stored()
  must(await alice.put(url, 'text/turtle', turtle.replace('here', 'there'), { 'If-Match': `"other", ${etag}` }))
  expectStatus(await alice.put(url, 'text/turtle', turtle, { 'If-Match': etag }), 412)
  expectStatus(await alice.patch(url, sparql, insert, { 'If-Match': etag }), 412)
})

test('row 48: If-Match: * passes on what exists and answers 412 on what is missing', async () => {
  const { url } = await stored()
  must(await alice.put(url, 'text/turtle', turtle, { 'If-Match': '*' }))
  for (const answer of await writesWith(`${url}-missing`, { 'If-Match': '*' })) expectStatus(answer, 412, 404)
  expectStatus(await alice.put(`${url}-missing`, 'text/turtle', turtle, { 'If-Match': '*' }), 412)
  expectStatus(await alice.get(`${url}-missing`), 404)
})

test('row 48: If-None-Match: * answers 412 to PUT and PATCH of what exists, and lets them create', async () => {
  const { url } = await stored()
  expectStatus(await alice.put(url, 'text/turtle', turtle, { 'If-None-Match': '*' }), 412)
  expectStatus(await alice.patch(url, sparql, insert, { 'If-None-Match': '*' }), 412)
  expectStatus(await alice.put(`${url}1`, 'text/turtle', turtle, { 'If-None-Match': '*' }), 201)
  expectStatus(await alice.patch(`${url}2`, sparql, insert, { 'If-None-Match': '*' }), 201)
})

test('row 48: If-None-Match with the ETag answers 412 to a write', async () => {
  const { url, etag } = await stored()
  expectStatus(await alice.put(url, 'text/turtle', turtle, { 'If-None-Match': etag }), 412)
  must(await alice.put(url, 'text/turtle', turtle, { 'If-None-Match': '"another"' }))
})

test('row 48: If-Unmodified-Since of the past answers 412 to a write, of the future lets it pass', async () => {
  const { url } = await stored()
  for (const answer of await writesWith(url, { 'If-Unmodified-Since': past })) expectStatus(answer, 412)
  must(await alice.put(url, 'text/turtle', turtle, { 'If-Unmodified-Since': future }))
})

test('row 48: If-Unmodified-Since is ignored beside If-Match, and an unreadable date is ignored', async () => {
  const { url, etag } = await stored()
  must(await alice.put(url, 'text/turtle', turtle, { 'If-Match': etag, 'If-Unmodified-Since': past }))
  must(await alice.put(url, 'text/turtle', turtle, { 'If-Unmodified-Since': 'yesterday' }))
})

for (const method of ['GET', 'HEAD']) {
  test(`row 48, pitfall 18: ${method} with If-None-Match answers 304 with ETag, Vary, Last-Modified and CORS headers`, async () => {
    const { url, etag } = await stored()
    for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = expectStatus(
        await alice.send(method, url, { headers: { 'If-None-Match': value, Origin: 'https://tester' } }),
        304,
      )
      for (const name of ['etag', 'vary', 'last-modified', 'access-control-expose-headers', 'cache-control'])
        assert.ok(answer.header(name), name)
      assert.equal(answer.header('access-control-allow-origin'), 'https://tester')
      assert.equal(answer.bytes.length, 0)
    }
    expectStatus(await alice.send(method, url, { headers: { 'If-None-Match': '"other"' } }), 200)
  })

  test(`row 48: ${method} with If-Modified-Since answers 304 unless it changed`, async () => {
    const { url, modified } = await stored()
    expectStatus(await alice.send(method, url, { headers: { 'If-Modified-Since': modified } }), 304)
    expectStatus(await alice.send(method, url, { headers: { 'If-Modified-Since': past } }), 200)
    expectStatus(
      await alice.send(method, url, { headers: { 'If-Modified-Since': modified, 'If-None-Match': '"other"' } }),
      200,
    )
  })

  test(`row 48: ${method} with If-Match or If-Unmodified-Since that fails answers 412`, async () => {
    const { url } = await stored()
    expectStatus(await alice.send(method, url, { headers: { 'If-Match': '"other"' } }), 412)
    expectStatus(await alice.send(method, url, { headers: { 'If-Unmodified-Since': past } }), 412)
  })
}

test('rule 18: on containers If-Modified-Since is ignored and the ETag counts', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const head = must(await alice.head(container))
  expectStatus(await alice.get(container, { 'If-Modified-Since': future }), 200)
  expectStatus(await alice.get(container, { 'If-None-Match': head.header('etag')! }), 304)
  await alice.store(`${container}a`)
  expectStatus(await alice.get(container, { 'If-None-Match': head.header('etag')! }), 200)
})

test('row 49: ETags are strong, differ by media type, and change with every write', async () => {
  const { url, etag } = await stored()
  assert.match(etag, /^"[\x21\x23-\x7e]+"$/)
  const asJson = must(await alice.get(url, { Accept: 'application/ld+json' })).header('etag')!
  assert.match(asJson, /^"/)
  assert.notEqual(asJson, etag)
  const seen = new Set([etag])
  for (let round = 0; round < 10; round++) {
    await alice.store(url, turtle.replace('here', String(round)))
    seen.add((await alice.head(url)).header('etag')!)
  }
  assert.equal(seen.size, 11, 'pitfall 20: ten writes within one second have ten ETags')
})

test('row 49: the answer to a write has the ETag of what was written', async () => {
  const url = `${fresh()}x`
  const made = must(await alice.put(url, 'text/turtle', turtle)).header('etag')
  if (made !== undefined) assert.equal((await alice.head(url)).header('etag'), made)
})

test('row 49, pitfall 21: a PUT of Turtle may be conditional on the ETag of the JSON-LD', async () => {
  const { url } = await stored()
  const asJson = must(await alice.get(url, { Accept: 'application/ld+json' })).header('etag')!
  must(await alice.put(url, 'text/turtle', turtle.replace('here', 'there'), { 'If-Match': asJson }))
  expectStatus(await alice.put(url, 'text/turtle', turtle, { 'If-Match': asJson }), 412)
})

test('pitfall 20: If-Match compares strongly', async () => {
  const { url, etag } = await stored()
  expectStatus(await alice.put(url, 'text/turtle', turtle, { 'If-Match': `W/${etag}` }), 412)
})

test('row 49: the ETag of a container changes with its description and its children', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const etag = async () => (await alice.head(container)).header('etag')
  const seen = [await etag()]
  must(await alice.patch(`${container}.meta`, sparql, insert))
  seen.push(await etag())
  await alice.store(`${container}a`)
  seen.push(await etag())
  must(await alice.delete(`${container}a`))
  seen.push(await etag())
  assert.equal(new Set(seen).size, 4, seen.join())
})

test('rights are judged before preconditions: a stranger learns nothing from 412 or 304', async () => {
  const { url, etag } = await stored()
  expectStatus(await bob.get(url, { 'If-None-Match': etag }), 403)
  expectStatus(await bob.put(url, 'text/turtle', turtle, { 'If-Match': '"x"' }), 403)
  expectStatus(await anyone.put(url, 'text/turtle', turtle, { 'If-None-Match': '*' }), 401)
})

const ranges: readonly (readonly [string, number, string, string | undefined])[] = [
  ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
  ['bytes=5-', 206, '56789', 'bytes 5-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=5-999', 206, '56789', 'bytes 5-9/10'],
  ['bytes=-999', 206, '0123456789', 'bytes 0-9/10'],
  ['bytes=9-9', 206, '9', 'bytes 9-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=-0', 416, '', 'bytes */10'],
  ['bytes=0-1,3-4', 200, '0123456789', undefined],
  ['bytes=5-3', 200, '0123456789', undefined],
  ['lines=1-2', 200, '0123456789', undefined],
  ['bytes=a-b', 200, '0123456789', undefined],
]

for (const [range, status, text, contentRange] of ranges) {
  test(`row 50, pitfall 24: Range ${range} of ten bytes answers ${status}`, async () => {
    const { url } = await stored('0123456789', 'text/plain')
    const answer = expectStatus(await alice.get(url, { Range: range }), status)
    assert.equal(answer.header('content-range'), contentRange)
    if (status === 416) return
    assert.equal(answer.text, text)
    assert.equal(answer.header('content-length'), String(text.length))
    assert.ok(answer.header('etag'))
  })
}

test('row 50: Accept-Ranges: bytes is announced on documents', async () => {
  const { url } = await stored()
  assert.equal((await alice.head(url)).header('accept-ranges'), 'bytes')
})

test('row 50: a range of a large body', async () => {
  const url = `${fresh()}blob`
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index >> 3) % 256))
  await alice.store(url, bytes, 'application/octet-stream')
  const answer = expectStatus(await alice.get(url, { Range: 'bytes=123456-250000' }), 206)
  assert.ok(answer.bytes.equals(bytes.subarray(123_456, 250_001)))
})

test('pitfall 24: a Range does not apply to converted RDF', async () => {
  const { url } = await stored()
  expectStatus(await alice.get(url, { Accept: 'application/ld+json', Range: 'bytes=0-3' }), 200)
})

test('rule 18: If-Range lets the range pass only while nothing changed', async () => {
  const { url, etag, modified } = await stored('0123456789', 'text/plain')
  const ask = async (value: string) => await alice.get(url, { Range: 'bytes=0-1', 'If-Range': value })
  expectStatus(await ask(etag), 206)
  expectStatus(await ask('"other"'), 200)
  expectStatus(await ask(`W/${etag}`), 200)
  expectStatus(await ask(past), 200)
  expectStatus(await ask(modified), 206, 200)
})

test('rule 18: PUT with Content-Range answers 400, with Content-Encoding 415; nothing is stored', async () => {
  const url = `${fresh()}x`
  expectStatus(await alice.put(url, 'text/plain', '01', { 'Content-Range': 'bytes 0-1/10' }), 400)
  expectStatus(await alice.put(url, 'text/plain', '01', { 'Content-Encoding': 'gzip' }), 415)
  expectStatus(await alice.get(url), 404)
})

test('pitfall 17: HEAD is GET without the body, on success and on errors', async () => {
  const { url } = await stored()
  await protect(alice, url, { who: 'public', modes: 'R' })
  const container = url.slice(0, url.lastIndexOf('/') + 1)
  const volatile = new Set(['date', 'keep-alive', 'connection'])
  for (const [client, target] of [
    [alice, url],
    [anyone, url],
    [alice, container],
    [alice, `${url}-missing`],
    [anyone, container],
  ] as const) {
    const shape = async (method: string) =>
      (await client.send(method, target)).lines
        .filter(([name]) => !volatile.has(name))
        .map((line) => line.join(': '))
        .sort()
    const [get, head] = [await shape('GET'), await shape('HEAD')]
    assert.deepEqual(head, get, target)
    assert.equal((await client.head(target)).bytes.length, 0)
  }
})

test('what was public is not confirmed by 304 once it is private', async () => {
  const { url, etag } = await stored()
  await protect(alice, url, { who: 'public', modes: 'R' })
  expectStatus(await anyone.get(url, { 'If-None-Match': etag }), 304)
  await protect(alice, url)
  expectStatus(await anyone.get(url, { 'If-None-Match': etag }), 401)
})

test('conditions hold on ACLs and descriptions too', async () => {
  const { url } = await stored()
  await protect(alice, url)
  must(await alice.patch(`${url}.meta`, sparql, insert))
  for (const aux of [`${url}.acl`, `${url}.meta`]) {
    const answer = must(await alice.get(aux))
    expectStatus(await alice.get(aux, { 'If-None-Match': answer.header('etag')! }), 304)
    expectStatus(await alice.put(aux, 'text/turtle', answer.text, { 'If-None-Match': '*' }), 412)
    expectStatus(await alice.put(aux, 'text/turtle', answer.text, { 'If-Match': '"other"' }), 412)
    must(await alice.put(aux, 'text/turtle', answer.text, { 'If-Match': answer.header('etag')! }))
    expectStatus(await alice.delete(aux, { 'If-Match': answer.header('etag')! }), 412)
  }
})

test('a container is deleted on the condition of its ETag', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  const etag = must(await alice.head(container)).header('etag')!
  await alice.store(`${container}a`)
  must(await alice.delete(`${container}a`))
  expectStatus(await alice.delete(container, { 'If-Match': etag }), 412)
  must(await alice.delete(container, { 'If-Match': must(await alice.head(container)).header('etag')! }))
})

test('a Range does not apply to HEAD', async () => {
  const { url } = await stored('0123456789', 'text/plain')
  const answer = expectStatus(await alice.head(url, { Range: 'bytes=0-3' }), 200)
  assert.equal(answer.header('content-length'), '10')
})
