// PATCH as sections 1.8 and 1.9 of the checklist list it, store rule 8 and pitfalls 3, 14, 15, 25 to 28.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { aclFor, alice, base, bob, nobody, openWorld, type Seen, type World } from './world.ts'

let world: World
before(async () => {
  world = await openWorld()
})
after(() => world[Symbol.asyncDispose]())

const n3Type = { 'content-type': 'text/n3' }
const sparqlType = { 'content-type': 'application/sparql-update' }

function n3(clauses: { where?: string; deletes?: string; inserts?: string }): string {
  const parts = Object.entries(clauses).map(([name, triples]) => `solid:${name} { ${triples} };`)
  return `@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix : <http://x.example/>.
    _:patch ${parts.join('\n')} a solid:InsertDeletePatch.`
}

const patch = (path: string, body: string, headers: Record<string, string> = n3Type, as = alice): Promise<Seen> =>
  world.send('PATCH', path, { as, headers, body })
const sparql = (path: string, body: string, as = alice): Promise<Seen> => patch(path, body, sparqlType, as)

async function triplesOf(path: string): Promise<string[]> {
  const text = await world.text(path)
  assert.notEqual(text, undefined)
  const mediaType = (await world.mediaType(path))!
  const source = { mediaType, base: base + path.slice(1) }
  const { quads } = await world.parts.rdf.parse(Buffer.from(text!), source, new AbortController().signal)
  return quads
    .map(({ subject, predicate, object }) =>
      [subject, predicate, object].map((term) => term.value.replace('http://x.example/', ':')).join(' '),
    )
    .sort()
}

const x = '@prefix : <http://x.example/>.\n'

test('an N3 Patch inserts, and deletes before it inserts', async () => {
  await world.write('/n.ttl', `${x}:a :b 1 .`)
  assert.equal((await patch('/n.ttl', n3({ inserts: ':a :c 2 .' }))).status, 204)
  assert.equal((await patch('/n.ttl', n3({ deletes: ':a :b 1 .', inserts: ':a :b 3 .' }))).status, 204)
  assert.deepEqual(await triplesOf('/n.ttl'), [':a :b 3', ':a :c 2'])
})

test('prefixes and media type survive', async () => {
  await world.write('/p.ttl', `${x}:a :b 1 .`, 'Text/Turtle; charset=utf-8')
  await patch('/p.ttl', n3({ inserts: ':a :c 2 .' }))
  assert.match((await world.text('/p.ttl'))!, /@prefix : <http:\/\/x\.example\/>/)
  assert.equal(await world.mediaType('/p.ttl'), 'Text/Turtle; charset=utf-8')
})

test('a missing document is made as Turtle, with its ancestors, also under a .txt name', async () => {
  const seen = await patch('/made/by/patch.txt', n3({ inserts: ':a :b 1 .' }))
  assert.deepEqual([seen.status, seen.header('location')], [201, `${base}made/by/patch.txt`])
  assert.equal(await world.mediaType('/made/by/patch.txt'), 'text/turtle')
  assert.deepEqual(await world.members('/made/'), ['/made/by/'])
  assert.equal((await sparql('/made/by/sparql', 'INSERT DATA { <#a> <#b> 1 }')).status, 201)
})

test('where or deletes on a missing document are 409', async () => {
  assert.equal((await patch('/none.ttl', n3({ where: '?a :b 1 .', inserts: '?a :c 2 .' }))).code, 'PATCH_CONFLICT')
  assert.equal((await patch('/none.ttl', n3({ deletes: ':a :b 1 .' }))).status, 409)
  assert.equal(await world.text('/none.ttl'), undefined)
})

test('a failed patch changes nothing: no match, two matches, a triple that is not there', async () => {
  await world.write('/c.ttl', `${x}:a :b 1 . :c :b 1 .`)
  const before = await world.text('/c.ttl')
  const patches = [
    { where: '?s :nothing ?o .', inserts: '?s :x 1 .' },
    { where: '?s :b 1 .', inserts: '?s :x 1 .' },
    { deletes: ':a :b 1 . :a :b 2 .', inserts: ':a :x 1 .' },
  ]
  for (const one of patches) assert.equal((await patch('/c.ttl', n3(one))).code, 'PATCH_CONFLICT', JSON.stringify(one))
  assert.equal(await world.text('/c.ttl'), before)
})

test('a no-op is a success and leaves the bytes alone', async () => {
  const text = `${x}:a   :b   1 .`
  await world.write('/noop.ttl', text)
  assert.equal((await patch('/noop.ttl', n3({}))).status, 204)
  assert.equal((await patch('/noop.ttl', n3({ inserts: ':a :b 1 .' }))).status, 204)
  assert.equal((await sparql('/noop.ttl', 'DELETE DATA { <#not> <#there> 1 }')).status, 204)
  assert.equal(await world.text('/noop.ttl'), text)
})

