// PUT as rows 27 to 29 and 35 to 39 of the checklist, rules 18 to 20 and the pitfalls of writes ask for it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { aclFor, alice, bob, containerLink, nobody, openWorld, turtle, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

const put = (path: string, body?: string, headers: Record<string, string> = turtle) =>
  world.send('PUT', path, { headers, ...(body === undefined ? {} : { body }) })

test('a new document is 201 with an absolute Location, a replaced one 204 without', async () => {
  const made = await put('/new.ttl', '<#a> <#b> 1 .')
  assert.equal(made.status, 201)
  assert.equal(made.header('location'), 'https://pods.example/alice/new.ttl')
  const replaced = await put('/new.ttl', '<#a> <#b> 2 .')
  assert.equal(replaced.status, 204)
  assert.equal(replaced.header('location'), undefined)
  assert.equal(await world.text('/new.ttl'), '<#a> <#b> 2 .')
})

test('missing ancestors are made and list their child', async () => {
  assert.equal((await put('/deep/er/still/x.ttl', '')).status, 201)
  assert.deepEqual(await world.members('/deep/'), ['/deep/er/'])
  assert.deepEqual(await world.members('/deep/er/still/'), ['/deep/er/still/x.ttl'])
})

test('bytes and media type are kept as sent', async () => {
  const body = '@prefix   x: <#> . # a comment\n\nx:a x:b "c" .\n'
  assert.equal((await put('/sent.ttl', body, { 'content-type': 'Text/Turtle;charset=utf-8' })).status, 201)
  assert.equal(await world.text('/sent.ttl'), body)
  assert.equal(await world.mediaType('/sent.ttl'), 'Text/Turtle;charset=utf-8')
})

test('a body without a usable Content-Type is 400', async () => {
  assert.equal((await put('/untyped', 'x', {})).code, 'CONTENT_TYPE_MISSING')
  assert.equal((await put('/untyped', 'x', { 'content-type': '' })).code, 'CONTENT_TYPE_MISSING')
  assert.equal((await put('/untyped', 'x', { 'content-type': 'nonsense' })).status, 400)
  assert.equal((await put('/untyped-container/', undefined, { 'content-type': '' })).status, 400)
  assert.equal(await world.text('/untyped'), undefined)
})

test('Content-Length 0 with a Content-Type is an empty document', async () => {
  assert.equal((await put('/empty.txt', '', { 'content-type': 'text/plain' })).status, 201)
  assert.equal(await world.text('/empty.txt'), '')
})

test('malformed RDF is 400 and nothing is stored', async () => {
  for (const [type, body] of [
    ['text/turtle', '<a> <b> .'],
    ['application/ld+json', '{"@id": '],
    ['application/n-triples', '<a> <b> <c>'],
  ] as const) {
    const seen = await put('/bad', body, { 'content-type': type })
    assert.equal(seen.code, 'BODY_INVALID', type)
  }
  assert.equal(await world.text('/bad'), undefined)
  await world.write('/good.ttl', '<#a> <#b> 1 .')
  assert.equal((await put('/good.ttl', 'no turtle')).status, 400)
  assert.equal(await world.text('/good.ttl'), '<#a> <#b> 1 .')
})

test('bytes that are no RDF are not looked at', async () => {
  const body = Buffer.from([0, 255, 13, 10, 0])
  const seen = await world.send('PUT', '/blob.bin', { body, headers: { 'content-type': 'application/octet-stream' } })
  assert.equal(seen.status, 201)
})

