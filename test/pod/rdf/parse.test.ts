// Reading RDF: every type, the base IRI, what is refused, and that a refusal names the line and nothing of the document.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { idOf } from '../../../src/pod/rdf/graph.ts'
import { readRdf } from '../../../src/pod/rdf/parse.ts'
import { base, failureOf, never, quadsOf, rdf } from './documents.ts'
import { areIsomorphic } from './isomorphism.ts'

const same: readonly (readonly [mediaType: string, text: string])[] = [
  ['text/turtle', '@prefix ex: <http://example.org/>. <#a> ex:p "x"@en, <other>, [ ex:q 5 ].'],
  ['Text/Turtle; charset=UTF-8', 'PREFIX ex: <http://example.org/>\n<#a> ex:p "x"@EN, <./other>, _:b. _:b ex:q 5 .'],
  ['text/n3', '@prefix ex: <http://example.org/>. <#a> ex:p "x"@en, <other>, [ ex:q 5 ].'],
  ['application/trig', '@prefix ex: <http://example.org/>. { <#a> ex:p "x"@en, <other>, [ ex:q 5 ]. }'],
  [
    'application/n-triples',
    `<${base}#a> <http://example.org/p> "x"@en .\n<${base}#a> <http://example.org/p> <https://pod.example/alice/notes/other> .\n` +
      `<${base}#a> <http://example.org/p> _:b .\n_:b <http://example.org/q> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .\n`,
  ],
  [
    'application/ld+json',
    '{"@context":{"ex":"http://example.org/"},"@id":"#a","ex:p":[{"@value":"x","@language":"en"},{"@id":"other"},{"ex:q":5}]}',
  ],
  [
    'application/rdf+xml',
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:ex="http://example.org/">
      <rdf:Description rdf:about="#a"><ex:p xml:lang="en">x</ex:p><ex:p rdf:resource="other"/>
        <ex:p><rdf:Description><ex:q rdf:datatype="http://www.w3.org/2001/XMLSchema#integer">5</ex:q></rdf:Description></ex:p>
      </rdf:Description></rdf:RDF>`,
  ],
]

describe('parsing RDF', () => {
  for (const [mediaType, text] of same) {
    it(`reads ${mediaType}`, async () => {
      assert.ok(areIsomorphic(await quadsOf(text, mediaType), await quadsOf(same[0]![1], 'text/turtle')))
    })
  }

  const broken: readonly (readonly [mediaType: string, text: string, line: number | undefined])[] = [
    ['text/turtle', '<a> <b> <c> .\n<secret> <b> .\n', 2],
    ['text/turtle', '<a> <b> <c>', 1],
    ['text/turtle', '<a> secret:b <c> .', 1],
    ['text/turtle', '@prefix secret: <1:b> . <a> <b> <c> .', undefined],
    ['text/turtle', '<a> <b> "secret\n" .', 1],
    ['text/turtle', '<a> <b> { <c> <d> <e> } .', 1],
    ['text/n3', '@prefix l: <x> .\n{ ?x <b> <secret> } => { <d> <e> <f> } .', 2],
    ['application/n-triples', '<relative> <http://b/> <http://c/> .', 1],
    ['application/n-quads', '<http://a/> <http://b/> <http://c/> <http://d/> <http://e/> .', 1],
    ['application/trig', '<g> { <a> <b> <c> . \n', 2],
    ['application/ld+json', '{\n"@id": "secret",\n}', 3],
    ['application/ld+json', '"secret"', undefined],
    ['application/ld+json', '{"@id": 5}', undefined],
    ['application/ld+json', '{"@context": 5, "a": 1}', undefined],
    ['application/ld+json', '', 1],
    ['application/rdf+xml', '', undefined],
    [
      'application/rdf+xml',
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><rdf:Description><e:p xml:lang="en叟">t</e:p></rdf:Description></rdf:RDF>',
      undefined,
    ],
    [
      'application/rdf+xml',
      '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description>',
      undefined,
    ],
    ['application/rdf+xml', '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF', undefined],
    ...['xmlns:e="a,b:" about="x"', 'xmlns:e="http://e/" about="a,b:c"'].map(
      (names) =>
        [
          'application/rdf+xml',
          `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><e:T ${names.replace('about', 'rdf:about')}/></rdf:RDF>`,
          undefined,
        ] as const,
    ),
    ['application/rdf+xml', '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n<secret></rdf:RDF>', 2],
  ]
  for (const [mediaType, text, line] of broken) {
    it(`refuses ${mediaType} ${JSON.stringify(text)}, naming the line and not the text`, async () => {
      await assert.rejects(
        readRdf(Buffer.from(text), { mediaType, base }),
        (error: Error & { code: string; detail: string }) => {
          assert.equal(error.code, 'BODY_INVALID')
          assert.doesNotMatch(error.message + error.detail, /secret/)
          if (line !== undefined) assert.match(error.detail, new RegExp(`line ${line}$`))
          return true
        },
      )
    })
  }

  it('refuses what is not UTF-8', async () => {
    assert.equal(await failureOf(quadsOf(new Uint8Array([0x3c, 0xff, 0x3e]), 'text/turtle')), 'BODY_INVALID 400')
  })

  it('refuses a type that is not RDF', async () => {
    assert.equal(await failureOf(quadsOf('hello', 'text/plain')), 'MEDIA_TYPE_UNSUPPORTED 415')
  })

  it('refuses triple terms of RDF 1.2', async () => {
    assert.equal(await failureOf(quadsOf('<a> <b> <<( <c> <d> <e> )>> .', 'text/turtle')), 'BODY_INVALID 400')
    assert.equal(await failureOf(quadsOf('<a> <b> <c> {| <d> <e> |} .', 'text/turtle')), 'BODY_INVALID 400')
  })

  it('refuses base directions of RDF 1.2', async () => {
    assert.equal(await failureOf(quadsOf('<a> <b> "x"@he--rtl .', 'text/turtle')), 'BODY_INVALID 400')
    assert.equal((await quadsOf('<a> <b> "--"@he, "x"^^<urn:a--b> .', 'text/turtle')).length, 2)
  })

  it('accepts a byte order mark, an empty document and a comment alone', async () => {
    assert.equal((await quadsOf('\ufeff<a> <b> <c> .', 'text/turtle')).length, 1)
    assert.equal((await quadsOf('', 'text/turtle')).length, 0)
    assert.equal((await quadsOf('# nothing', 'text/turtle')).length, 0)
    assert.equal((await quadsOf('{}', 'application/ld+json')).length, 0)
  })

  it('keeps nodes of one document apart that a syntax leaves nameless', async () => {
    const quads = await quadsOf('_:n3-0 <p> [], [], ( 1 ), _:b0 .', 'text/turtle')
    const nodes = new Set(
      quads.flatMap((one) => [idOf(one.subject), idOf(one.object)]).filter((id) => id.startsWith('_:')),
    )
    assert.equal(nodes.size, 5)
  })

  it('refuses a document whose terms grow out of all proportion', async () => {
    const long = 'x'.repeat(100_000)
    const text = `@prefix p: <http://${long}/>.\n${'p:a p:b p:c .\n'.repeat(2000)}`
    assert.equal(await failureOf(quadsOf(text, 'text/turtle')), 'BODY_INVALID 400')
  })

  it('refuses XML entities that expand out of all proportion', async () => {
    const text = `<!DOCTYPE rdf:RDF [<!ENTITY a "${'x'.repeat(900)}">]>
      <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/"><rdf:Description><e:p>${'&a;'.repeat(30_000)}</e:p></rdf:Description></rdf:RDF>`
    assert.equal(await failureOf(quadsOf(text, 'application/rdf+xml')), 'BODY_INVALID 400')
  })

  it('refuses JSON-LD that is nested too deep', async () => {
    const text = `${'{"http://e/p":['.repeat(60)}1${']}'.repeat(60)}`
    assert.equal(await failureOf(quadsOf(text, 'application/ld+json')), 'BODY_INVALID 400')
  })

  it('leaves out of JSON-LD what is no well-formed IRI', async () => {
    const text = '{"@id":"http://e/a","http://e/p p":1,"http://e/q":[{"@id":"http://e/x y"},2]}'
    assert.deepEqual(
      (await quadsOf(text, 'application/ld+json')).map((one) => one.object.value),
      ['2'],
    )
  })

  it('makes well-formed text of lone surrogates in JSON-LD', async () => {
    const [one] = await quadsOf('{"@id":"http://e/a","http://e/p":"x\\ud800y"}', 'application/ld+json')
    assert.ok(one!.object.value.isWellFormed())
  })
})

