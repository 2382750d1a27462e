// Turtle bodies: read, written in every type and read back the same.

import assert from 'node:assert/strict'

import { writeRdf } from '../../../src/pod/rdf/convert.ts'
import type { Quad } from '../../../src/pod/rdf/graph.ts'
import type { RdfType } from '../../../src/pod/rdf/media-types.ts'
import { parseRdf } from '../../../src/pod/rdf/parse.ts'
import { isPlainTurtle } from '../../../src/pod/rdf/read/plain-turtle.ts'
import { areIsomorphic } from '../../pod/rdf/isomorphism.ts'
import type { Target } from '../target.ts'

export const base = 'https://pod.example/alice/doc'

/** Comparing graphs is dear; larger ones are compared by their number of triples. */
const maxCompared = 60

export async function comesBack(quads: readonly Quad[], prefixes: Readonly<Record<string, string>>): Promise<void> {
  for (const type of ['text/turtle', 'application/trig', 'application/n-quads', 'application/n-triples'] as const) {
    const text = writeRdf({ quads: [...quads], prefixes }, { type, base, inlineLabelled: quads.length % 2 === 0 })
    const expected = type === 'text/turtle' || type === 'application/n-triples' ? inDefault(quads) : quads
    const again = await readBack(text, type)
    if (quads.length <= maxCompared) assert.ok(areIsomorphic(again, expected), `${type} differs: ${text}`)
  }
  if (!quads.every(isOfJsonLd)) return
  await readBack(
    writeRdf({ quads: [...quads], prefixes }, { type: 'application/ld+json', base }),
    'application/ld+json',
  )
}

/** Turtle lets characters pass in the IRI of a datatype for which the JSON-LD reader refuses the whole document. */
function isOfJsonLd({ object }: Quad): boolean {
  return (
    object.termType !== 'Literal' || /^[A-Za-z][A-Za-z0-9+.-]*:[^ "<>{}|\\[\]`#]*(#[^#]*)?$/.test(object.datatype.value)
  )
}

/** What xpod wrote must be readable: a refusal of it is a finding, not an answer. */
async function readBack(text: string, mediaType: RdfType): Promise<Quad[]> {
  try {
    return (await parseRdf(Buffer.from(text), { mediaType, base })).quads
  } catch (error) {
    throw new Error(`cannot read back ${mediaType}: ${text.slice(0, 2000)}`, { cause: error })
  }
}

function inDefault(quads: readonly Quad[]): Quad[] {
  return quads.filter((one) => one.graph.termType === 'DefaultGraph')
}

export const turtleTarget: Target = {
  name: 'turtle',
  snippets: [
    '@prefix ex: <http://e/> .\n',
    'PREFIX : <#>\n',
    '@base <http://b/> .',
    '<a> <b> <c> .',
    'ex:a a ex:B ; ex:p 1, 2.5, 3e0, true .',
    '[ ',
    ' ]',
    '( ',
    ' )',
    '_:x ',
    '_:b0 ',
    '[] ',
    '() ',
    '"""',
    "'''",
    '"a"@en',
    '"a"@en--ltr',
    '"1"^^<t>',
    '<<( ',
    ' )>>',
    '{| ',
    ' |}',
    '<http://e/\\u0041> ',
    'ex:a\\,b ',
    'ex:%41 ',
    '; ',
    ', ',
    ' . ',
    '# c\n',
    '<#x> ',
    '<> ',
    '<../x> ',
    'rdf:first ',
    '-0.0e-5 ',
    '@forAll ',
    '=> ',
    '"a b"^^<http://www.w3.org/2001/XMLSchema#string> ',
    '<mailto:a@b.example> ',
    'ex:p "x"@de-AT ; a ex:C, <?q=1> .\n',
  ],
  run: async (input) => {
    const bytes = Buffer.from(input)
    const { quads, prefixes } = await parseRdf(bytes, { mediaType: 'text/turtle', base }).catch((error: unknown) => {
      assert.equal(isPlainTurtle(bytes), false, 'what the library refuses is not plain')
      throw error
    })
    await comesBack(quads, prefixes)
  },
}
