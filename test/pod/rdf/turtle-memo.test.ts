// What is kept from one patch to the next changes nothing of what is written.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { ParsedRdf } from '../../../src/pod/rdf/graph.ts'
import { parseRdf } from '../../../src/pod/rdf/parse.ts'
import { applyPatch } from '../../../src/pod/rdf/patch.ts'
import { parseSparqlUpdate } from '../../../src/pod/rdf/sparql-update.ts'

const base = 'https://pod.example/notes/list.ttl'
const source = { mediaType: 'text/turtle', base }
const run = { base, maxSteps: 1000 }
const start = `@prefix ex: <http://example.org/ns#>.
<#a> ex:says "one", "two"; ex:knows <#b>, [ ex:says "inner" ].
<#b> ex:says "one"; ex:list ( "x" <#c> ).
_:kept ex:knows <#a>.
<#c> ex:knows _:kept.`

const subject = fc.constantFrom('<#a>', '<#b>', '<#c>', '<#d>')
const object = fc.constantFrom('"one"', '"two"', '<#a>', '<#d>', '4', '"vier"@de')
const triple = fc.tuple(subject, fc.constantFrom('ex:says', 'ex:knows', 'a'), object).map((parts) => parts.join(' '))
const update = fc
  .tuple(fc.constantFrom('INSERT', 'DELETE'), triple)
  .map(([verb, data]) => `PREFIX ex: <http://example.org/ns#> ${verb} DATA { ${data} . }`)

test('a document that is patched again and again is written as if it were written for the first time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(update, { minLength: 1, maxLength: 12 }), async (updates) => {
      let kept: ParsedRdf = await parseRdf(Buffer.from(start), source)
      let bytes: Uint8Array = Buffer.from(start)
      for (const text of updates) {
        const patch = parseSparqlUpdate(text, base)
        const fresh: ParsedRdf = { quads: kept.quads, prefixes: kept.prefixes, isDistinct: kept.isDistinct === true }
        const document = { bytes, mediaType: 'text/turtle' }
        const expected = applyPatch(document, fresh, patch, run)
        const actual = applyPatch(document, kept, patch, run)
        assert.equal(Buffer.from(actual.bytes).toString(), Buffer.from(expected.bytes).toString())
        bytes = actual.bytes
        kept = actual.parsed!
      }
    }),
  )
})
