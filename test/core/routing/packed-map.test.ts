// A packed map is a map.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { PackedMap } from '../../../src/core/routing/packed-map.ts'

interface Thing {
  readonly text: string
}

const packing = { pack: ({ text }: Thing) => text, unpack: (text: string): Thing => ({ text }) }
const key = fc.oneof(fc.constantFrom('a', 'b', 'alice', 'åsa', '名'), fc.string({ maxLength: 12 }))
const step = fc.record({ act: fc.constantFrom('set', 'set', 'delete'), key, text: fc.string({ maxLength: 40 }) })

test('after any sets and deletes it holds what a Map holds', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const packed = new PackedMap<Thing>(packing)
      const plain = new Map<string, string>()
      for (const { act, key: name, text } of steps) {
        const wellFormed = name.toWellFormed()
        if (act === 'delete') {
          packed.delete(wellFormed)
          plain.delete(wellFormed)
        } else {
          packed.set(wellFormed, { text: text.toWellFormed() })
          plain.set(wellFormed, text.toWellFormed())
        }
        assert.equal(packed.get(wellFormed)?.text, plain.get(wellFormed))
      }
      assert.equal(packed.size, plain.size)
      for (const { key: name } of steps) {
        const wellFormed = name.toWellFormed()
        assert.equal(packed.get(wellFormed)?.text, plain.get(wellFormed))
      }
    }),
  )
})

test('what is asked for again is the same object', () => {
  const packed = new PackedMap<Thing>(packing)
  packed.set('alice', { text: 'one' })
  assert.equal(packed.get('alice'), packed.get('alice'))
})

test('a hundred thousand entries that come and go stay findable, and holes are filled', () => {
  const packed = new PackedMap<Thing>(packing)
  const before = process.memoryUsage().arrayBuffers
  for (let number = 0; number < 100_000; number++) {
    packed.set(`pod-${number % 5000}`, { text: `value ${number}` })
    if (number % 3 === 0) packed.delete(`pod-${(number * 7) % 5000}`)
  }
  packed.set('pod-17', { text: 'last' })
  assert.equal(packed.get('pod-17')?.text, 'last')
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 20e6, `${grown} bytes of buffers for 5 000 entries`)
})
