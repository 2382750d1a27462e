// Web Access Control, protected operations, first half: whoever was granted Read can read, and can do nothing else. 270
// scenarios; nothing in them changes anything, so the scenarios of one shape share a resource, which is checked at the end.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'

import { build, play } from '../../support/matrix-stage.ts'
import { type Scenario, readScenarios, subjects, titleOf } from '../../support/matrix.ts'
import { openWorld } from '../../support/solid-client-world.ts'

const world = await openWorld()
after(() => world[Symbol.asyncDispose]())

const stages = new Map<string, Promise<string>>()

function stageOf(scenario: Scenario): Promise<string> {
  const key = JSON.stringify([scenario.subject, scenario.shape])
  const stage = stages.get(key) ?? build(world, scenario.shape, scenario.subject)
  stages.set(key, stage)
  return stage
}

test('the matrix of reading has the 270 scenarios of the official tests', () => {
  assert.deepEqual(
    subjects.map((subject) => readScenarios(subject).length),
    [90, 90, 90],
  )
})

for (const subject of subjects) {
  describe(`row 69: Read for ${subject}`, { concurrency: 8 }, () => {
    for (const scenario of readScenarios(subject)) {
      test(titleOf(scenario), async () => play(world, scenario, await stageOf(scenario)))
    }
  })
}

test('row 69: 270 requests later every resource is what it was', async () => {
  const urls = await Promise.all(stages.values())
  for (const url of urls) {
    const text = (await world.alice.get(url)).text
    assert.doesNotMatch(text, /Bob.replaced.it/)
    if (url.endsWith('plain.txt')) assert.equal(text, 'Hello')
    if (url.endsWith('missing.txt')) assert.equal((await world.alice.get(url)).status, 404)
    if (url.endsWith('/')) assert.deepEqual(await world.alice.members(url), [])
  }
})
