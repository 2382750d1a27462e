// Header values that xpod parses itself: Accept, Accept-Encoding, Range, If-…, Link, Slug, Content-Type, Forwarded. Node has
// taken away line breaks and given the bytes as Latin-1.

import assert from 'node:assert/strict'

import { systemRandom } from '../../../src/base/random.ts'
import { forwardedOf } from '../../../src/core/http/forwarded.ts'
import { essenceOf, rdfTypeOf } from '../../../src/pod/rdf/media-types.ts'
import { parseRange } from '../../../src/pod/representation/ranges.ts'
import { createNegotiator } from '../../../src/pod/representation/source.ts'
import { parseTags } from '../../../src/pod/resource/etag.ts'
import { asksForContainer } from '../../../src/pod/resource/links.ts'
import type { PodRecord } from '../../../src/pod/store/resource.ts'
import { chooseName } from '../../../src/pod/write/slug.ts'
import type { Target } from '../target.ts'

const pod = { name: 'alice', base: 'https://pod.example/alice/', aliases: [], owners: [] } as unknown as PodRecord
const offer = { name: 'rdf', types: ['text/turtle', 'application/ld+json', 'text/html'] }

export const headersTarget: Target = {
  name: 'headers',
  snippets: [
    'text/turtle',
    '*/*',
    ';q=0.5',
    ';q=1.0001',
    ';q=',
    ', ',
    '; charset="utf-8"',
    'application/*',
    'br;q=0',
    'identity',
    '*;q=0',
    'gzip',
    'bytes=0-',
    'bytes=-5',
    'bytes=5-1',
    'bytes=0-0,5-6',
    'bytes=99999999999999999999-',
    'W/"',
    '"abc"',
    '"',
    '*',
    '<',
    '>',
    '; rel="type"',
    '; rel=type',
    '<http://www.w3.org/ns/ldp#BasicContainer>',
    'slug name',
    '../',
    '%2F',
    '.acl',
    'for=1.2.3.4;proto=https;host=a',
    ',',
    '\\"',
    '=',
  ],
  run: (input) => {
    const header = Buffer.from(input.replaceAll(/[\r\n\0]/g, ' '))
      .toString('latin1')
      .slice(0, 8192)
    const acceptance = createNegotiator().accept(header)
    const chosen = acceptance.choose(offer)
    assert.ok(chosen === undefined || offer.types.includes(chosen))
    createNegotiator().coding(header)
    const range = parseRange(header, 1000)
    if (typeof range === 'object') assert.ok(range.start >= 0 && range.start <= range.end && range.end < 1000)
    parseTags(header)
    asksForContainer(header)
    const essence = essenceOf(header)
    assert.ok(essence === undefined || /^[^\s;,]+\/[^\s;,]+$/.test(essence))
    rdfTypeOf(header)
    forwardedOf({
      forwarded: header,
      'x-forwarded-for': header,
      'x-forwarded-host': header,
      'x-forwarded-proto': header,
    })
    const name = chooseName({ pod, container: '/notes/', slug: header, makesContainer: false }, systemRandom)
    for (const segment of [name.wish, name.fallback])
      assert.ok(segment === undefined || /^[\u0021-\u007e]+$/.test(segment))
    assert.ok(name.wish === undefined || !name.wish.includes('/'))
  },
}
