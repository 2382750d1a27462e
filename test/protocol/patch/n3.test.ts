// Solid Protocol, Modifying Resources Using N3 Patches: every line of the status table of section 1.8, and pitfalls 23, 25, 26
// and 27. A patch that is refused must have changed nothing, so each refusal is followed by a look at the bytes.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { type Answer, expectStatus, lines, must, n3, parseTurtle, patchOf } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())
const { alice, bob, fresh } = world

const success = [200, 204, 205]
const prefixes = '@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://example.org/>.\n'
const document =
  '@prefix ex: <http://example.org/>.\nex:claudia ex:familyName "Garcia".\nex:alex ex:familyName "Garcia"; ex:givenName "Alex".\n'

async function documentOf(body = document): Promise<string> {
  const url = `${fresh()}people.ttl`
  await alice.store(url, body)
  return url
}

async function refused(patch: string, status: number): Promise<Answer> {
  const url = await documentOf()
  const answer = expectStatus(await alice.patch(url, n3, patch), status)
  assert.equal((await alice.get(url)).text, document, 'a refused patch changed the document')
  return answer
}

async function afterPatch(patch: string, body = document): Promise<string[]> {
  const url = await documentOf(body)
  expectStatus(await alice.patch(url, n3, patch), ...success)
  return lines(await alice.triples(url)).map((line) => line.replaceAll(url, ''))
}

const expected = (text: string) => lines(parseTurtle(text, 'http://example.org/'))

test('deletes, inserts and where together change the one match', async () => {
  const result = await afterPatch(`${prefixes}_:rename a solid:InsertDeletePatch;
    solid:where   { ?person ex:familyName "Garcia"; ex:givenName "Alex". };
    solid:inserts { ?person ex:givenName "Alexandra". };
    solid:deletes { ?person ex:givenName "Alex". }.`)
  assert.deepEqual(result, expected(document.replace('"Alex"', '"Alexandra"').replace('@prefix ex', '@prefix ex')))
})

for (const [what, patch] of Object.entries({
  'unparsable text': 'this is no N3 at all {',
  'a statement that ends twice (pitfall 27)': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c> . . }.`,
  'an unclosed formula': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c>. .`,
  'an unknown prefix': '_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c>. }.',
})) {
  test(`${what} answers 400`, async () => {
    await refused(patch, 400)
  })
}

for (const [what, patch] of Object.entries({
  'no patch in the document': '<a> <b> <c>.',
  'an empty document': '',
  'a patch without a type': `${prefixes}_:p solid:inserts { <a> <b> <c>. }.`,
  'two patches': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c>. }. _:q a solid:InsertDeletePatch; solid:inserts { <a> <b> <d>. }.`,
  'a second inserts': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c>. }, { <a> <b> <d>. }.`,
  'a second deletes': `${prefixes}_:p a solid:InsertDeletePatch; solid:deletes { <a> <b> <c>. }, { <a> <b> <d>. }.`,
  'a second where': `${prefixes}_:p a solid:InsertDeletePatch; solid:where { ?a ex:familyName "Garcia". }, { ?a ex:givenName "Alex". }; solid:inserts { ?a ex:x "y". }.`,
  'inserts that is no formula': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts <a>.`,
  'a nested formula': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> { <c> <d> <e>. }. }.`,
  'a variable in inserts that where does not bind': `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { ?a ex:x "y". }.`,
  'a variable in deletes that where does not bind': `${prefixes}_:p a solid:InsertDeletePatch; solid:where { ?a ex:givenName "Alex". }; solid:deletes { ?b ex:givenName "Alex". }.`,
  'a blank node in deletes': `${prefixes}_:p a solid:InsertDeletePatch; solid:deletes { _:x ex:givenName "Alex". }.`,
  'one blank node label in where and in inserts': `${prefixes}_:p a solid:InsertDeletePatch; solid:where { _:x ex:givenName "Alex". }; solid:inserts { _:x ex:a "b". }.`,
})) {
  test(`${what} answers 422`, async () => {
    await refused(patch, 422)
  })
}

