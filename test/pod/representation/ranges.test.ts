// Range headers by size: single ranges, suffixes, clamping, what is ignored and what cannot be satisfied. No server.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseRange } from '../../../src/pod/representation/ranges.ts'

const cases: readonly (readonly [string | undefined, number, ReturnType<typeof parseRange>])[] = [
  [undefined, 10, undefined],
  ['bytes=0-3', 10, { start: 0, end: 3 }],
  ['bytes=5-999', 10, { start: 5, end: 9 }],
  ['bytes=5-', 10, { start: 5, end: 9 }],
  ['bytes=-3', 10, { start: 7, end: 9 }],
  ['bytes=-30', 10, { start: 0, end: 9 }],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=10-20', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-1', 0, 'unsatisfiable'],
  ['bytes=5-3', 10, undefined],
  ['bytes=0-1,4-5', 10, undefined],
  ['bytes=-', 10, undefined],
  ['lines=0-1', 10, undefined],
  ['Bytes = 1 - 2', 10, { start: 1, end: 2 }],
  ['bytes=99999999999999999999-', 10, undefined],
]

for (const [header, size, expected] of cases) {
  test(`${header ?? 'no Range'} of ${size} bytes`, () => assert.deepEqual(parseRange(header, size), expected))
}
