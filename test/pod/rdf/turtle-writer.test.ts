// What a person finds in a Turtle file after a program changed it: prefixes, order, brackets, lists and spellings as before.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { applyText, base, convert, quadsOf } from './documents.ts'
import { areIsomorphic } from './isomorphism.ts'
import { writeTurtle } from '../../../src/pod/rdf/turtle-writer.ts'

async function afterInsert(document: string, triples = '<#new> <#p> 1'): Promise<string> {
  return (await applyText({ kind: 'sparql', patch: `INSERT DATA { ${triples} }`, document })).text
}

describe('Turtle after a patch', () => {
  it('keeps prefixes, order, brackets, lists and relative IRIs', async () => {
    const document = `@prefix : <#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix unused: <http://example.org/unused/> .

:me a foaf:Person ;
    foaf:name "Alice", "Alicja"@pl ;
    foaf:knows [
        foaf:name "Bob" ;
        foaf:knows [ foaf:nick "c" ]
    ], _:label ;
    foaf:topic ( 1 "two" [ :a :b ] () ) .
_:label foaf:name "L" .
<> foaf:maker :me ;
    foaf:page <other>, <sub/page#x>, <./>, <https://pod.example/bob> .
`
    assert.equal(await afterInsert(document), `${document}:new :p 1 .\n`)
  })

  it('puts a new statement about a subject next to what is said of it', async () => {
    const text = await afterInsert('<#a> <#p> 1 .\n<#b> <#p> 2 .\n', '<#a> <#p> 3; <#q> 4')
    assert.equal(text, '<#a> <#p> 1, 3 ;\n    <#q> 4 .\n<#b> <#p> 2 .\n<#b> <#p> 2 .\n'.replace('<#b> <#p> 2 .\n', ''))
  })

  it('keeps the lexical form of every literal', async () => {
    const xsd = 'http://www.w3.org/2001/XMLSchema#'
    const literals = [
      `"05"^^<${xsd}integer>`,
      `"+5"^^<${xsd}integer>`,
      '5',
      '-7',
      '1.50',
      `"1."^^<${xsd}decimal>`,
      '1.0e3',
      `"1E3"^^<${xsd}double>`,
      'true',
      `"1"^^<${xsd}boolean>`,
      '"a \\"quote\\" and \\\\"',
      '"""two\nlines with "quotes" and \\""""',
      '"tab\\tbell\\u0007"',
      '"emoji 🎉 名字"',
      '"x"@en-gb',
    ]
    const document = `<#a> <#p> ${literals.join(', ')} .\n`
    const text = await afterInsert(document, '<#a> <#q> 1')
    for (const literal of literals.slice(0, 10)) assert.ok(text.includes(` ${literal}`), literal)
    const expected = await quadsOf(`${document}<#a> <#q> 1 .`, 'text/turtle')
    assert.ok(areIsomorphic(await quadsOf(text, 'text/turtle'), expected), text)
  })

  it('writes nodes that refer to each other, or are referred to twice, under labels', async () => {
    const document = '<#a> <#p> _:x, _:y . _:x <#p> _:y . _:y <#p> _:x . <#c> <#k> _:z . <#d> <#k> _:z . _:z <#n> 1 .'
    const text = await afterInsert(document)
    assert.ok(
      areIsomorphic(await quadsOf(text, 'text/turtle'), await quadsOf(`${document} <#new> <#p> 1 .`, 'text/turtle')),
      text,
    )
    const circle = await afterInsert('', '_:a <#p> _:b . _:b <#p> _:a')
    assert.equal((await quadsOf(circle, 'text/turtle')).length, 2)
  })

  it('does not mix up a label of the document with a node it has to name', async () => {
    const document = '_:b0 <#p> 1 . <#a> <#k> _:b1 . [] <#q> _:b1 .'
    const text = await afterInsert(document, '<#x> <#k> _:b0 . <#y> <#k> _:b0')
    const quads = await quadsOf(text, 'text/turtle')
    assert.equal(quads.filter((one) => one.subject.value === 'b0').length, 1)
    assert.equal(quads.filter((one) => one.object.value === 'b0').length, 0)
  })

  it('survives very deep brackets and lists', async () => {
    const deep = `<#a> <#p> ${'[ <#p> '.repeat(500)}1${' ]'.repeat(500)} ; <#l> ${'( '.repeat(500)}1${' )'.repeat(500)} .`
    const text = await afterInsert(deep)
    assert.equal((await quadsOf(text, 'text/turtle')).length, (await quadsOf(deep, 'text/turtle')).length + 1)
  })

  it('leaves lists that are none as triples', async () => {
    const rdf = '@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .'
    for (const body of [
      '<#a> <#p> [ rdf:first 1 ] .',
      '<#a> <#p> [ rdf:first 1, 2 ; rdf:rest () ] .',
      '<#a> <#p> [ rdf:first 1 ; rdf:rest () ; <#x> 1 ] .',
      '<#a> <#p> [ rdf:first 1 ; rdf:rest "x" ] .',
      '_:l rdf:first 1 ; rdf:rest _:l . <#a> <#p> _:l .',
      '_:l rdf:first _:l ; rdf:rest () .',
      '<#a> <#p> _:l ; <#q> _:l . _:l rdf:first 1 ; rdf:rest () .',
    ]) {
      for (const to of ['text/turtle', 'application/trig', 'application/ld+json', 'application/n-triples']) {
        const text = await convert(`${rdf}${body}`, 'text/turtle', to)
        assert.ok(
          areIsomorphic(await quadsOf(text, to), await quadsOf(`${rdf}${body}`, 'text/turtle')),
          `${to}: ${text}`,
        )
      }
    }
  })

  it('writes an IRI relative only where any reader resolves it back', async () => {
    const iris = [
      base,
      `${base}#`,
      `${base}#x`,
      `${base}?q`,
      `${base}/below`,
      'https://pod.example/alice/notes/',
      'https://pod.example/alice/notes/a:b',
      'https://pod.example/alice/notes//x',
      'https://pod.example/alice/notes/a//b',
      'https://pod.example/alice/notes/./x',
      'https://pod.example/alice/notes/../x',
      'https://pod.example/alice/notes/x/..',
      'https://pod.example/alice/notes/x/',
      'https://pod.example/alice/notes/?q',
      'https://pod.example/alice/notes/#f',
      'https://pod.example/alice/notes/x?a=/../b#/./c',
      'https://pod.example/alice',
      'https://pod.example',
      'urn:x',
    ]
    const lines = iris.map((iri) => `<${iri}> <urn:p> <${iri}> .`).join('\n')
    const quads = await quadsOf(lines, 'application/n-triples')
    const text = writeTurtle(quads, { prefixes: {}, base })
    assert.deepEqual(
      (await quadsOf(text, 'text/turtle')).map((one) => one.subject.value),
      iris,
    )
    for (const match of text.matchAll(/^<([^>]*)>/gm)) {
      assert.equal(new URL(match[1]!, base).href.length > 0, true)
    }
    assert.match(text, /^<> /m)
    assert.match(text, /^<#x> /m)
    assert.match(text, /^<\.\/> /m)
    assert.match(text, /^<x\/> /m)
  })

  it('spells labelled nodes with brackets when the source has no other way to say it', async () => {
    const lines =
      '_:a <urn:p> _:b .\n_:b <urn:q> "x" .\n<urn:s> <urn:l> _:c .\n' +
      '_:c <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "1" .\n_:c <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil> .\n'
    assert.equal(
      await convert(lines, 'application/n-triples', 'text/turtle'),
      '[] <urn:p> [ <urn:q> "x" ] .\n<urn:s> <urn:l> ( "1" ) .\n',
    )
  })
})

describe('a patch on other types', () => {
  const cases: readonly (readonly [mediaType: string, document: string, expected: RegExp])[] = [
    [
      'application/n-triples',
      '<http://e/a> <http://e/p> "1" .\n',
      /^<http:\/\/e\/a> <http:\/\/e\/p> "1" \.\n<http:.*#new> .* \.\n$/,
    ],
    ['application/n-quads', '<http://e/a> <http://e/p> "1" <http://e/g> .\n', /"1" <http:\/\/e\/g> \.\n<http/],
    ['application/ld+json; profile="x"', '{"@id":"http://e/a","http://e/p":"1"}', /^\[\{"@id":"http:\/\/e\/a"/],
    ['application/trig', '<http://e/g> { <http://e/a> <http://e/p> "1" }', /<http:\/\/e\/g> \{/],
    ['text/n3', '<http://e/a> <http://e/p> "1" .', /^<http:\/\/e\/a> <http:\/\/e\/p> "1" \.$/m],
  ]
  for (const [mediaType, document, expected] of cases) {
    it(`writes ${mediaType} again`, async () => {
      const patch = 'INSERT DATA { <http://e/#new> <http://e/p> "2" }'
      const result = await applyText({ kind: 'sparql', patch, document, mediaType })
      assert.equal(result.mediaType, mediaType)
      assert.match(result.text, expected)
      assert.equal((await quadsOf(result.text, mediaType)).length, 2)
    })
  }
})
