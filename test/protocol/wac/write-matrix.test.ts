// Web Access Control, protected operations, second half: Write, Append and Control without Read. 221 scenarios, each on its
// own container, and the one on inherited rules taking effect.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { build, play } from '../../support/matrix-stage.ts'
import { subjects, titleOf, writeScenarios } from '../../support/matrix.ts'
import { expectStatus } from '../../support/solid-client.ts'
import { protect } from '../../support/solid-client-acl.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())

test('the matrix of writing has the 221 scenarios of the official tests', () => {
  assert.deepEqual(
    subjects.map((subject) => writeScenarios(subject).length),
    [84, 84, 53],
  )
})

for (const subject of subjects) {
  describe(`row 69: Write, Append and Control for ${subject}`, { concurrency: 8 }, () => {
    for (const scenario of writeScenarios(subject)) {
      test(titleOf(scenario), async () => play(world, scenario, await build(world, scenario.shape, scenario.subject)))
    }
  })
}

test('row 64: a rule put on the container takes effect on what is below, old and new', async () => {
  const { alice, bob } = world
  const container = world.fresh()
  await alice.store(`${container}below/old.ttl`)
  expectStatus(await bob.get(`${container}below/old.ttl`), 403)
  await protect(alice, container, { who: { agent: bob.webId! }, modes: 'RW' })
  expectStatus(await bob.put(`${container}below/new.txt`, 'text/plain', 'New resource'), 201)
  expectStatus(await bob.get(`${container}below/new.txt`), 200)
  expectStatus(await bob.get(`${container}below/old.ttl`), 200)
})
