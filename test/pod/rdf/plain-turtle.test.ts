// The quick look at Turtle: it may say no to anything, and yes only to what the library reads.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { parseRdf } from '../../../src/pod/rdf/parse.ts'
import { isPlainTurtle } from '../../../src/pod/rdf/read/plain-turtle.ts'

const isPlain = (text: string): boolean => isPlainTurtle(Buffer.from(text))
const source = { mediaType: 'text/turtle', base: 'https://pod.example/alice/doc' }
const isRead = (text: string): Promise<boolean> =>
  parseRdf(Buffer.from(text), source).then(
    () => true,
    () => false,
  )

const profile = `@prefix foaf: <http://xmlns.com/foaf/0.1/>.
@prefix solid: <http://www.w3.org/ns/solid/terms#> .
@prefix : <#>.
# who
<> a foaf:PersonalProfileDocument; foaf:maker <https://pod.example/alice/profile/card#me>;.

<#me>
    a foaf:Person, <http://schema.org/Person> ;
    solid:oidcIssuer <https://pod.example/>; foaf:name "Älice 😀", "爱丽丝"@zh-CN, ""@en;
    foaf:mbox <mailto:alice@pod.example>;
    :born "1990-01-01"^^<http://www.w3.org/2001/XMLSchema#date>.
`

for (const [what, text] of [
  ['nothing', ''],
  ['a comment', '# only this'],
  ['a profile', profile],
  ['relative IRIs', '<a> <./b> <../c>, </d>, <?e=f>, <#g>, <h/i:j>.'],
  ['no space where none is needed', '<a><b><c>,<d>;<e>"f".'],
] as const) {
  test(`${what} is plain`, async () => {
    assert.ok(await isRead(text))
    assert.ok(isPlain(text))
  })
}

for (const [what, text] of [
  ['a missing object', '<a> <b> .'],
  ['a missing verb', '<a> .'],
  ['a missing dot', '<a> <b> <c>'],
  ['a prefix that is not declared', '<a> <b> ex:c .'],
  ['a prefix that is declared later', 'ex:a <b> <c> . @prefix ex: <http://e/> .'],
  ['a name that ends in a dot and goes on', '@prefix ex: <http://e/> . ex:a.b <c> <d>x .'],
  ['a string that does not end', '<a> <b> "c .'],
  ['a string on two lines', '<a> <b> "c\nd" .'],
  ['a language that is none', '<a> <b> "c"@ .'],
  ['a base direction', '<a> <b> "c"@en--ltr .'],
  ['a space in an IRI', '<a> <b> <c d> .'],
  ['an IRI whose scheme is none', '<a> <b> <1c:d> .'],
  ['a string as subject', '"a" <b> <c> .'],
  ['two dots', '<a> <b> <c> ..'],
  ['a graph', '<g> { <a> <b> <c> }'],
] as const) {
  test(`${what} is not plain`, async () => {
    assert.ok(!(await isRead(text)))
    assert.ok(!isPlain(text))
  })
}

for (const [what, bytes] of [
  ['bytes that are no UTF-8', Buffer.from([...Buffer.from('<a> <b> "'), 0xc3, ...Buffer.from('" .')])],
  ['more than 16 KiB', Buffer.from(`<a> <b> "${'c'.repeat(16_384)}" .`)],
  ['lists, blank nodes and numbers, which are left to the library', Buffer.from('<a> <b> (), [], 1 .')],
] as const) {
  test(`${what}: not plain`, () => assert.ok(!isPlainTurtle(bytes)))
}

test('what the library refuses is never plain', async () => {
  const tokens = fc.constantFrom(
    '<a>',
    '<#b>',
    '<1:c>',
    '<d:e>',
    'ex:f',
    'ex:g-',
    'no:h',
    ':',
    'a',
    '"i"',
    '"j"@en',
    '"k"@',
    '"l"^^<m>',
    '"n"^^<http://www.w3.org/2001/XMLSchema#date>',
    '""',
    '"',
    '.',
    '.',
    ';',
    ';',
    ',',
    ' ',
    '\n',
    '#o\n',
    '\\',
    '1',
    '@prefix ex: <http://e/> .',
    '@prefix : <p> .',
    '@prefix',
    '<a> <b> <c> .',
    'ex:q a ex:r ; ex:s "t" .',
    '[]',
    'é',
  )
  const documents = fc.array(fc.tuple(tokens, fc.constantFrom('', ' ', ' ', '\n'))).map((all) => all.flat().join(''))
  const property = fc.asyncProperty(documents, async (tail) => {
    const text = `@prefix ex: <http://e/> .${tail}`
    return !isPlain(text) || isRead(text)
  })
  await fc.assert(property, { numRuns: 3000 })
})

test('a plain document with one character changed is never plain when the library refuses it', async () => {
  const character = fc.constantFrom(...Array.from(' \n\t.;,:#<>"\\@^a1-_/é\u0000\u007f'))
  const property = fc.asyncProperty(fc.nat(profile.length), fc.boolean(), character, async (at, isInsert, with_) => {
    const text = profile.slice(0, at) + with_ + profile.slice(isInsert ? at : at + 1)
    return !isPlain(text) || isRead(text)
  })
  await fc.assert(property, { numRuns: 3000 })
})
