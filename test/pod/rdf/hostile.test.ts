// Short texts made to take long: what is refused before a parser sees it, and what is left to the worker thread.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { isPlainJsonLd } from '../../../src/pod/rdf/read/jsonld-cost.ts'
import { isDeep, maxNesting } from '../../../src/pod/rdf/read/nesting.ts'
import { readTurtle, TooDear } from '../../../src/pod/rdf/read/turtle.ts'
import { readPatchText } from '../../../src/pod/rdf/read/patch-text.ts'
import { base, never, quadsOf, rdf } from './documents.ts'

const open = (text: string, times = 2000): string => text.repeat(times)

const deep: readonly (readonly [name: string, kind: 'n3' | 'sparql', text: string])[] = [
  ['groups', 'sparql', `DELETE { ?a ?b ?c } WHERE { ${open('{')}${open('}')} }`],
  ['property paths', 'sparql', `DELETE { ?a ?b ?c } WHERE { ?a ${open('(')}<b>${open(')')} ?c }`],
  ['lists', 'sparql', `INSERT DATA { <a> <b> ${open('(')}${open(')')} }`],
  ['blank nodes', 'sparql', `INSERT DATA { <a> <b> ${open('[<c> ')}1${open(']')} }`],
  ['a comparison that looks like an IRI', 'sparql', `DELETE { ?a ?b ?c } WHERE { FILTER(1<${open('(')}\\x>) }`],
  ['an escape that looks like one of an IRI', 'sparql', `DELETE { ?a ?b ?c } WHERE { FILTER(1<\\uZZ${open('(')}>) }`],
  ['a name that looks like a comment', 'sparql', `PREFIX a: <a> DELETE { ?a ?b ?c } WHERE { ?a a:b\\#${open('(')}`],
  ['an IRI that looks like a comment', 'sparql', `INSERT DATA { <a\\u0041#> <b\u00a0#> ${open('(')}${open(')')} }`],
  ['lists', 'n3', `_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> ${open('(')}${open(')')} }.`],
  ['formulas', 'n3', `_:p a solid:InsertDeletePatch; solid:inserts ${open('{ <a> <b> ')}1${open('}')}.`],
]

describe('texts that are short and dear', () => {
  for (const [name, kind, text] of deep) {
    it(`${kind} with ${name} in each other is refused at once`, async () => {
      const startMs = performance.now()
      await assert.rejects(readPatchText(text, kind, base), { code: 'PATCH_SYNTAX' })
      assert.ok(performance.now() - startMs < 1000)
    })
  }

  it('brackets beside each other, in strings, IRIs and comments are not deep', () => {
    const many = '('.repeat(2 * maxNesting)
    for (const text of [
      '()'.repeat(1000),
      `"${many}" '${many}' """"${many}\n${many}""" '''${many}'''`,
      `"\\"${many}"`,
      `<${many}> <\\u0041${many}>`,
      `# ${many}\n#${many}`,
      '}'.repeat(1000) + many,
      '('.repeat(maxNesting),
    ]) {
      assert.equal(isDeep(text), false, text.slice(0, 40))
    }
    for (const text of ['('.repeat(maxNesting + 1), `"a" ${many}`, `<a> ${many}`, `#\n${many}`, `"${many}\n${many}`]) {
      assert.equal(isDeep(text), true, text.slice(0, 40))
    }
  })

  it('JSON-LD of the everyday shape is read here, contexts inside contexts elsewhere', () => {
    const isPlain = (value: unknown): boolean => isPlainJsonLd(Buffer.from(JSON.stringify(value)))
    const as = 'https://www.w3.org/ns/activitystreams'
    const scoped = { a: { '@id': 'x:a', '@context': { b: 'x:b' } } }
    for (const plain of [
      { '@id': '#it', 'http://example.org/a': 1 },
      { '@context': as, type: 'Note' },
      { '@context': [as, { ex: 'http://example.org/' }], 'ex:a': [{ 'ex:b': 1 }] },
      [{ '@id': '#it' }],
      { '@context': 'https://elsewhere.example/context' },
      'text',
    ]) {
      assert.equal(isPlain(plain), true, JSON.stringify(plain))
    }
    for (const dear of [
      { '@context': scoped, a: [{}, {}] },
      { '@context': as, 'as:object': { '@context': as } },
      [{ '@context': as }, { '@context': as }],
      { '@context': [as, as, as, as, as] },
      { '@context': { '@import': as } },
    ]) {
      assert.equal(isPlain(dear), false, JSON.stringify(dear))
    }
    assert.equal(isPlainJsonLd(Buffer.from('{"\\u0040context":{"a":{"@context":{}}}}')), false)
    assert.equal(isPlainJsonLd(Buffer.from('{ no JSON')), true)
    const kept = new Map([['https://elsewhere.example/context', {}]])
    assert.equal(isPlainJsonLd(Buffer.from('{"@context":"relative"}'), kept), false)
    assert.equal(isPlainJsonLd(Buffer.from(`{"@context":"${as}"}`), kept), true)
  })

  it('Turtle stops at the number of triples that it may hold', () => {
    const text = '<#a> <#b> 1, 2, 3 .'
    const read = (maxQuads: number) => readTurtle({ text, type: 'text/turtle', base, maxQuads }).quads.length
    assert.equal(read(3), 3)
    assert.throws(() => read(2), TooDear)
  })

  it('a document of very many triples is read, converted and patched all the same', async () => {
    const text = `<#a> <#b> ${'1,'.repeat(10_500)} 2 .\n<#c> <#d> ( ${'() '.repeat(6000)}) .`
    await using far = rdf
    const source = { mediaType: 'text/turtle', base }
    const { quads } = await far.parse(Buffer.from(text), source, never)
    assert.equal(quads.length, 10_501 + 1 + 12_000)
    assert.deepEqual(await far.check(Buffer.from(text), source, never), { convertible: true })
    const conversion = { from: 'text/turtle', to: 'application/n-triples', base }
    const lines = Buffer.from(await far.convert(Buffer.from(text), conversion, never)).toString()
    assert.ok(lines.includes('<http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>'))
    const patch = await far.readPatch(Buffer.from('INSERT DATA { <#e> <#f> 1 }'), { kind: 'sparql', base }, never)
    const document = { bytes: Buffer.from(text), mediaType: 'text/turtle' }
    assert.equal((await far.patch(document, patch, { base }, never)).added.length, 1)
  })

  it('RDF/XML entities count in whole, whatever is in them', async () => {
    const text = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "> ${'x'.repeat(2000)}">]>
      <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/">
      <rdf:Description rdf:about="#it"><ex:is>&a;&a;</ex:is></rdf:Description></rdf:RDF>`
    await assert.rejects(quadsOf(text, 'application/rdf+xml'), { code: 'BODY_INVALID', detail: /entity is over/ })
  })
})
