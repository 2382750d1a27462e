// SPARQL Update by PATCH: not in the specification, but in the official tests and in every client library. Section 1.9 of the
// conformance table, pitfall 28, and what solid-client, rdflib and soukai send.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { expectStatus, lines, must, parseTurtle, sparql } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, fresh } = world

const success = [200, 204, 205]
const document = '<#a> <#p> "one"; <#q> "two" .\n<#b> <#p> "one" .\n'

async function documentOf(body = document): Promise<string> {
  const url = `${fresh()}x.ttl`
  await alice.store(url, body)
  return url
}

async function afterUpdate(update: string, body = document): Promise<string[]> {
  const url = await documentOf(body)
  expectStatus(await alice.patch(url, sparql, update), ...success)
  return lines(await alice.triples(url)).map((line) => line.replaceAll(url, ''))
}

const expected = (text: string) =>
  lines(parseTurtle(text, 'http://x/y')).map((line) => line.replaceAll('http://x/y', ''))

for (const [what, update, result] of [
  ['INSERT DATA', 'INSERT DATA { <#c> <#p> "new" }', `${document}<#c> <#p> "new" .`],
  ['DELETE DATA', 'DELETE DATA { <#a> <#q> "two" }', '<#a> <#p> "one" . <#b> <#p> "one" .'],
  ['DELETE DATA of absent triples', 'DELETE DATA { <#a> <#q> "three" }', document],
  [
    'DELETE DATA, then INSERT DATA',
    'DELETE DATA { <#a> <#q> "two" } ; INSERT DATA { <#a> <#q> "three" }',
    document.replace('two', 'three'),
  ],
  [
    'a trailing ; and leading blanks',
    '  DELETE DATA {<#a> <#q> "two".}; INSERT DATA {<#a> <#q> "three".};',
    document.replace('two', 'three'),
  ],
  [
    'comments and line ends',
    '# a comment\nINSERT DATA { # inside\n <#c> <#p> "new" .\n}\n# the end',
    `${document}<#c> <#p> "new" .`,
  ],
  [
    'PREFIX, also after ;',
    'PREFIX e: <http://e/> INSERT DATA { <#c> e:p "1" } ; PREFIX f: <http://f/> INSERT DATA { <#c> f:p "2" }',
    `${document}<#c> <http://e/p> "1"; <http://f/p> "2" .`,
  ],
  ['BASE', 'BASE <http://base/> INSERT DATA { <c> <p> "1" }', `${document}<http://base/c> <http://base/p> "1" .`],
  [
    'DELETE and INSERT with WHERE',
    'DELETE { ?s <#q> ?o } INSERT { ?s <#r> ?o } WHERE { ?s <#q> ?o }',
    document.replace('<#q>', '<#r>'),
  ],
  ['DELETE WHERE', 'DELETE WHERE { ?s <#p> "one" }', '<#a> <#q> "two" .'],
  [
    'INSERT with WHERE for every match',
    'INSERT { ?s <#seen> true } WHERE { ?s <#p> "one" }',
    `${document}<#a> <#seen> true . <#b> <#seen> true .`,
  ],
  ['a WHERE without a match', 'DELETE { ?s <#p> ?o } WHERE { ?s <#none> ?o }', document],
  [
    'a DELETE with WHERE over two patterns',
    'DELETE { ?s <#p> ?o } WHERE { ?s <#p> ?o . ?s <#q> "two" }',
    '<#a> <#q> "two" . <#b> <#p> "one" .',
  ],
  [
    'typed and tagged literals',
    'INSERT DATA { <#c> <#p> 5, "x"@en, "2026-01-01"^^<http://www.w3.org/2001/XMLSchema#date> }',
    `${document}<#c> <#p> 5, "x"@en, "2026-01-01"^^<http://www.w3.org/2001/XMLSchema#date> .`,
  ],
  ['a lower-case keyword', 'insert data { <#c> <#p> "new" }', `${document}<#c> <#p> "new" .`],
] as const) {
  test(`pitfall 28: ${what}`, async () => {
    assert.deepEqual(await afterUpdate(update), expected(result))
  })
}

