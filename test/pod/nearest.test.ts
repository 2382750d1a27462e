// The nearest ancestor that exists, and how few are asked for.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { nearestExisting } from '../../src/pod/nearest.ts'
import { ancestorsOf } from '../../src/pod/path.ts'

test('the nearest ancestor is found wherever it is, by few questions', async () => {
  for (const depth of [1, 2, 3, 8, 100, 999]) {
    const path = `/${'a/'.repeat(depth - 1)}x`
    const ancestors = ancestorsOf(path)
    assert.equal(ancestors.length, depth)
    for (let real = 0; real < depth; real++) {
      const asked: string[] = []
      const exists = (up: string): boolean => {
        asked.push(up)
        return ancestors.indexOf(up) >= real
      }
      assert.equal(await nearestExisting(ancestors, exists), real)
      assert.ok(asked.length <= 2 * Math.log2(real + 1) + 2, `${asked.length} for ${real} of ${depth}`)
      assert.ok(!asked.includes('/'), 'the root is there')
    }
  }
})
