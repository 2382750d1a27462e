// Which type and coding a request gets, by the headers that browsers and Solid clients really send. No server.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { codings } from '../../../src/pod/representation/encodings.ts'
import { Acceptance, Negotiator, type Offer } from '../../../src/pod/representation/negotiation.ts'

const rdf = ['text/turtle', 'application/ld+json', 'application/n-triples', 'application/n-quads', 'application/trig']
const turtle: Offer = { name: 'turtle', types: rdf }
const jsonLd: Offer = { name: 'jsonld', types: ['application/ld+json', 'text/turtle', 'application/n-triples'] }
const container: Offer = { name: 'container', types: [...rdf, 'text/html'] }
const image: Offer = { name: 'image', types: ['image/png'] }

const cases: readonly (readonly [string, Offer, string | undefined, string])[] = [
  ['*/*', jsonLd, 'application/ld+json', 'the star gives what is stored (pitfall 22)'],
  ['', jsonLd, 'application/ld+json', 'an empty header accepts everything'],
  ['text/turtle, */*', jsonLd, 'text/turtle', 'with equal q a named type comes before the star (LDO)'],
  ['text/turtle, */*', image, 'image/png', 'a binary stays what it is (LDO)'],
  ['text/turtle, text/html', container, 'text/turtle', 'RDF and HTML with equal q give RDF (pitfall 22)'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', container, 'text/html', 'a browser gets a page'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', turtle, 'text/turtle', 'or the stored document'],
  [
    'image/*;q=0.9, */*;q=0.1, application/rdf+xml;q=0.9, application/xhtml+xml, text/xml;q=0.5, application/xml;q=0.5, text/html;q=0.9, text/plain;q=0.5, text/n3;q=1.0, text/turtle;q=1',
    container,
    'text/turtle',
    'rdflib gets Turtle, neither HTML nor N3',
  ],
  ['text/turtle;q=0, */*', turtle, 'application/ld+json', 'q=0 excludes a type'],
  ['application/ld+json;q=0.5, text/*;q=0.4', turtle, 'application/ld+json', 'q decides before order'],
  ['Text/Turtle;charset=UTF-8;q=0.9, application/ld+json;q=0.8', jsonLd, 'text/turtle', 'case and parameters'],
  ['application/trig;q=0.95,application/n-quads', turtle, 'application/n-quads', 'Comunica'],
  ['application/json', turtle, 'application/ld+json', 'JSON-LD is JSON'],
  ['application/json, */*;q=0.1', turtle, 'text/turtle', 'but only when nothing else fits'],
  ['application/json', image, undefined, 'and only where there is JSON-LD'],
  ['application/json;q=0', turtle, undefined, 'and when it is wanted'],
  ['text/plain;x="a, text/turtle", application/trig', turtle, 'application/trig', 'a comma in quotes ends nothing'],
  ['text/turtle;x=";q=0", application/trig;q=0.5', turtle, 'text/turtle', 'a weight in quotes is none'],
  ['text/turtle;x="open, application/trig', turtle, 'text/turtle', 'a quote that is not closed ends with the header'],
  ['text/plain', turtle, undefined, 'nothing fits'],
  ['nonsense', turtle, 'text/turtle', 'a header without a valid range counts as none'],
  ['nonsense, application/ld+json', turtle, 'application/ld+json', 'an invalid range is skipped'],
  ['*/plain, image/png', turtle, undefined, 'a star before a subtype is no range'],
]

for (const [header, offer, expected, why] of cases) {
  test(`${why}: ${header || '(empty)'} of ${offer.name}`, () => {
    assert.equal(new Acceptance(header).choose(offer), expected)
  })
}

const encodings: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, undefined],
  ['', undefined],
  ['gzip, deflate', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['gzip;q=1, br;q=0.5', 'gzip'],
  ['br;q=0, gzip', 'gzip'],
  ['identity', undefined],
  ['identity, gzip;q=0.5', undefined],
  ['*', 'br'],
  ['*;q=0', undefined],
  ['GZIP', 'gzip'],
  ['deflate, compress', undefined],
]

for (const [header, expected] of encodings) {
  test(`Accept-Encoding ${header ?? '(none)'} gives ${expected ?? 'no coding'}`, () => {
    assert.equal(new Negotiator(codings).coding(header), expected)
  })
}

test('what is remembered of headers is bounded and stays right', () => {
  const negotiator = new Negotiator(codings)
  for (let index = 0; index < 3000; index++) {
    assert.equal(negotiator.accept(`text/turtle;x=${index}`).choose(jsonLd), 'text/turtle')
    assert.equal(negotiator.coding(`gzip;x=${index}`), 'gzip')
  }
  assert.equal(negotiator.accept('*/*').choose(jsonLd), 'application/ld+json')
})