test('bodies too large for a row are kept whole: PUT, replaced, POSTed and patched', async () => {
  const body = Array.from({ length: 2000 }, (_, n) => `<#s${n}> <#p> "${n}" .\n`).join('')
  assert.equal((await put('/large.ttl', body)).status, 201)
  assert.equal((await put('/large.ttl', `${body}# again`)).status, 204)
  assert.equal(await world.text('/large.ttl'), `${body}# again`)
  assert.equal((await world.send('POST', '/', { headers: { ...turtle, slug: 'posted.ttl' }, body })).status, 201)
  assert.equal(await world.text('/posted.ttl'), body)
  const headers = { 'content-type': 'application/sparql-update' }
  const patched = await world.send('PATCH', '/large.ttl', { headers, body: 'INSERT DATA { <#new> <#p> 1 }' })
  assert.equal(patched.status, 204)
  assert.match((await world.text('/large.ttl'))!, /<#new>/)
})

test('headers that cannot be honoured are refused before the body is read', async () => {
  const cases: [Record<string, string>, number][] = [
    [{ ...turtle, 'content-range': 'bytes 0-1/2' }, 400],
    [{ ...turtle, 'content-encoding': 'gzip' }, 415],
    [{ ...turtle, ...containerLink }, 400],
  ]
  for (const [headers, status] of cases) {
    const seen = await put('/refused.ttl', '', headers)
    assert.equal(seen.status, status)
    assert.equal(seen.wasContinued, false)
  }
  assert.equal((await put('/plain-coding.ttl', '', { ...turtle, 'content-encoding': 'identity' })).status, 201)
})

test('who may not write is refused before the body is read', async () => {
  const anonymous = await world.send('PUT', '/private.ttl', { as: nobody, headers: turtle, body: '' })
  assert.deepEqual([anonymous.status, anonymous.wasContinued], [401, false])
  const stranger = await world.send('PUT', '/private.ttl', { as: bob, headers: turtle, body: '' })
  assert.deepEqual([stranger.status, stranger.wasContinued], [403, false])
})

test('If-None-Match: * creates once', async () => {
  const headers = { ...turtle, 'if-none-match': '*' }
  assert.equal((await put('/once.ttl', '<#a> <#b> 1 .', headers)).status, 201)
  assert.equal((await put('/once.ttl', '<#a> <#b> 2 .', headers)).status, 412)
  assert.equal(await world.text('/once.ttl'), '<#a> <#b> 1 .')
})

test('of ten parallel creates one is 201 and nine are 412', async () => {
  const headers = { ...turtle, 'if-none-match': '*' }
  const seen = await Promise.all(Array.from({ length: 10 }, (_, n) => put('/race.ttl', `<#a> <#b> ${n} .`, headers)))
  const statuses = seen.map(({ status }) => status).sort((a, b) => a - b)
  assert.deepEqual(statuses, [201, ...Array.from({ length: 9 }, () => 412)])
})

test('ten parallel PUTs without a condition all succeed', async () => {
  const seen = await Promise.all(Array.from({ length: 10 }, (_, n) => put('/all.ttl', `<#a> <#b> ${n} .`)))
  assert.deepEqual(
    seen.map(({ status }) => status).sort((a, b) => a - b),
    [201, ...Array.from({ length: 9 }, () => 204)],
  )
})

test('If-Match: * on a missing resource is 412', async () => {
  assert.equal((await put('/missing.ttl', '', { ...turtle, 'if-match': '*' })).status, 412)
})

test('a container is made with or without Content-Type, Link and body', async () => {
  assert.equal((await put('/c1/', undefined, {})).status, 201)
  assert.equal((await put('/c2/', '', { ...turtle, ...containerLink })).status, 201)
  assert.equal((await put('/c3/', ' ', turtle)).status, 201)
  const made = await put('/c4/c5/', undefined, turtle)
  assert.deepEqual([made.status, made.header('location')], [201, 'https://pods.example/alice/c4/c5/'])
  assert.deepEqual(await world.members('/c4/'), ['/c4/c5/'])
})

test('a container by a chunked body that turns out empty needs no Content-Type', async () => {
  const body = (async function* (): AsyncGenerator<Uint8Array> {})()
  assert.equal((await world.send('PUT', '/chunked/', { body })).status, 201)
})

test('the body of a new container becomes its .meta', async () => {
  assert.equal(
    (await put('/titled/', '<> <http://purl.org/dc/terms/title> "T"; <http://x.example/y> <a> .')).status,
    201,
  )
  const meta = await world.text('/titled/.meta')
  const { quads } = await world.parts.rdf.parse(
    Buffer.from(meta!),
    { mediaType: 'text/turtle', base: 'https://pods.example/alice/titled/.meta' },
    new AbortController().signal,
  )
  assert.deepEqual(
    quads.map(({ subject, object }) => [subject.value, object.value]),
    [
      ['https://pods.example/alice/titled/', 'T'],
      ['https://pods.example/alice/titled/', 'https://pods.example/alice/titled/a'],
    ],
  )
})

test('a new container whose body holds containment or managed metadata is 409', async () => {
  for (const triple of [
    '<> <http://www.w3.org/ns/ldp#contains> <x> .',
    '<x> <http://www.w3.org/ns/posix/stat#size> 5 .',
    '<> <http://purl.org/dc/terms/modified> "2026-01-01T00:00:00Z" .',
    '<> a <http://www.w3.org/ns/pim/space#Storage> .',
  ]) {
    assert.equal((await put('/managed/', triple)).code, 'PROTECTED_TRIPLES', triple)
  }
  assert.equal(await world.members('/managed/'), undefined)
})

test('a container body must be RDF', async () => {
  assert.equal((await put('/not-rdf/', 'hello', { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await put('/not-rdf/', 'hello', {})).status, 400)
  assert.equal((await put('/not-rdf/', 'hello', turtle)).status, 400)
  assert.equal(await world.members('/not-rdf/'), undefined)
})

test('PUT on an existing container is 409, with a failed precondition 412', async () => {
  await put('/there/', undefined, {})
  await world.write('/there/x.ttl', '')
  assert.equal((await put('/there/', '<> <http://www.w3.org/ns/ldp#contains> <y> .')).code, 'CONTAINER_EXISTS')
  assert.equal((await put('/there/', undefined, { 'if-none-match': '*' })).status, 412)
  assert.equal((await put('/', '', turtle)).status, 409)
  assert.deepEqual(await world.members('/there/'), ['/there/x.ttl'])
})

test('the other slash form of an existing name is 409', async () => {
  await world.write('/twin-doc', '')
  assert.equal((await put('/twin-doc/', undefined, {})).code, 'SLASH_TWIN')
  await put('/twin-container/', undefined, {})
  assert.equal((await put('/twin-container', '')).code, 'SLASH_TWIN')
})

test('a document as an ancestor is 409, also deeper', async () => {
  await world.write('/doc', '')
  assert.equal((await put('/doc/a', '')).code, 'ANCESTOR_IS_DOCUMENT')
  assert.equal((await put('/doc/a/b/c', '')).code, 'ANCESTOR_IS_DOCUMENT')
})

test('of a document and a child below the same name only one is made at once', async () => {
  for (let round = 0; round < 10; round++) {
    const path = `/either${round}`
    const [document, child] = await Promise.all([put(path, ''), put(`${path}/y`, '')])
    assert.deepEqual(
      [document.status, child.status].sort((a, b) => a - b),
      [201, 409],
    )
  }
})

test('auxiliary names are neither ancestors nor have auxiliaries', async () => {
  await world.write('/aux.ttl', '')
  for (const path of ['/aux.ttl.acl/x', '/x.meta/', '/aux.ttl.acl.acl', '/aux.ttl.meta.meta', '/aux.ttl.acl.meta']) {
    assert.equal((await put(path, '')).code, 'AUXILIARY_CONFLICT', path)
  }
})

test('names that belong to the server are not writable, others in .well-known are', async () => {
  for (const path of ['/.notifications/x', '/.internal/x', '/.well-known/solid', '/.internal']) {
    const seen = await put(path, '')
    assert.deepEqual([seen.status, seen.header('allow')], [405, 'GET, HEAD, OPTIONS'], path)
  }
  assert.equal((await put('/.well-known/other', '')).status, 201)
})

test('.meta is written like a document of its subject, without protected triples', async () => {
  await world.write('/described.ttl', '')
  assert.equal((await put('/described.ttl.meta', '<described.ttl> <http://x.example/y> 1 .')).status, 201)
  assert.equal((await put('/described.ttl.meta', '<described.ttl> <http://x.example/y> 2 .')).status, 204)
  const seen = await put('/described.ttl.meta', '<described.ttl> <http://www.w3.org/ns/posix/stat#size> 1 .')
  assert.equal(seen.code, 'PROTECTED_TRIPLES')
  assert.equal(await world.text('/described.ttl.meta'), '<described.ttl> <http://x.example/y> 2 .')
  assert.equal((await put('/described.ttl.meta', 'x', { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await put('/nothing.meta', '')).code, 'AUXILIARY_CONFLICT')
  const foreign = '{"@context":"https://unknown.example/","a":1}'
  for (const path of ['/described.ttl.meta', '/unknown/']) {
    const refused = await put(path, foreign, { 'content-type': 'application/ld+json' })
    assert.equal(refused.code, 'BODY_INVALID', path)
  }
})

test('the login provider of the profile stays what it is, everything else in it may change', async () => {
  const card = await world.text('/profile/card')
  const other = card!.replace('https://pods.example/', 'https://thief.example/')
  assert.equal((await put('/profile/card', other)).code, 'ISSUER_PROTECTED')
  assert.equal((await put('/profile/card', '<#me> a <#Me> .')).code, 'ISSUER_PROTECTED')
  assert.equal((await put('/profile/card', 'x', { 'content-type': 'text/plain' })).code, 'ISSUER_PROTECTED')
  const hidden = `${card!.replace('<>', '<#graph> {\n<>')} }`
  assert.equal((await put('/profile/card', hidden, { 'content-type': 'application/trig' })).code, 'ISSUER_PROTECTED')
  assert.equal(await world.text('/profile/card'), card)
  assert.equal((await put('/profile/card', `${card}\n<#me> <http://x.example/y> 1 .`)).status, 204)
})

test('a body over the limit is 413: at once when it says so, else while it streams', async () => {
  await using small = await openWorld({ limits: { maxBodyBytes: 1000 } })
  const headers = { 'content-type': 'application/octet-stream' }
  const said = await small.send('PUT', '/big', { body: Buffer.alloc(1001), headers })
  assert.deepEqual([said.status, said.wasContinued], [413, false])
  assert.deepEqual([said.members['used'], said.members['limit']], [1001, 1000])
  const body = (async function* () {
    for (let n = 0; n < 11; n++) yield Buffer.alloc(100)
  })()
  assert.equal((await small.send('PUT', '/big', { body, headers })).status, 413)
  assert.equal(await small.text('/big'), undefined)
})

test('a full pod is 507 with used and limit; what replaces without growing still passes', async () => {
  await using small = await openWorld({ quotaBytes: 60_000 })
  const headers = { 'content-type': 'application/octet-stream' }
  const file = (path: string, size: number) => small.send('PUT', path, { body: Buffer.alloc(size), headers })
  assert.equal((await file('/a', 40_000)).status, 201)
  const full = await file('/b', 40_000)
  assert.equal(full.code, 'QUOTA_EXCEEDED')
  assert.equal(full.members['limit'], 60_000)
  assert.ok(Number(full.members['used']) >= 40_000)
  assert.equal(await small.text('/b'), undefined)
  assert.equal((await file('/a', 40_000)).status, 204)
  assert.equal((await small.send('DELETE', '/a')).status, 205)
  assert.equal((await file('/b', 40_000)).status, 201)
})

test('a pod with all its resources made is 507, and says which limit it is', async () => {
  await using small = await openWorld({ quotaResources: 8 })
  const statuses: number[] = []
  for (let n = 0; n < 10; n++) statuses.push((await small.send('PUT', `/${n}`, { headers: turtle, body: '' })).status)
  assert.ok(statuses.includes(201))
  const full = await small.send('PUT', '/one-more', { headers: turtle, body: '' })
  assert.deepEqual([full.status, full.members['used'], full.members['limit']], [507, 8, 8])
  assert.equal((await small.send('PUT', '/0', { headers: turtle, body: '<#a> <#b> 1 .' })).status, 204)
})

test('an ACL may still be written on a full pod', async () => {
  await using small = await openWorld({ quotaBytes: 60_000 })
  const headers = { 'content-type': 'application/octet-stream' }
  assert.equal((await small.send('PUT', '/a', { body: Buffer.alloc(56_000), headers })).status, 201)
  assert.equal((await small.send('PUT', '/b', { body: Buffer.alloc(5000), headers })).status, 507)
  await small.write('/a.acl', `${aclFor('/a', [])}\n${'#'.repeat(30_000)}`)
})

test('RDF over its limit is kept as sent, unvalidated', async () => {
  await using small = await openWorld({ limits: { maxRdfBytes: 1000 } })
  const body = `no turtle ${'x'.repeat(1000)}`
  assert.equal((await small.send('PUT', '/large.ttl', { headers: turtle, body })).status, 201)
  assert.equal(await small.text('/large.ttl'), body)
  assert.equal((await small.send('PUT', '/small.ttl', { headers: turtle, body: 'no turtle' })).status, 400)
})

test('a refused body gives its room back: one that fills the quota still fits after ten that were invalid', async () => {
  await using small = await openWorld({ quotaBytes: 200_000 })
  const invalid = 'no turtle '.repeat(15_000)
  for (let n = 0; n < 10; n++) {
    assert.equal((await small.send('PUT', `/${n}.ttl`, { headers: turtle, body: invalid })).code, 'BODY_INVALID')
  }
  const headers = { 'content-type': 'application/octet-stream' }
  assert.equal((await small.send('PUT', '/fits', { headers, body: Buffer.alloc(180_000) })).status, 201)
})

test('a body that ends early leaves nothing behind', async () => {
  const body = (async function* () {
    yield Buffer.alloc(100_000)
    throw new Error('the client is gone')
  })()
  const seen = await world.send('PUT', '/aborted.bin', {
    body,
    headers: { 'content-type': 'application/octet-stream' },
  })
  assert.ok(seen.status >= 400)
  assert.equal(await world.text('/aborted.bin'), undefined)
})

test('a Write that is revoked while the body is on its way is 403 and nothing is kept (rule 5)', async () => {
  await put('/shared/', undefined, {})
  await world.write('/shared/.acl', aclFor('/shared/', [{ here: 'Write', below: 'Write' }]))
  const body = (async function* () {
    yield Buffer.from('first')
    await world.write('/shared/.acl', aclFor('/shared/', []))
    yield Buffer.from('second')
  })()
  const seen = await world.send('PUT', '/shared/x.txt', { as: bob, body, headers: { 'content-type': 'text/plain' } })
  assert.equal(seen.code, 'FORBIDDEN')
  assert.equal(await world.text('/shared/x.txt'), undefined)
})

test('an ACL change that leaves the writer its rights costs a second look, not the write', async () => {
  await put('/busy/', undefined, {})
  const body = (async function* () {
    yield Buffer.from('first')
    await world.write('/busy/.acl', aclFor('/busy/', [{ here: 'Read' }]))
    yield Buffer.from('second')
  })()
  const seen = await world.send('PUT', '/busy/x.txt', { as: alice, body, headers: { 'content-type': 'text/plain' } })
  assert.equal(seen.status, 201)
  assert.equal(await world.text('/busy/x.txt'), 'firstsecond')
})

test('twenty ACLs, documents and deletions with ACLs at once all succeed', async () => {
  const numbers = Array.from({ length: 20 }, (_, n) => n)
  for (const n of numbers) {
    await world.write(`/burst/${n}.ttl`, '')
    await world.write(`/burst/${n}.old`, '')
    await world.write(`/burst/${n}.old.acl`, aclFor(`/burst/${n}.old`, []))
  }
  const acl = (n: number) => aclFor(`/burst/${n}.ttl`, [])
  const seen = await Promise.all([
    ...numbers.map((n) => world.send('PUT', `/burst/${n}.ttl.acl`, { headers: turtle, body: acl(n) })),
    ...numbers.map((n) => world.send('PUT', `/burst/${n}.new`, { headers: turtle, body: '' })),
    ...numbers.map((n) => world.send('DELETE', `/burst/${n}.old`)),
  ])
  assert.deepEqual(new Set(seen.map(({ status }) => status)), new Set([201, 205]))
})

test('the feed names who wrote and with which app, not by which grant', async () => {
  const { store } = world.parts
  const { id } = world.home.pod
  const before = (await store.head(id))!.version
  const as = { ...alice, clientId: 'https://app.example/id', grant: 'g-1' }
  assert.equal((await world.send('PUT', '/fed.ttl', { as, headers: turtle, body: '' })).status, 201)
  const page = await store.changes(id, before, 10)
  assert.ok('entries' in page)
  assert.deepEqual(page.entries[0]!.agent, { ...alice, clientId: 'https://app.example/id' })
})