describe('JSON-LD contexts', () => {
  const bundled: readonly (readonly [context: string, body: object, expected: string])[] = [
    [
      'https://www.w3.org/ns/activitystreams',
      { type: 'Create', actor: 'https://a/' },
      'https://www.w3.org/ns/activitystreams#actor',
    ],
    [
      'https://www.w3.org/ns/solid/oidc-context.jsonld',
      { client_id: 'https://a/', client_uri: 'https://b/' },
      'http://www.w3.org/ns/solid/oidc#client_uri',
    ],
    [
      'https://www.w3.org/ns/solid/notification/v1',
      { topic: 'https://a/' },
      'http://www.w3.org/ns/solid/notifications#topic',
    ],
    [
      'https://www.w3.org/ns/solid/notifications-context/v1',
      { topic: 'https://a/' },
      'http://www.w3.org/ns/solid/notifications#topic',
    ],
    ['https://schema.org/', { url: 'https://a/' }, 'http://schema.org/url'],
    ['http://schema.org', { name: 'N' }, 'http://schema.org/name'],
    ['https://w3id.org/security/v1', { publicKeyPem: 'k' }, 'https://w3id.org/security#publicKeyPem'],
    ['https://w3id.org/security/v2', { controller: 'https://a/' }, 'https://w3id.org/security#controller'],
    ['http://www.w3.org/ns/ldp', { contains: 'x' }, 'http://www.w3.org/ns/ldp#contains'],
  ]
  for (const [context, body, predicate] of bundled) {
    it(`knows ${context}`, async () => {
      const quads = await quadsOf(JSON.stringify({ '@context': [context], ...body }), 'application/ld+json')
      assert.ok(quads.some((one) => one.predicate.value === predicate))
    })
  }

  const unknown = Buffer.from('{"@context":["https://schema.org","https://example.org/ctx#"],"name":"N"}')

  it('stores a document with an unknown context, and says that it cannot be converted', async () => {
    assert.deepEqual(await rdf.check(unknown, { mediaType: 'application/ld+json', base }, never), {
      convertible: false,
      unknownContext: 'https://example.org/ctx#',
    })
    const known = Buffer.from('{"@context":"https://schema.org","name":"N"}')
    assert.deepEqual(await rdf.check(known, { mediaType: 'application/ld+json', base }, never), { convertible: true })
  })

  it('names the unknown context when another type is asked for', async () => {
    const work = rdf.convert(unknown, { from: 'application/ld+json', to: 'text/turtle', base }, never)
    await assert.rejects(work, (error: Error & { code: string; detail: string }) => {
      assert.equal(error.code, 'NOT_ACCEPTABLE')
      assert.match(error.detail, /https:\/\/example\.org\/ctx/)
      return true
    })
  })

  it('still refuses broken JSON next to an unknown context', async () => {
    const work = rdf.check(
      Buffer.from('{"@context":"https://example.org/ctx",}'),
      { mediaType: 'application/ld+json', base },
      never,
    )
    assert.equal(await failureOf(work), 'BODY_INVALID 400')
  })
})