test('operations see what the ones before them did', async () => {
  const update =
    'INSERT DATA { <#c> <#p> "new" } ; DELETE { ?s <#p> "new" } INSERT { ?s <#p> "newer" } WHERE { ?s <#p> "new" }'
  assert.deepEqual(await afterUpdate(update), expected(`${document}<#c> <#p> "newer" .`))
})

test('an operation that is refused undoes the ones before it', async () => {
  const url = await documentOf()
  expectStatus(await alice.patch(url, sparql, 'INSERT DATA { <#c> <#p> "new" } ; CLEAR ALL'), 400, 422, 501)
  assert.equal((await alice.get(url)).text, document)
})

test('pitfall 28: blank nodes in INSERT become new nodes', async () => {
  const url = await documentOf('')
  for (let round = 0; round < 2; round++)
    must(await alice.patch(url, sparql, 'INSERT DATA { <#a> <#p> _:x . _:x <#q> "r" }'))
  const nodes = (await alice.triples(url)).filter((quad) => quad.predicate.value === `${url}#q`)
  assert.equal(new Set(nodes.map((quad) => quad.subject.value)).size, 2)
})

test('rdflib: a DELETE with WHERE finds a blank node by its properties', async () => {
  const body = '<#a> <#p> [ <#name> "one"; <#x> "y" ], [ <#name> "two" ] .'
  const update = 'DELETE { ?b <#x> "y" } INSERT { ?b <#x> "z" } WHERE { <#a> <#p> ?b . ?b <#name> "one" . }'
  assert.deepEqual(
    await afterUpdate(update, body),
    lines(parseTurtle(body.replace('"y"', '"z"'), 'http://x/y')).map((line) => line.replaceAll('http://x/y', '')),
  )
})

test('an update of a missing target answers 201 and makes its ancestors', async () => {
  const container = fresh()
  expectStatus(await alice.patch(`${container}a/b.ttl`, sparql, 'INSERT DATA { <#a> <#b> <#c> }'), 201)
  assert.deepEqual(await alice.members(container), [`${container}a/`])
  assert.deepEqual(await alice.members(`${container}a/`), [`${container}a/b.ttl`])
})

test('soukai: PATCH with If-None-Match: * and relative IRIs creates once', async () => {
  const url = `${fresh()}movie`
  const update = 'INSERT DATA { <#it> a <https://schema.org/Movie> . }'
  expectStatus(await alice.patch(url, sparql, update, { 'If-None-Match': '*' }), 201)
  expectStatus(await alice.patch(url, sparql, update, { 'If-None-Match': '*' }), 412)
  assert.deepEqual(lines(await alice.triples(url)), [
    `${url}#it http://www.w3.org/1999/02/22-rdf-syntax-ns#type https://schema.org/Movie`,
  ])
})

for (const [what, update] of Object.entries({
  'no SPARQL': 'this is not SPARQL',
  'an unclosed brace': 'INSERT DATA { <#a> <#b> <#c> ',
  'a variable in INSERT DATA': 'INSERT DATA { ?a <#b> <#c> }',
  'a query': 'SELECT * WHERE { ?a ?b ?c }',
  'a blank node in DELETE DATA': 'DELETE DATA { _:a <#p> "one" }',
})) {
  test(`${what} answers 400`, async () => {
    const url = await documentOf()
    expectStatus(await alice.patch(url, sparql, update), 400, ...(what.startsWith('a ') ? [422] : []))
    assert.equal((await alice.get(url)).text, document)
  })
}

for (const update of [
  'INSERT DATA { GRAPH <http://g/> { <#a> <#b> <#c> } }',
  'LOAD <http://example.org/data>',
  'CLEAR ALL',
  'DROP DEFAULT',
  'CREATE GRAPH <http://g/>',
  'COPY <http://g/> TO DEFAULT',
  'DELETE { ?a <#p> ?b } WHERE { ?a <#p>/<#q> ?b }',
  'DELETE { ?a <#p> ?b } WHERE { ?a <#p> ?b . FILTER(?b > 1) }',
  'DELETE { ?a <#p> ?b } WHERE { ?a <#p> ?b . OPTIONAL { ?a <#q> ?c } }',
  'DELETE { ?a <#p> ?b } WHERE { SERVICE <http://127.0.0.1/> { ?a <#p> ?b } }',
]) {
  test(`an update beyond triples answers 422 or 501: ${update}`, async () => {
    const url = await documentOf()
    expectStatus(await alice.patch(url, sparql, update), 422, 501)
    assert.equal((await alice.get(url)).text, document)
  })
}

