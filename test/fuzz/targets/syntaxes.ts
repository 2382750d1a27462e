// Bodies of the other RDF types. The first line of an input names its type, so that mutations cross types as well.

import { parseRdf } from '../../../src/pod/rdf/parse.ts'
import type { Target } from '../target.ts'
import { base, comesBack } from './turtle.ts'

export const syntaxesTarget: Target = {
  name: 'syntaxes',
  snippets: [
    'application/ld+json\n',
    'application/rdf+xml\n',
    'application/trig\n',
    'application/n-quads\n',
    'text/n3\n',
    '{"@id":"#a"}',
    '"@context":',
    '"@vocab":"http://v/"',
    '"@base":null',
    '"@type":["a"]',
    '"@graph":[',
    '"@list":[1,[2]]',
    '"@set":[]',
    '"@reverse":{',
    '"@language":"x"',
    '"@value":null',
    '"@json"',
    '"@container":"@list"',
    '"@nest"',
    '"@included":[',
    '"@import":"x"',
    '"@propagate":false',
    '"@protected":true',
    '"@version":1.1',
    '"@direction":"ltr"',
    '"https://www.w3.org/ns/activitystreams"',
    '"https://example.org/none"',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '1e400',
    '-0',
    'null',
    '"\\ud800"',
    '<rdf:Description rdf:about="#x">',
    '</rdf:Description>',
    '<rdf:li>',
    'rdf:parseType="Literal"',
    'rdf:parseType="Collection"',
    'rdf:ID="a"',
    '&amp;',
    '&x;',
    '<!DOCTYPE a [<!ENTITY x "y">]>',
    '<![CDATA[',
    ']]>',
    'xml:base="http://b/"',
    '<!--',
    '-->',
    '<http://g/> {',
    '<http://a/> <http://b/> "c"@en <http://g/> .\n',
    '_:a ',
  ],
  run: async (input) => {
    const end = input.indexOf('\n')
    const mediaType = input.slice(0, Math.max(end, 0))
    const { quads, prefixes } = await parseRdf(Buffer.from(input.slice(end + 1)), { mediaType, base })
    await comesBack(quads, prefixes)
  },
}