test('bad syntax is 400, what the protocol forbids 422, an unknown patch type 415 with Accept-Patch', async () => {
  await world.write('/s.ttl', '')
  assert.equal((await patch('/s.ttl', '@prefix ')).code, 'PATCH_SYNTAX')
  assert.equal((await patch('/s.ttl', n3({ inserts: ':a :b 1 . .' }))).status, 400)
  assert.equal((await sparql('/s.ttl', 'INSERT DAT')).status, 400)
  assert.equal((await patch('/s.ttl', '<#a> <#b> 1 .')).code, 'PATCH_INVALID')
  assert.equal((await patch('/s.ttl', n3({ inserts: ':a :b ?x .' }))).status, 422)
  const other = await patch('/s.ttl', 'x', { 'content-type': 'text/turtle' })
  assert.deepEqual([other.status, other.header('accept-patch')], [415, 'text/n3, application/sparql-update'])
  assert.equal((await patch('/s.ttl', n3({}), {})).code, 'CONTENT_TYPE_MISSING')
  assert.equal((await patch('/s.ttl', n3({}), { 'content-type': 'text/n3; charset=UTF-8' })).status, 204)
  assert.equal((await patch('/s.ttl', n3({}), { ...n3Type, 'content-encoding': 'gzip' })).status, 415)
})

test('SPARQL Update: several operations, a trailing semicolon, PREFIX in between, WHERE, relative IRIs', async () => {
  await world.write('/u.ttl', `${x}<#it> :name "old" ; :n 1 .`)
  const update = ` # comment
    PREFIX : <http://x.example/>
    DELETE DATA { <#it> :n 1 } ; PREFIX y: <http://x.example/>
    INSERT DATA { <#it> y:n 2 } ;
    DELETE { ?s :name ?o } INSERT { ?s :name "new" } WHERE { ?s :name ?o } ;`
  assert.equal((await sparql('/u.ttl', update)).status, 204)
  assert.deepEqual(await triplesOf('/u.ttl'), [`${base}u.ttl#it :n 2`, `${base}u.ttl#it :name new`])
})

test('a container and a document that is no RDF are 409', async () => {
  await world.send('PUT', '/box/')
  await world.write('/text.txt', 'hello', 'text/plain')
  assert.equal((await patch('/box/', n3({ inserts: ':a :b 1 .' }))).code, 'PATCH_TARGET')
  assert.equal((await patch('/text.txt', n3({ inserts: ':a :b 1 .' }))).code, 'PATCH_TARGET')
  await world.write('/empty.ttl', '')
  assert.equal((await patch('/empty.ttl', n3({ inserts: ':a :b 1 .' }))).status, 204)
})

test('other slash form, document as an ancestor, auxiliary of nothing: 409', async () => {
  assert.equal((await patch('/box', n3({ inserts: ':a :b 1 .' }))).code, 'SLASH_TWIN')
  assert.equal((await patch('/text.txt/x', n3({ inserts: ':a :b 1 .' }))).code, 'ANCESTOR_IS_DOCUMENT')
  assert.equal((await patch('/nothing.meta', n3({ inserts: ':a :b 1 .' }))).code, 'AUXILIARY_CONFLICT')
})

test('conditions count: a stale If-Match is 412, If-None-Match: * creates once', async () => {
  const insert = n3({ inserts: ':a :b 1 .' })
  assert.equal((await patch('/s.ttl', insert, { ...n3Type, 'if-match': '"stale"' })).status, 412)
  assert.equal((await patch('/once.ttl', insert, { ...n3Type, 'if-none-match': '*' })).status, 201)
  assert.equal((await patch('/once.ttl', insert, { ...n3Type, 'if-none-match': '*' })).status, 412)
})

test('modes: inserts need Append, where needs Read, deletes need Read and Write', async () => {
  await world.write('/m/x.ttl', `${x}:a :b 1 .`)
  const insert = n3({ inserts: ':a :c 2 .' })
  const ask = n3({ where: '?s :b 1 .', inserts: '?s :d 3 .' })
  const remove = n3({ deletes: ':a :never 1 .' })
  const cases: [string, number, number, number][] = [
    ['Read', 403, 403, 403],
    ['Append', 204, 403, 403],
    ['Write', 204, 403, 403],
    ['Read Append', 204, 204, 403],
    ['Read Write', 204, 204, 409],
  ]
  for (const [modes, inserted, asked, removed] of cases) {
    await world.write('/m/x.ttl.acl', aclFor('/m/x.ttl', [{ here: modes }]))
    const seen = [await patch('/m/x.ttl', insert, n3Type, bob), await patch('/m/x.ttl', ask, n3Type, bob)]
    seen.push(await patch('/m/x.ttl', remove, n3Type, bob))
    assert.deepEqual(
      seen.map(({ status }) => status),
      [inserted, asked, removed],
      modes,
    )
  }
})

