// SPARQL Update on one document: what client libraries send, what the W3C semantics ask, and what is refused.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { parseSparqlUpdate } from '../../../src/pod/rdf/sparql-update.ts'
import { applyText, base, failureOf, turtle } from './documents.ts'
import { areIsomorphic } from './isomorphism.ts'

const document = '@prefix ex: <http://example.org/>.\n<#a> ex:p 1 ; ex:q "x" .\n<#b> ex:p 2 ; ex:q "y" .\n'
const ex = 'PREFIX ex: <http://example.org/>\n'

function sparql(patch: string, target: string | undefined = document): ReturnType<typeof applyText> {
  return applyText({ kind: 'sparql', patch, document: target })
}

const changes: readonly (readonly [name: string, patch: string, expected: string])[] = [
  ['INSERT DATA', `${ex}INSERT DATA { <#c> ex:p 3 }`, '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y". <#c> ex:p 3.'],
  ['DELETE DATA', `${ex}DELETE DATA { <#a> ex:p 1 . <#b> ex:q "y" }`, '<#a> ex:q "x". <#b> ex:p 2.'],
  [
    'DELETE DATA of what is not there',
    `${ex}DELETE DATA { <#a> ex:p 77 }`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y".',
  ],
  [
    'what solid-client sends',
    ' DELETE DATA {<#a> <http://example.org/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer>.}; INSERT DATA {<#a> <http://example.org/p> "3"^^<http://www.w3.org/2001/XMLSchema#integer>.};',
    '<#a> ex:p 3; ex:q "x". <#b> ex:p 2; ex:q "y".',
  ],
  [
    'what rdflib sends',
    `DELETE DATA { <${base}#a> <http://example.org/p> 1 . } \n ; INSERT DATA { <${base}#a> <http://example.org/p> 4 . }`,
    '<#a> ex:p 4; ex:q "x". <#b> ex:p 2; ex:q "y".',
  ],
  ['DELETE WHERE', `${ex}DELETE WHERE { ?s ex:p ?o }`, '<#a> ex:q "x". <#b> ex:q "y".'],
  [
    'DELETE and INSERT for each solution',
    `${ex}DELETE { ?s ex:p ?o } INSERT { ?s ex:was ?o } WHERE { ?s ex:p ?o }`,
    '<#a> ex:was 1; ex:q "x". <#b> ex:was 2; ex:q "y".',
  ],
  [
    'a WHERE without solutions',
    `${ex}DELETE { ?s ex:p ?o } WHERE { ?s ex:none ?o }`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y".',
  ],
  [
    'an empty WHERE',
    `${ex}INSERT { <#c> ex:p 3 } WHERE {}`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y". <#c> ex:p 3.',
  ],
  [
    'new blank nodes for each solution',
    `${ex}INSERT { ?s ex:k _:n . _:n ex:m ?o } WHERE { ?s ex:p ?o }`,
    '<#a> ex:p 1; ex:q "x"; ex:k [ ex:m 1 ]. <#b> ex:p 2; ex:q "y"; ex:k [ ex:m 2 ].',
  ],
  [
    'operations in sequence, each on the result of the one before',
    `${ex}INSERT DATA { <#c> ex:p 3 } ; PREFIX e2: <http://example.org/> DELETE { ?s e2:p 3 } INSERT { ?s e2:p 5 } WHERE { ?s e2:p 3 } ;`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y". <#c> ex:p 5.',
  ],
  [
    'comments, blanks and a trailing semicolon',
    `\n\n  # first\n${ex} INSERT DATA { # inside\n <#c> ex:p 3 } ; # last\n`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y". <#c> ex:p 3.',
  ],
  [
    'relative IRIs, resolved as RFC 3986 says',
    `${ex}DELETE WHERE { ?s ?p ?o }; INSERT DATA { <> ex:p <../x>, <./y>, </z>, <?q>, <//other.example/a/../b>, <.>, <#it> }`,
    '<> ex:p <https://pod.example/alice/x>, <https://pod.example/alice/notes/y>, <https://pod.example/z>, <https://pod.example/alice/notes/doc?q>, <https://other.example/b>, <https://pod.example/alice/notes/>, <#it>.',
  ],
  [
    'a variable that stands for a literal, left out where no literal may be',
    `${ex}INSERT { ?o ex:of ?s } WHERE { ?s ex:q ?o }`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y".',
  ],
  [
    'a template with a variable that no pattern binds',
    `${ex}INSERT { ?s ex:r ?free } WHERE { ?s ex:q ?o }`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y".',
  ],
  [
    'a list',
    `${ex}INSERT DATA { <#c> ex:list ( 1 "two" ) }`,
    '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y". <#c> ex:list ( 1 "two" ).',
  ],
  ['no operation', ex, '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y".'],
]