test('a patch may be named by an IRI as well as by a blank node', async () => {
  const result = await afterPatch(`${prefixes}<> a solid:InsertDeletePatch; solid:inserts { ex:claudia ex:age 30. }.`)
  assert.ok(result.some((line) => line.endsWith('/age 30')))
})

test('where without a match answers 409', async () => {
  await refused(
    patchOf({ where: '?a <http://example.org/familyName> "Nobody".', inserts: '?a <http://example.org/x> "y".' }),
    409,
  )
})

test('pitfall 26: where with two matches answers 409, never "patch all"', async () => {
  await refused(
    patchOf({
      where: '?a <http://example.org/familyName> "Garcia".',
      deletes: '?a <http://example.org/familyName> "Garcia".',
    }),
    409,
  )
})

test('pitfall 26: triples that become equal by binding count once', async () => {
  const result = await afterPatch(
    patchOf({
      where: '?a <http://example.org/givenName> "Alex".',
      deletes:
        '?a <http://example.org/givenName> "Alex". <http://example.org/alex> <http://example.org/givenName> "Alex".',
      inserts: '?a <http://example.org/x> "y". <http://example.org/alex> <http://example.org/x> "y".',
    }),
  )
  assert.equal(result.filter((line) => line.endsWith('/x y')).length, 1)
  assert.equal(result.filter((line) => line.includes('givenName')).length, 0)
})

test('deletes of which one triple is missing answers 409 and changes nothing', async () => {
  await refused(
    patchOf({ deletes: '<http://example.org/alex> <http://example.org/givenName> "Alex", "Alexander".' }),
    409,
  )
})

test('a literal matches by value, datatype and language', async () => {
  const body = '<#a> <#p> "5", 5, "five"@en .'
  const result = await afterPatch(patchOf({ deletes: '<#a> <#p> 5, "five"@en .' }), body)
  assert.deepEqual(result, ['#a #p 5'])
  const url = await documentOf(body)
  expectStatus(await alice.patch(url, n3, patchOf({ deletes: '<#a> <#p> "five" .' })), 409)
})

test('deletes are applied before inserts', async () => {
  const result = await afterPatch(
    patchOf({ deletes: '<#a> <#p> "x" .', inserts: '<#a> <#p> "x", "y" .' }),
    '<#a> <#p> "x" .',
  )
  assert.deepEqual(result, ['#a #p x', '#a #p y'])
})

test('a blank node in inserts becomes a fresh node each time', async () => {
  const url = await documentOf('<#a> <#p> <#b> .')
  const patch = patchOf({ inserts: '<#a> <#q> _:x . _:x <#r> "s" .' })
  for (let round = 0; round < 2; round++) expectStatus(await alice.patch(url, n3, patch), ...success)
  const nodes = (await alice.triples(url))
    .filter((quad) => quad.predicate.value === `${url}#r`)
    .map((quad) => quad.subject)
  assert.equal(nodes.length, 2)
  assert.notEqual(nodes[0]!.value, nodes[1]!.value)
  assert.ok(nodes.every((node) => node.termType === 'BlankNode'))
})

test('inserts on a missing target answers 201 and makes its ancestors', async () => {
  const container = fresh()
  expectStatus(await alice.patch(`${container}a/b.ttl`, n3, patchOf({ inserts: '<#a> <#b> <#c> .' })), 201)
  assert.deepEqual(await alice.members(container), [`${container}a/`])
  assert.deepEqual(lines(await alice.triples(`${container}a/b.ttl`)), [
    `${container}a/b.ttl#a ${container}a/b.ttl#b ${container}a/b.ttl#c`,
  ])
})

