// POST as rows 30 to 35 of the checklist, pitfalls 4, 5, 7 and 34, and what an inbox receives.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { base, bob, containerLink, nobody, openWorld, turtle, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
  await world.send('PUT', '/c/')
})
after(() => world[Symbol.asyncDispose]())

const post = (path: string, headers: Record<string, string> = {}, body = '') =>
  world.send('POST', path, { headers: { ...turtle, ...headers }, body })

async function locationOf(slug: string | undefined, headers: Record<string, string> = {}): Promise<string> {
  const seen = await post('/c/', { ...(slug === undefined ? {} : { slug }), ...headers })
  assert.equal(seen.status, 201, `${slug}: ${seen.code} ${seen.detail}`)
  const location = seen.header('location')!
  assert.ok(location.startsWith(`${base}c/`), location)
  return location.slice(`${base}c/`.length)
}

test('without a Slug the server chooses a name directly below the container', async () => {
  assert.match(await locationOf(undefined), /^[0-9a-f-]{36}$/)
})

test('a free Slug is the name, byte for byte, with no extension added', async () => {
  for (const slug of ['plain', 'a.ttl', "x!$&'()*+,;=:@-._~"]) assert.equal(await locationOf(slug), slug)
})

test('what a URL cannot hold is encoded once', async () => {
  assert.equal(await locationOf('a b'), 'a%20b')
  assert.equal(await locationOf('50%'), '50%25')
  assert.equal(await locationOf('a%20c'), 'a%20c')
  assert.equal(await locationOf('a%2fd'), 'a%2Fd')
  assert.equal(await locationOf('w?h#y'), 'w%3Fh%23y')
  assert.equal(await locationOf('back\\slash'), 'back%5Cslash')
  assert.equal(await locationOf(Buffer.from('日本', 'utf8').toString('latin1')), '%E6%97%A5%E6%9C%AC')
  assert.equal(await locationOf('caf\u00e9'), 'caf%C3%A9')
})

test('a taken Slug, in either slash form, gives another name that begins with it', async () => {
  await locationOf('taken')
  assert.match(await locationOf('taken'), /^taken-[0-9a-f-]{36}$/)
  await world.send('PUT', '/c/taken-dir/')
  assert.match(await locationOf('taken-dir'), /^taken-dir-/)
  assert.match(await locationOf('taken', containerLink), /^taken-[0-9a-f-]{36}\/$/)
})

test('ten parallel POSTs with one Slug give ten resources', async () => {
  const names = await Promise.all(Array.from({ length: 10 }, () => locationOf('same')))
  assert.equal(new Set(names).size, 10)
  assert.ok(names.includes('same'))
})

test('a Slug that cannot be a name gives one of the server', async () => {
  for (const slug of ['', '.', '..', '%2e%2e', 'x'.repeat(300), 'a\u0007b']) {
    assert.match(await locationOf(slug), /^[0-9a-f-]{36}$/, JSON.stringify(slug))
  }
  assert.match(await locationOf('y'.repeat(255)), /^y{255}$/)
})

test('a Slug with an inner slash is 400, one that names an auxiliary resource 403', async () => {
  assert.equal((await post('/c/', { slug: 'a/b' })).code, 'SLUG_INVALID')
  assert.equal((await post('/c/', { slug: 'a/' })).code, 'SLUG_INVALID')
  for (const slug of ['x.acl', '.meta', 'x%2Eacl']) assert.equal((await post('/c/', { slug })).code, 'SLUG_RESERVED')
  assert.equal((await post('/c/', { slug: 'x.acl', ...containerLink })).code, 'SLUG_RESERVED')
  for (const slug of ['.notifications', '.internal']) assert.equal((await post('/', { slug })).code, 'SLUG_RESERVED')
})

test('a Link to a container type makes a container, with or without body and Content-Type', async () => {
  assert.equal(await locationOf('box', containerLink), 'box/')
  assert.equal(await locationOf('slashed/', containerLink), 'slashed/')
  const bare = await world.send('POST', '/c/', { headers: { ...containerLink, slug: 'bare' } })
  assert.equal(bare.header('location'), `${base}c/bare/`)
  const unquoted = {
    link: '<http://www.w3.org/ns/ldp#Resource>; rel=type, <http://www.w3.org/ns/ldp#Container>; rel=type',
  }
  assert.equal(await locationOf('unquoted', unquoted), 'unquoted/')
})

test('the body of a new container becomes its .meta, protected triples are 409', async () => {
  const made = await post('/c/', { ...containerLink, slug: 'titled' }, '<> <http://purl.org/dc/terms/title> "T" .')
  assert.equal(made.status, 201)
  assert.match((await world.text('/c/titled/.meta'))!, /title>? "T"/)
  const refused = await post('/c/', { ...containerLink, slug: 'no' }, '<> <http://www.w3.org/ns/ldp#contains> <x> .')
  assert.equal(refused.code, 'PROTECTED_TRIPLES')
})

test('a document needs a Content-Type', async () => {
  assert.equal((await world.send('POST', '/c/', { body: 'x' })).code, 'CONTENT_TYPE_MISSING')
  assert.equal((await world.send('POST', '/c/')).status, 400)
})

test('malformed RDF is 400 and adds nothing', async () => {
  const before = await world.members('/c/')
  assert.equal((await post('/c/', {}, 'no turtle')).code, 'BODY_INVALID')
  assert.deepEqual(await world.members('/c/'), before)
})

test('an inbox takes JSON-LD with contexts', async () => {
  await world.send('PUT', '/inbox/')
  const body =
    '{"@context": "https://www.w3.org/ns/activitystreams", "type": "Announce", "object": "https://x.example/"}'
  const seen = await world.send('POST', '/inbox/', { body, headers: { 'content-type': 'application/ld+json' } })
  assert.equal(seen.status, 201)
  assert.equal((await world.members('/inbox/'))!.length, 1)
})

test('POST where nothing is, is 404; below a document too; on a document 405 with Allow', async () => {
  await world.write('/doc', '')
  assert.equal((await post('/missing/')).status, 404)
  assert.equal((await post('/missing')).status, 404)
  assert.equal((await post('/doc/foo/')).status, 404)
  assert.equal((await post('/doc/')).status, 404)
  const seen = await post('/doc')
  assert.equal(seen.status, 405)
  assert.doesNotMatch(seen.header('allow')!, /POST/)
})

test('who may not append learns nothing about what exists', async () => {
  for (const path of ['/c/', '/missing/', '/doc']) {
    assert.equal((await world.send('POST', path, { as: bob, headers: turtle, body: '' })).status, 403, path)
    assert.equal((await world.send('POST', path, { as: nobody, headers: turtle, body: '' })).status, 401, path)
  }
})

test('a container that is deleted before the commit is 404', async () => {
  await world.send('PUT', '/going/')
  const body = (async function* () {
    yield Buffer.from('x')
    await world.send('DELETE', '/going/')
  })()
  const seen = await world.send('POST', '/going/', { body, headers: { 'content-type': 'text/plain' } })
  assert.equal(seen.status, 404)
  assert.equal(await world.members('/going/'), undefined)
})