const refused: readonly (readonly [patch: string, failure: string])[] = [
  ['INSERT DATA { <a> <b> }', 'PATCH_SYNTAX 400'],
  ['INSERT DATA { <a> <b> <c> . . }', 'PATCH_SYNTAX 400'],
  ['INSERT DATA { <a> nope:b <c> }', 'PATCH_SYNTAX 400'],
  ['INSERT DATA { ?a <b> <c> }', 'PATCH_SYNTAX 400'],
  ['DELETE DATA { _:a <b> <c> }', 'PATCH_SYNTAX 400'],
  ['DELETE DATA { <a> <b> [] }', 'PATCH_SYNTAX 400'],
  ['DELETE WHERE { _:a <b> <c> }', 'PATCH_SYNTAX 400'],
  ['DELETE { _:a <b> <c> } WHERE { ?s ?p ?o }', 'PATCH_SYNTAX 400'],
  ['SELECT * WHERE { ?s ?p ?o }', 'PATCH_SYNTAX 400'],
  ['CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }', 'PATCH_SYNTAX 400'],
  ['nonsense', 'PATCH_SYNTAX 400'],
  ['INSERT DATA { GRAPH <g> { <a> <b> <c> } }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { GRAPH <g> { ?s ?p ?o } }', 'PATCH_INVALID 422'],
  ['WITH <g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } USING <g> WHERE { ?s ?p ?o }', 'PATCH_INVALID 422'],
  ['LOAD <http://example.org/>', 'PATCH_INVALID 422'],
  ['CLEAR ALL', 'PATCH_INVALID 422'],
  ['DROP DEFAULT', 'PATCH_INVALID 422'],
  ['CREATE GRAPH <g>', 'PATCH_INVALID 422'],
  ['COPY <a> TO <b>', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?o > 1) }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { ?s ?p ?o OPTIONAL { ?s <q> ?z } }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { { ?s ?p ?o } UNION { ?o ?p ?s } }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { ?s ?p ?o BIND(1 AS ?x) }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { VALUES ?s { <a> } ?s ?p ?o }', 'PATCH_INVALID 422'],
  ['DELETE { ?s <p> ?o } WHERE { ?s <p>/<q> ?o }', 'PATCH_INVALID 422'],
  ['DELETE { ?s <p> ?o } WHERE { ?s <p>* ?o }', 'PATCH_INVALID 422'],
  ['DELETE { ?s ?p ?o } WHERE { SELECT ?s ?p ?o WHERE { ?s ?p ?o } }', 'PATCH_INVALID 422'],
]

describe('SPARQL Update', () => {
  for (const [name, patch, expected] of changes) {
    it(`applies ${name}`, async () => {
      const { text } = await sparql(patch)
      assert.ok(areIsomorphic(await turtle(text), await turtle(`@prefix ex: <http://example.org/>. ${expected}`)), text)
    })
  }
  for (const [patch, failure] of refused) {
    it(`refuses ${patch}`, async () => assert.equal(await failureOf(sparql(patch)), failure))
  }

  it('matches blank nodes of WHERE like variables', async () => {
    const target = '@prefix ex: <http://example.org/>. <#a> ex:k [ ex:n 1 ]. <#b> ex:k [ ex:n 2 ].'
    const { text } = await sparql(`${ex}DELETE { ?s ex:k ?k . ?k ex:n 1 } WHERE { ?s ex:k ?k . ?k ex:n 1 }`, target)
    assert.ok(
      areIsomorphic(await turtle(text), await turtle('@prefix ex: <http://example.org/>. <#b> ex:k [ ex:n 2 ].')),
      text,
    )
    const marked = await sparql(`${ex}INSERT { ?s ex:mark 1 } WHERE { ?s ex:k [ ex:n 2 ] }`, target)
    assert.match(marked.text, /<#b>[^.]*ex:mark 1/)
  })

  it('gives back the very bytes when nothing changes', async () => {
    assert.equal((await sparql(`${ex}INSERT DATA { <#a> ex:p 1 } ; DELETE DATA { <#z> ex:p 1 }`)).text, document)
    assert.equal((await sparql(`${ex}DELETE DATA { <#a> ex:p 1 } ; INSERT DATA { <#a> ex:p 1 }`)).text, document)
  })

  it('creates a document, with the prefixes of the patch', async () => {
    const { text, mediaType } = await applyText({
      kind: 'sparql',
      patch: `${ex}INSERT DATA { <#it> ex:p 1 }`,
      document: undefined,
    })
    assert.equal(mediaType, 'text/turtle')
    assert.equal(text, '@prefix ex: <http://example.org/> .\n\n<#it> ex:p 1 .\n')
  })

  it('does not count an operation on a document that is not there as a failure', async () => {
    const result = await applyText({ kind: 'sparql', patch: 'DELETE DATA { <a> <b> <c> }', document: undefined })
    assert.equal(result.text, '')
  })

  it('does not echo the patch in an error', async () => {
    await assert.rejects(sparql('INSERT DATA {\n <a> <b> "secret" "secret" }'), (error: Error) => {
      assert.doesNotMatch(JSON.stringify(error) + error.message, /secret/)
      assert.match(error.message, /line 2/)
      return true
    })
  })

  it('says which rights it needs', () => {
    const needs = (patch: string): string => {
      const read = parseSparqlUpdate(ex + patch, base)
      return ['Read', 'Append', 'Write'].filter((mode) => read[`needs${mode}` as 'needsRead']).join(' ')
    }
    assert.equal(needs('INSERT DATA { <a> ex:p 1 }'), 'Append')
    assert.equal(needs('DELETE DATA { <a> ex:p 1 }'), 'Read Write')
    assert.equal(needs('INSERT { ?s ex:q 1 } WHERE { ?s ex:p 1 }'), 'Read Append')
    assert.equal(needs('DELETE WHERE { ?s ex:p 1 }'), 'Read Write')
    assert.equal(needs('DELETE DATA { <a> ex:p 1 }; INSERT DATA { <a> ex:p 2 }'), 'Read Append Write')
    assert.equal(needs('DELETE DATA { }'), '')
  })
})
