// What must hold for every graph: writing and reading it back gives the same graph, in each type and through each pair of types.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DataFactory } from 'n3'

import { writeRdf } from '../../../src/pod/rdf/convert.ts'
import { anonymousNode, namedNode, type Quad, quad, type Term } from '../../../src/pod/rdf/graph.ts'
import type { RdfType } from '../../../src/pod/rdf/media-types.ts'
import { base, quadsOf } from './documents.ts'
import { areIsomorphic } from './isomorphism.ts'

/** JSON-LD is read about ten times slower than the others. */
const runsOf = (type: RdfType): { numRuns: number } => ({ numRuns: type === 'application/ld+json' ? 80 : 300 })

// Without [, ] and a second #, which Turtle lets pass and the JSON-LD reader leaves out because RFC 3987 has no such IRI.
const iris = fc.oneof(
  fc.constantFrom(
    base,
    `${base}#me`,
    `${base}?q=1`,
    'https://pod.example/alice/notes/',
    'https://pod.example/alice/notes/a:b',
    'https://pod.example/alice/notes//x',
    'https://pod.example/alice/notes/..',
    'https://pod.example/alice/',
    'http://www.w3.org/1999/02/22-rdf-syntax-ns#type',
    'http://www.w3.org/1999/02/22-rdf-syntax-ns#first',
    'http://www.w3.org/1999/02/22-rdf-syntax-ns#rest',
    'http://www.w3.org/1999/02/22-rdf-syntax-ns#nil',
    'http://example.org/ns#',
    'http://example.org/ns#a.b',
    'http://example.org/ns#a.',
    'http://example.org/ns#-a',
    'http://example.org/ns#5',
    'http://example.org/ns#%41~x',
    'http://example.org/ns#名字',
    'http://example.org/ns/deeper/x',
    'urn:uuid:f81d4fae',
    'tag:a,b:c',
  ),
  fc
    .string({ unit: 'grapheme', maxLength: 8 })
    .map((text) => `http://example.org/${text.toWellFormed().replace(/[\u0000-\u0020<>"{}|^`\\[\]#]/g, '')}`),
)

const xsd = 'http://www.w3.org/2001/XMLSchema#'
const texts = fc.oneof(
  fc.constantFrom(
    '',
    '5',
    '05',
    '-0',
    '+1',
    '1.',
    '.5',
    '1.0',
    '1e5',
    '1.5E-3',
    'true',
    'TRUE',
    '"',
    '\\',
    '"""',
    'a"',
    '\n',
    'a\r\nb\t',
    '\u0000',
    '\u007f',
    '😀',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed()),
)
const literals = fc.oneof(
  texts.map((text) => DataFactory.literal(text)),
  fc
    .tuple(texts, fc.constantFrom('en', 'de-ch', 'zh-hant-tw'))
    .map(([text, language]) => DataFactory.literal(text, language)),
  fc
    .tuple(
      texts,
      fc.oneof(
        fc.constantFrom('integer', 'decimal', 'double', 'boolean', 'dateTime').map((name) => xsd + name),
        iris,
      ),
    )
    .map(([text, type]) => DataFactory.literal(text, DataFactory.namedNode(type))),
)

/** A few nodes that triples share: labelled ones, and ones as [] makes them. */
const nodes = ['b0', 'b1', 'x', '7', 'a.b', 'a-'].map((label) => DataFactory.blankNode(label) as Term)
const blanks = fc.constantFrom(...nodes, anonymousNode(), anonymousNode(), anonymousNode(), anonymousNode())
const named = iris.map((iri) => namedNode(iri) as Term)
const resources = fc.oneof({ weight: 3, arbitrary: named }, { weight: 2, arbitrary: blanks })
const triples = fc
  .tuple(resources, named, fc.oneof(resources, literals as fc.Arbitrary<Term>))
  .map(([subject, predicate, object]) => quad(subject, predicate, object))
const quads = fc
  .tuple(triples, fc.option(resources))
  .map(([one, graph]) => (graph === null ? one : quad(one.subject, one.predicate, one.object, graph)))

const prefixes = {
  '': `${base}#`,
  ex: 'http://example.org/ns#',
  up: 'http://example.org/',
  odd: 'http://example.org/ns',
  'a.b': 'https://pod.example/alice/',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
}

async function survives(graph: readonly Quad[], type: RdfType, inlineLabelled: boolean): Promise<void> {
  const text = writeRdf({ quads: [...graph], prefixes }, { type, base, inlineLabelled })
  assert.ok(areIsomorphic(await quadsOf(text, type), graph), text)
}

describe('any graph', () => {
  for (const type of ['text/turtle', 'application/n-triples', 'application/ld+json', 'application/trig'] as const) {
    for (const inlineLabelled of [false, true]) {
      it(`comes back from ${type}${inlineLabelled ? ' with labels inlined' : ''}`, () =>
        fc.assert(
          fc.asyncProperty(fc.array(triples, { maxLength: 12 }), (graph) => survives(graph, type, inlineLabelled)),
          runsOf(type),
        ))
    }
  }

  for (const type of ['application/n-quads', 'application/trig', 'application/ld+json'] as const) {
    it(`with named graphs comes back from ${type}`, () =>
      fc.assert(
        fc.asyncProperty(fc.array(quads, { maxLength: 10 }), (graph) => survives(graph, type, true)),
        runsOf(type),
      ))
  }

  it('comes back from Turtle through every other type', () =>
    fc.assert(
      fc.asyncProperty(fc.array(triples, { maxLength: 10 }), async (graph) => {
        let quads: readonly Quad[] = graph
        for (const type of [
          'text/turtle',
          'application/ld+json',
          'application/trig',
          'application/n-triples',
          'application/n-quads',
        ] as const) {
          quads = await quadsOf(writeRdf({ quads: [...quads], prefixes }, { type, base }), type)
          assert.ok(areIsomorphic(quads, graph), type)
        }
      }),
      { numRuns: 60 },
    ))

  it('is written the same way each time', () =>
    fc.assert(
      fc.property(fc.array(quads, { maxLength: 10 }), (graph) => {
        for (const type of ['application/trig', 'application/ld+json', 'application/n-quads'] as const) {
          const write = (): string => writeRdf({ quads: [...graph], prefixes }, { type, base })
          assert.equal(write(), write())
        }
      }),
      { numRuns: 50 },
    ))
})