for (const [what, parts] of Object.entries({
  deletes: { deletes: '<#a> <#b> <#c> .' },
  where: { where: '?a <#b> <#c> .', inserts: '?a <#d> <#e> .' },
})) {
  test(`${what} on a missing target answers 409 and makes nothing`, async () => {
    const container = fresh()
    await alice.makeContainer(container)
    expectStatus(await alice.patch(`${container}a.ttl`, n3, patchOf(parts)), 409)
    assert.deepEqual(await alice.members(container), [])
  })
}

test('pitfall 25: a patch makes Turtle, whatever the name, and works on an empty document', async () => {
  const container = fresh()
  const patch = patchOf({ inserts: '<#a> <#b> <#c> .' })
  expectStatus(await alice.patch(`${container}notes.txt`, n3, patch), 201)
  assert.ok((await alice.get(`${container}notes.txt`)).header('content-type')?.startsWith('text/turtle'))
  await alice.store(`${container}empty.ttl`, '')
  expectStatus(await alice.patch(`${container}empty.ttl`, n3, patch), ...success)
  assert.equal((await alice.triples(`${container}empty.ttl`)).length, 1)
})

test('a patch of nothing is no change and a success', async () => {
  const url = await documentOf()
  expectStatus(await alice.patch(url, n3, `${prefixes}_:p a solid:InsertDeletePatch.`), ...success)
  assert.deepEqual(lines(await alice.triples(url)), expected(document))
})

test('an empty formula is legal', async () => {
  assert.deepEqual(
    await afterPatch(
      `${prefixes}_:p a solid:InsertDeletePatch; solid:deletes {}; solid:where {}; solid:inserts { <http://example.org/a> <http://example.org/b> "c". }.`,
      '',
    ),
    ['http://example.org/a http://example.org/b c'],
  )
})

test('inserting what is there is a success', async () => {
  const url = await documentOf()
  expectStatus(
    await alice.patch(
      url,
      n3,
      patchOf({ inserts: '<http://example.org/claudia> <http://example.org/familyName> "Garcia" .' }),
    ),
    ...success,
  )
  assert.equal((await alice.triples(url)).length, 3)
})

for (const type of ['text/n3; charset=UTF-8', 'Text/N3']) {
  test(`Content-Type ${type} is an N3 patch`, async () => {
    const url = await documentOf()
    expectStatus(await alice.patch(url, type, patchOf({ inserts: '<#a> <#b> <#c> .' })), ...success)
  })
}

for (const type of ['text/turtle', 'text/plain', 'application/json-patch+json', 'application/merge-patch+json']) {
  test(`a patch of type ${type} answers 415 with Accept-Patch`, async () => {
    const url = await documentOf()
    const answer = expectStatus(await alice.patch(url, type, '{}'), 415)
    assert.equal(answer.header('accept-patch'), 'text/n3, application/sparql-update')
  })
}

test('pitfall 25: a patch of a document that is no RDF answers 409 or 415', async () => {
  const url = `${fresh()}x.txt`
  await alice.store(url, 'Hello', 'text/plain')
  expectStatus(await alice.patch(url, n3, patchOf({ inserts: '<#a> <#b> <#c> .' })), 409, 415)
  assert.equal((await alice.get(url)).text, 'Hello')
})

test('a patch of a container answers 409', async () => {
  const container = fresh()
  await alice.makeContainer(container)
  expectStatus(await alice.patch(container, n3, patchOf({ inserts: '<#a> <#b> <#c> .' })), 409)
})

test('relative IRIs in a patch are relative to the target', async () => {
  const url = await documentOf('')
  expectStatus(await alice.patch(url, n3, patchOf({ inserts: '<> <p> <../up> .' })), ...success)
  const [quad] = await alice.triples(url)
  const container = url.slice(0, url.lastIndexOf('/') + 1)
  assert.deepEqual(
    [quad?.subject.value, quad?.predicate.value, quad?.object.value],
    [url, `${container}p`, `${world.pod}up`],
  )
})

