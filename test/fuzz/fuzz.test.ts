// A short, fixed run of every fuzz target with each test run, and that a target which misbehaves would be noticed.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { XpodError } from '../../src/base/errors.ts'
import { makeInput, seededChance } from './generator.ts'
import { fuzz } from './target.ts'
import { targets } from './targets/all.ts'

const inputs = 400

describe('fuzzing', () => {
  for (const target of targets) {
    it(`finds nothing in ${inputs} inputs for ${target.name}`, async () => {
      const found = await fuzz(target, { seed: 1, goesOn: (done) => done < inputs })
      assert.equal(typeof found, 'number', JSON.stringify(found, undefined, 2))
    })
  }

  it('makes the same inputs from the same seed', () => {
    const grammar = { corpus: ['<a> <b> <c> .'], snippets: ['_:x', '[]'] }
    const make = (seed: number): string[] => {
      const chance = seededChance(seed)
      return Array.from({ length: 50 }, () => makeInput(grammar, chance))
    }
    assert.deepEqual(make(7), make(7))
    assert.notDeepEqual(make(7), make(8))
  })

  for (const [name, failure] of [
    ['a bug', new TypeError('x is undefined')],
    ['an error of the server', new XpodError('INTERNAL')],
  ] as const) {
    it(`reports ${name}`, async () => {
      const bad = { name: 'turtle', snippets: ['x'], run: () => Promise.reject(failure) }
      const found = await fuzz(bad, { seed: 1, goesOn: (done) => done < 3 })
      assert.ok(typeof found === 'object' && found.number === 0)
    })
  }
})
