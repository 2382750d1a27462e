// Entries end by time and by the bounds.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ExpiringCache } from '../../../src/core/cache/expiring.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

function cache(options: { maxEntries?: number; maxWeight?: number } = {}) {
  const clock = createFakeClock()
  const weigh = (_key: string, value: string): number => value.length
  return { clock, cache: new ExpiringCache<string>({ clock, maxEntries: 100, maxWeight: 1000, ...options, weigh }) }
}

test('an entry is there until its time is over, whatever the wall clock does', () => {
  const { clock, cache: kept } = cache()
  kept.set('a', 'x', 1000)
  clock.jump(3_600_000)
  clock.advance(999)
  assert.equal(kept.get('a'), 'x')
  clock.advance(1)
  assert.equal(kept.get('a'), undefined)
  assert.equal(kept.size, 0)
})

test('beyond the number of entries the oldest goes', () => {
  const { cache: kept } = cache({ maxEntries: 2 })
  for (const key of ['a', 'b', 'c']) kept.set(key, key, 1000)
  assert.deepEqual([kept.get('a'), kept.get('b'), kept.get('c')], [undefined, 'b', 'c'])
})

test('an entry that is set again is the newest', () => {
  const { cache: kept } = cache({ maxEntries: 2 })
  for (const key of ['a', 'b', 'a', 'c']) kept.set(key, key, 1000)
  assert.deepEqual([kept.get('a'), kept.get('b'), kept.get('c')], ['a', undefined, 'c'])
})

test('beyond the weight as many of the oldest go as are needed', () => {
  const { cache: kept } = cache({ maxWeight: 10 })
  kept.set('a', 'xxxx', 1000)
  kept.set('b', 'xxxx', 1000)
  kept.set('c', 'xxxxxxx', 1000)
  assert.deepEqual([kept.get('a'), kept.get('b'), kept.get('c')], [undefined, undefined, 'xxxxxxx'])
})

test('the weight of what is deleted or replaced is free again', () => {
  const { cache: kept } = cache({ maxWeight: 10 })
  for (let n = 0; n < 100; n++) kept.set('a', 'xxxxxxxx', 1000)
  kept.delete('a')
  kept.set('b', 'xxxxx', 1000)
  kept.set('c', 'xxxxx', 1000)
  assert.equal(kept.get('b'), 'xxxxx')
})

test('what is heavier than all together, or already over, is not kept and takes the old value away', () => {
  const { cache: kept } = cache({ maxWeight: 10 })
  kept.set('a', 'x', 1000)
  kept.set('a', 'x'.repeat(11), 1000)
  assert.equal(kept.get('a'), undefined)
  kept.set('b', 'x', 0)
  assert.equal(kept.get('b'), undefined)
})