test('pitfall 23: a patch keeps the prefixes and the media type of the document', async () => {
  const url = await documentOf()
  must(await alice.patch(url, n3, patchOf({ inserts: '<http://example.org/a> <http://example.org/b> "c" .' })))
  assert.match((await alice.get(url)).text, /@prefix ex: <http:\/\/example\.org\/>/i)
  const json = `${fresh()}x.json`
  await alice.store(json, '{"@id":"#a","http://example.org/b":"c"}', 'application/ld+json')
  must(await alice.patch(json, n3, patchOf({ inserts: '<#a> <http://example.org/b> "d" .' })))
  assert.ok((await alice.get(json)).header('content-type')?.startsWith('application/ld+json'))
  assert.equal((await alice.triples(json)).length, 2)
})

test('lists in a document survive a patch', async () => {
  const result = await afterPatch(patchOf({ inserts: '<#new> <#p> "x" .' }), '<#a> <#list> ("one" "two") .')
  assert.equal(result.length, 6)
})

test('rule 19: a where that would join a million times answers 422, and soon', async () => {
  const many = Array.from({ length: 400 }, (_, index) => `<#s${index}> <#p> ${index} .`).join('\n')
  const url = await documentOf(many)
  const where = '?a <#p> ?x . ?b <#p> ?y . ?c <#p> ?z .'
  expectStatus(await alice.patch(url, n3, patchOf({ where, inserts: '?a <#q> ?b .' })), 422, 409)
  expectStatus(await alice.get(url), 200)
})

test('rule 19: a patch above 1 MiB answers 413', async () => {
  const url = await documentOf()
  const inserts = Array.from({ length: 40_000 }, (_, index) => `<#subject${index}> <#p> ${index} .`).join('\n')
  assert.ok(inserts.length > 1024 * 1024)
  expectStatus(await alice.patch(url, n3, patchOf({ inserts })), 413)
  assert.equal((await alice.get(url)).text, document)
})

const modes: readonly (readonly [string, Parameters<typeof patchOf>[0], string, number])[] = [
  ['inserts', { inserts: '<#a> <#b> <#c> .' }, 'A', 204],
  ['inserts', { inserts: '<#a> <#b> <#c> .' }, 'W', 204],
  ['inserts', { inserts: '<#a> <#b> <#c> .' }, 'R', 403],
  ['deletes', { deletes: '<http://example.org/alex> <http://example.org/givenName> "Alex" .' }, 'RW', 204],
  ['deletes', { deletes: '<http://example.org/alex> <http://example.org/givenName> "Alex" .' }, 'W', 403],
  ['deletes', { deletes: '<http://example.org/alex> <http://example.org/givenName> "Alex" .' }, 'RA', 403],
  ['deletes of nothing that is there', { deletes: '<#no> <#such> <#triple> .' }, 'A', 403],
  ['deletes of nothing that is there', { deletes: '<#no> <#such> <#triple> .' }, 'W', 403],
  ['where', { where: '?a <http://example.org/givenName> "Alex" .', inserts: '?a <#b> <#c> .' }, 'RA', 204],
  ['where', { where: '?a <http://example.org/givenName> "Alex" .', inserts: '?a <#b> <#c> .' }, 'A', 403],
  ['where', { where: '?a <http://example.org/givenName> "Alex" .', inserts: '?a <#b> <#c> .' }, 'W', 403],
]

for (const [what, parts, granted, status] of modes) {
  test(`pitfalls 14, 15: ${what} with ${granted} answers ${status}`, async () => {
    const url = await documentOf()
    await protect(alice, url, { who: { agent: bob.webId! }, modes: granted })
    expectStatus(await bob.patch(url, n3, patchOf(parts)), ...(status === 204 ? success : [status]))
    if (status === 403) assert.equal((await alice.get(url)).text, document)
  })
}