test('an update of a container answers 409', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  expectStatus(await alice.patch(container, sparql, 'INSERT DATA { <#a> <#b> <#c> }'), 409)
})

test('an update of a document that is no RDF answers 409 or 415', async () => {
  const url = `${fresh()}x.txt`
  await alice.store(url, 'Hello', 'text/plain')
  expectStatus(await alice.patch(url, sparql, 'INSERT DATA { <#a> <#b> <#c> }'), 409, 415)
})

test('an update of JSON-LD leaves JSON-LD', async () => {
  const url = `${fresh()}x.json`
  await alice.store(url, '{"@id":"#a","http://example.org/b":"c"}', 'application/ld+json')
  must(await alice.patch(url, sparql, 'INSERT DATA { <#a> <http://example.org/b> "d" }'))
  assert.ok((await alice.get(url)).header('content-type')?.startsWith('application/ld+json'))
  assert.equal((await alice.triples(url)).length, 2)
})

test('rule 19: a WHERE of unconnected patterns over 1 000 triples answers 422, and soon', async () => {
  const many = Array.from({ length: 1000 }, (_, index) => `<#s${index}> <#p> ${index} .`).join('\n')
  const url = await documentOf(many)
  expectStatus(
    await alice.patch(url, sparql, 'DELETE { ?a <#p> ?x } WHERE { ?a <#p> ?x . ?b <#p> ?y . ?c <#p> ?z }'),
    422,
  )
})

test('an ACL can be changed by an update', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  await protect(alice, container)
  expectStatus(await bob.get(container), 403)
  const rule = `<#bob> a acl:Authorization; acl:agent <${bob.webId}>; acl:accessTo <./>; acl:mode acl:Read`
  must(
    await alice.patch(
      `${container}.acl`,
      sparql,
      `PREFIX acl: <http://www.w3.org/ns/auth/acl#> INSERT DATA { ${rule} };`,
    ),
  )
  expectStatus(await bob.get(container), 200)
})

const modes: readonly (readonly [string, string, number])[] = [
  ['INSERT DATA { <#c> <#p> "new" }', 'A', 204],
  ['INSERT DATA { <#c> <#p> "new" }', 'W', 204],
  ['INSERT DATA { <#c> <#p> "new" }', 'R', 403],
  ['DELETE DATA { <#a> <#q> "two" }', 'RW', 204],
  ['DELETE DATA { <#a> <#q> "two" }', 'W', 403],
  ['DELETE DATA { <#a> <#q> "two" }', 'RA', 403],
  ['DELETE DATA { <#no> <#such> <#triple> }', 'A', 403],
  ['DELETE DATA { <#a> <#q> "two" } ; INSERT DATA { <#c> <#p> "new" }', 'RA', 403],
  ['INSERT { ?a <#r> "x" } WHERE { ?a <#q> "two" }', 'RA', 204],
  ['INSERT { ?a <#r> "x" } WHERE { ?a <#q> "two" }', 'W', 403],
  ['DELETE WHERE { ?a <#q> "two" }', 'W', 403],
  ['DELETE WHERE { ?a <#q> "two" }', 'RW', 204],
]

for (const [update, granted, status] of modes) {
  test(`pitfalls 14, 15: ${update} with ${granted} answers ${status}`, async () => {
    const url = await documentOf()
    await protect(alice, url, { who: { agent: bob.webId! }, modes: granted })
    expectStatus(await bob.patch(url, sparql, update), ...(status === 204 ? success : [status]))
    if (status === 403) assert.equal((await alice.get(url)).text, document)
  })
}
