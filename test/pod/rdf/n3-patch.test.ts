// N3 Patch, each row of the table in the Solid Protocol's section on it, on real documents.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { parseN3Patch } from '../../../src/pod/rdf/n3-patch.ts'
import { applyText, base, failureOf, turtle } from './documents.ts'
import { areIsomorphic } from './isomorphism.ts'

const prefixes = '@prefix solid: <http://www.w3.org/ns/solid/terms#>. @prefix ex: <http://example.org/>.\n'
const document = '@prefix ex: <http://example.org/>.\n<#a> ex:p 1 ; ex:q "x" .\n<#b> ex:p 2 ; ex:q "y" .\n'

function n3(body: string, target: string | undefined = document): Promise<Awaited<ReturnType<typeof applyText>>> {
  return applyText({ kind: 'n3', patch: prefixes + body, document: target })
}

async function becomes(body: string, expected: string, target: string | undefined = document): Promise<void> {
  const { text } = await n3(body, target)
  assert.ok(areIsomorphic(await turtle(text), await turtle(`@prefix ex: <http://example.org/>. ${expected}`)), text)
}

const refused: readonly (readonly [name: string, body: string, failure: string])[] = [
  ['text that is no N3', '_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> }', 'PATCH_SYNTAX 400'],
  [
    'two full stops in a formula',
    '_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c> . . }.',
    'PATCH_SYNTAX 400',
  ],
  ['an unknown prefix', '_:p a solid:InsertDeletePatch; solid:inserts { <a> nope:b <c> }.', 'PATCH_SYNTAX 400'],
  ['no patch at all', '<a> <b> <c>.', 'PATCH_INVALID 422'],
  ['an empty body', '', 'PATCH_INVALID 422'],
  ['no type', '_:p solid:inserts { <a> <b> <c> }.', 'PATCH_INVALID 422'],
  ['another type', '_:p a solid:Patch; solid:inserts { <a> <b> <c> }.', 'PATCH_INVALID 422'],
  ['two patches', '_:p a solid:InsertDeletePatch. _:q a solid:InsertDeletePatch.', 'PATCH_INVALID 422'],
  [
    'a second inserts',
    '_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c> }, { <d> <e> <f> }.',
    'PATCH_INVALID 422',
  ],
  [
    'a second deletes',
    '_:p a solid:InsertDeletePatch; solid:deletes { <#a> ex:p 1 }; solid:deletes { <#b> ex:p 2 }.',
    'PATCH_INVALID 422',
  ],
  ['a second where', '_:p a solid:InsertDeletePatch; solid:where { ?x ex:p 1 }, { ?y ex:p 2 }.', 'PATCH_INVALID 422'],
  ['inserts that is an IRI', '_:p a solid:InsertDeletePatch; solid:inserts <a>.', 'PATCH_INVALID 422'],
  ['inserts that is a literal', '_:p a solid:InsertDeletePatch; solid:inserts "a".', 'PATCH_INVALID 422'],
  ['inserts that is a node', '_:p a solid:InsertDeletePatch; solid:inserts [ <a> <b> ].', 'PATCH_INVALID 422'],
  [
    'a formula in a formula',
    '_:p a solid:InsertDeletePatch; solid:inserts { <a> <b> { <c> <d> <e> } }.',
    'PATCH_INVALID 422',
  ],
  [
    'a rule in a formula',
    '_:p a solid:InsertDeletePatch; solid:where { { ?a ?b ?c } => { ?a ?b 1 } }.',
    'PATCH_INVALID 422',
  ],
  ['a literal as the patch', '"x" a solid:InsertDeletePatch; solid:inserts { <a> <b> <c> }.', 'PATCH_INVALID 422'],
  ['a formula as the patch', '{ <a> <b> <c> } a solid:InsertDeletePatch.', 'PATCH_INVALID 422'],
  ['a variable as the patch', '?p a solid:InsertDeletePatch; solid:inserts { <a> <b> <c> }.', 'PATCH_INVALID 422'],
  ['a literal subject', '_:p a solid:InsertDeletePatch; solid:inserts { "x" <b> <c> }.', 'PATCH_INVALID 422'],
  [
    'a variable of inserts that where lacks',
    '_:p a solid:InsertDeletePatch; solid:where { ?x ex:p 1 }; solid:inserts { ?y ex:r 1 }.',
    'PATCH_INVALID 422',
  ],
  [
    'a variable of deletes without where',
    '_:p a solid:InsertDeletePatch; solid:deletes { ?x ex:p 1 }.',
    'PATCH_INVALID 422',
  ],
  ['a blank node in deletes', '_:p a solid:InsertDeletePatch; solid:deletes { _:x ex:p 1 }.', 'PATCH_INVALID 422'],
  [
    'a bracket node in deletes',
    '_:p a solid:InsertDeletePatch; solid:deletes { <#a> ex:p [ ex:q 1 ] }.',
    'PATCH_INVALID 422',
  ],
  [
    'one label in inserts and where',
    '_:p a solid:InsertDeletePatch; solid:where { _:x ex:p 1 }; solid:inserts { _:x ex:r 1 }.',
    'PATCH_INVALID 422',
  ],
  [
    'one label inside a formula and outside',
    '_:p a solid:InsertDeletePatch; solid:inserts { _:p ex:r 1 }.',
    'PATCH_INVALID 422',
  ],
  ['a where that matches nothing', '_:p a solid:InsertDeletePatch; solid:where { ?x ex:p 9 }.', 'PATCH_CONFLICT 409'],
  [
    'a where that matches twice',
    '_:p a solid:InsertDeletePatch; solid:where { ?x ex:p ?v }; solid:inserts { ?x ex:r 1 }.',
    'PATCH_CONFLICT 409',
  ],
  [
    'deletes of which one is absent',
    '_:p a solid:InsertDeletePatch; solid:deletes { <#a> ex:p 1 . <#a> ex:p 7 }.',
    'PATCH_CONFLICT 409',
  ],
  [
    'a literal that where puts into a subject',
    '_:p a solid:InsertDeletePatch; solid:where { <#a> ex:q ?v }; solid:inserts { ?v ex:r 1 }.',
    'PATCH_CONFLICT 409',
  ],
]