test('who can change nothing is refused before the body is read', async () => {
  const seen = await patch('/s.ttl', 'whatever', n3Type, nobody)
  assert.deepEqual([seen.status, seen.wasContinued], [401, false])
})

test('a patch body over 1 MiB is 413', async () => {
  const seen = await patch('/s.ttl', ' '.repeat((1 << 20) + 1))
  assert.deepEqual([seen.status, seen.wasContinued], [413, false])
})

test('a document over the limit is 413 and stays as it is', async () => {
  await using small = await openWorld({ limits: { maxPatchTargetBytes: 1000 } })
  const text = `# ${'x'.repeat(1000)}`
  await small.write('/large.ttl', text)
  const seen = await small.send('PATCH', '/large.ttl', { headers: sparqlType, body: 'INSERT DATA { <#a> <#b> 1 }' })
  assert.equal(seen.status, 413)
  assert.equal(await small.text('/large.ttl'), text)
})

test('an ACL can be patched, but not into one that is none, and the root keeps somebody in control', async () => {
  await world.write('/acl.ttl', '')
  await world.write('/acl.ttl.acl', aclFor('/acl.ttl', []))
  const grant = `PREFIX acl: <http://www.w3.org/ns/auth/acl#> INSERT DATA { <#bob> a acl:Authorization;
    acl:agent <${bob.webId}>; acl:accessTo <acl.ttl>; acl:mode acl:Write }`
  assert.equal((await sparql('/acl.ttl.acl', grant)).status, 204)
  assert.equal((await sparql('/acl.ttl', 'INSERT DATA { <#a> <#b> 1 }', bob)).status, 204)
  const drop = `PREFIX acl: <http://www.w3.org/ns/auth/acl#>
    DELETE { ?rule acl:mode acl:Control } WHERE { ?rule acl:mode acl:Control }`
  assert.equal((await sparql('/.acl', drop)).code, 'ACL_WITHOUT_CONTROL')
})

test('an ACL can be made by PATCH', async () => {
  await world.write('/fresh.ttl', '')
  const insert = `PREFIX acl: <http://www.w3.org/ns/auth/acl#> INSERT DATA { <#owner> a acl:Authorization;
    acl:agent <${alice.webId}>; acl:accessTo <fresh.ttl>; acl:mode acl:Read, acl:Write, acl:Control }`
  assert.equal((await sparql('/fresh.ttl.acl', insert)).status, 201)
})

test('.meta takes triples of its subject but none that the server manages', async () => {
  await world.send('PUT', '/meta/')
  assert.equal((await patch('/meta/.meta', n3({ inserts: '<./> :title "T" .' }))).status, 201)
  for (const triple of [
    '<./> <http://www.w3.org/ns/ldp#contains> <x> .',
    '<./> a <http://www.w3.org/ns/pim/space#Storage> .',
    '<x> <http://www.w3.org/ns/posix/stat#mtime> 1 .',
    '<./> <http://purl.org/dc/terms/modified> "2026-01-01T00:00:00Z" .',
  ]) {
    assert.equal((await patch('/meta/.meta', n3({ inserts: triple }))).code, 'PROTECTED_TRIPLES', triple)
  }
  assert.deepEqual(await triplesOf('/meta/.meta'), [`${base}meta/ :title T`])
})

test('the login provider of the profile cannot be patched, the rest can', async () => {
  const other = 'INSERT DATA { <#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://thief.example/> }'
  assert.equal((await sparql('/profile/card', other)).code, 'ISSUER_PROTECTED')
  assert.equal((await sparql('/profile/card', 'INSERT DATA { <#me> <#likes> <#tea> }')).status, 204)
})

test('16 clients on one document: every insert is there, none starves', async () => {
  await world.write('/many.ttl', `${x}:a :b 0 .`)
  const rounds = Array.from({ length: 160 }, (_, n) => n)
  const statuses: number[] = []
  const clients = Array.from({ length: 16 }, async () => {
    for (let n = rounds.pop(); n !== undefined; n = rounds.pop()) {
      const seen =
        n % 2
          ? sparql('/many.ttl', `INSERT DATA { <#a> <#b> ${n} }`)
          : patch('/many.ttl', n3({ inserts: `:a :n ${n} .` }))
      statuses.push((await seen).status)
    }
  })
  await Promise.all(clients)
  assert.deepEqual(new Set(statuses), new Set([204]))
  assert.equal((await triplesOf('/many.ttl')).length, 161)
})

test('a PUT between two patches is what the second one changes', async () => {
  await world.write('/mixed.ttl', `${x}:a :b 1 .`)
  await patch('/mixed.ttl', n3({ inserts: ':a :b 2 .' }))
  await world.write('/mixed.ttl', `${x}:c :d 1 .`)
  await patch('/mixed.ttl', n3({ inserts: ':e :f 1 .' }))
  assert.deepEqual(await triplesOf('/mixed.ttl'), [':c :d 1', ':e :f 1'])
})
