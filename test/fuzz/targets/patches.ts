// N3 patches and SPARQL updates: read, applied to a document, and the result read back.

import { parseN3Patch } from '../../../src/pod/rdf/n3-patch.ts'
import { parseRdf } from '../../../src/pod/rdf/parse.ts'
import { applyPatch, type Patch } from '../../../src/pod/rdf/patch.ts'
import { parseSparqlUpdate } from '../../../src/pod/rdf/sparql-update.ts'
import type { Target } from '../target.ts'
import { base, comesBack } from './turtle.ts'

const document = Buffer.from(
  '@prefix ex: <http://e/>.\n<#a> ex:p 1, 2 ; ex:q "x" ; ex:k [ ex:n ( 1 <#b> ) ], _:l . <#b> ex:p 2 . _:l ex:p _:l .',
)

async function apply(patch: Patch): Promise<void> {
  const parsed = await parseRdf(document, { mediaType: 'text/turtle', base })
  const result = applyPatch({ bytes: document, mediaType: 'text/turtle' }, parsed, patch, { base, maxSteps: 100_000 })
  await comesBack(result.quads, {})
}

const terms = [
  '?x ',
  '?y ',
  '_:n ',
  '[ ',
  ' ]',
  '( ',
  ' )',
  '<#a> ',
  '<> ',
  'ex:p ',
  'a ',
  '"x" ',
  '1 ',
  '1.5 ',
  '; ',
  ', ',
  ' . ',
  '{ ',
  ' } ',
  '# c\n',
]

export const n3PatchTarget: Target = {
  name: 'n3-patch',
  snippets: [
    ...terms,
    '@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n',
    'a solid:InsertDeletePatch',
    'solid:inserts { ',
    'solid:deletes { ',
    'solid:where { ',
    '=> ',
    '<= ',
    '= ',
    '@forAll ?z . ',
    '@forSome ?z . ',
    'is ex:p of ',
    'has ex:p ',
    '!ex:p ',
    '^ex:p ',
    '<- ',
    '{} ',
    '<<( ',
    ' )>>',
  ],
  run: (input) => apply(parseN3Patch(input, base)),
}

export const sparqlTarget: Target = {
  name: 'sparql-update',
  snippets: [
    ...terms,
    'PREFIX ex: <http://e/>\n',
    'BASE <http://b/>\n',
    'INSERT DATA { ',
    'DELETE DATA { ',
    'DELETE WHERE { ',
    'DELETE { ',
    'INSERT { ',
    'WHERE { ',
    'FILTER(?x > 1) ',
    'OPTIONAL { ',
    'UNION ',
    'GRAPH <g> { ',
    'USING <g> ',
    'WITH <g> ',
    'LOAD <x> ',
    'CLEAR ALL ',
    'SELECT * ',
    'BIND(1 AS ?x) ',
    'VALUES ?x { 1 } ',
    'ex:p/ex:q ',
    'ex:p* ',
    '^ex:p ',
    '$z ',
    '<< ',
    ' >>',
    'SERVICE <s> { ',
    'MINUS { ',
  ],
  run: (input) => apply(parseSparqlUpdate(input, base)),
}