describe('N3 patch', () => {
  for (const [name, body, failure] of refused) {
    it(`refuses ${name} with ${failure}`, async () => assert.equal(await failureOf(n3(body)), failure))
  }

  it('inserts', () =>
    becomes(
      '_:p a solid:InsertDeletePatch; solid:inserts { <#c> ex:p 3 }.',
      '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y". <#c> ex:p 3.',
    ))

  it('deletes before it inserts', () =>
    becomes(
      '_:p solid:inserts { <#a> ex:p 1 }; solid:deletes { <#a> ex:p 1 }; a solid:InsertDeletePatch.',
      '<#a> ex:p 1; ex:q "x". <#b> ex:p 2; ex:q "y".',
    ))

  it('binds variables by where', () =>
    becomes(
      '<> a solid:InsertDeletePatch; solid:where { ?x ex:q "y"; ex:p ?v }; solid:deletes { ?x ex:p ?v }; solid:inserts { ?x ex:r ?v }.',
      '<#a> ex:p 1; ex:q "x". <#b> ex:q "y"; ex:r 2.',
    ))

  it('counts triples that are equal after binding once', () =>
    becomes(
      '_:p a solid:InsertDeletePatch; solid:where { ?x ex:p 1 . <#a> ex:p ?v }; solid:deletes { ?x ex:p ?v . <#a> ex:p 1 }.',
      '<#a> ex:q "x". <#b> ex:p 2; ex:q "y".',
    ))

  it('counts solutions that differ only in blank nodes of where once', () =>
    becomes(
      '_:p a solid:InsertDeletePatch; solid:where { ?x ex:q "x"; ex:knows [ ex:n ?n ] }; solid:inserts { ?x ex:r ?n }.',
      '<#a> ex:q "x"; ex:knows [ ex:n 1 ], [ ex:n 1; ex:m 2 ]; ex:r 1.',
      '@prefix ex: <http://example.org/>. <#a> ex:q "x"; ex:knows [ ex:n 1 ], [ ex:n 1; ex:m 2 ].',
    ))

  it('makes a new node of each blank node in inserts', () =>
    becomes(
      '_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:knows _:n . _:n ex:name "N"; ex:age 3 . <#a> ex:list ( 1 [ ex:x 2 ] ) }.',
      '<#a> ex:p _:n; ex:knows [ ex:name "N"; ex:age 3 ]; ex:list ( 1 [ ex:x 2 ] ). _:n ex:is 1.',
      '@prefix ex: <http://example.org/>. <#a> ex:p _:n. _:n ex:is 1.',
    ))

  it('takes one blank node label in each of two patches of one document', async () => {
    const once = await n3('_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:k _:n . _:n ex:n 1; ex:m _:n }.', '')
    const twice = await n3(
      '_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:k _:n . _:n ex:n 1; ex:m _:n }.',
      once.text,
    )
    assert.equal((await turtle(twice.text)).length, 6)
  })

  it('does nothing for a typed patch without formulas', async () => {
    const { text, added, removed } = await n3('_:p a solid:InsertDeletePatch.')
    assert.deepEqual({ text, added, removed }, { text: document, added: 0, removed: 0 })
  })

  it('does nothing for empty formulas', async () => {
    const patch = '_:p a solid:InsertDeletePatch; solid:inserts {}; solid:deletes {}; solid:where {}.'
    assert.equal((await n3(patch)).text, document)
  })

  it('creates a Turtle document from inserts alone', async () => {
    const patch = `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <#it> ex:p <other> }.`
    const created = await applyText({ kind: 'n3', patch, document: undefined })
    assert.equal(created.mediaType, 'text/turtle')
    assert.match(created.text, /^<#it> ex:p <other> \.$/m)
  })

  for (const body of ['solid:where { <#a> ex:p ?v }', 'solid:deletes { <#a> ex:p 1 }']) {
    it(`refuses ${body} where there is no document`, async () => {
      const work = applyText({
        kind: 'n3',
        patch: `${prefixes}_:p a solid:InsertDeletePatch; ${body}.`,
        document: undefined,
      })
      assert.equal(await failureOf(work), 'PATCH_CONFLICT 409')
    })
  }

  it('works on an empty document', async () => {
    assert.equal((await n3('_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:p 1 }.', '')).added, 1)
  })

  for (const mediaType of ['text/plain', 'image/png', 'application/rdf+xml']) {
    it(`refuses a ${mediaType} document`, async () => {
      const patch = `${prefixes}_:p a solid:InsertDeletePatch; solid:inserts { <#a> ex:p 1 }.`
      const work = applyText({ kind: 'n3', patch, document: 'hello', mediaType })
      assert.equal(await failureOf(work), 'PATCH_TARGET 409')
    })
  }

  it('says which rights it needs', () => {
    const needs = (body: string): string => {
      const patch = parseN3Patch(`${prefixes}_:p a solid:InsertDeletePatch; ${body}.`, base)
      return ['Read', 'Append', 'Write'].filter((mode) => patch[`needs${mode}` as 'needsRead']).join(' ')
    }
    assert.equal(needs('solid:inserts { <a> ex:p 1 }'), 'Append')
    assert.equal(needs('solid:deletes { <a> ex:p 1 }'), 'Read Write')
    assert.equal(needs('solid:where { ?x ex:p 1 }; solid:inserts { ?x ex:q 1 }'), 'Read Append')
    assert.equal(needs('solid:inserts {}'), '')
  })

  it('does not take a variable for another of the same name in another patch', async () => {
    await becomes(
      '<#p> a solid:InsertDeletePatch; solid:where { ?x ex:p 1 . ?y ex:p 2 }; solid:inserts { ?x ex:next ?y }.',
      '<#a> ex:p 1; ex:q "x"; ex:next <#b>. <#b> ex:p 2; ex:q "y".',
    )
  })
})
