// kill -9 under write load. Round by round, on one data directory: start, compare everything with the history, write from
// many connections, kill at a random moment. Every acknowledged write must be there, none half, deleted ones gone, listings
// equal to members, and no repair step in between. What kill -9 cannot show (a missing sync) is in crash-power.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { leftovers, unfinished } from '../support/load-leftovers.ts'
import { LoadRounds } from '../support/load-rounds.ts'
import { Scene } from '../support/load-scene.ts'
import { rounds } from '../support/needs.ts'

const count = rounds('CRASH', 5)

test(`every acknowledged write survives ${count} kills under load, and nothing is half there`, async (t) => {
  await using scene = await Scene.open()
  const load = new LoadRounds(scene)
  t.diagnostic(`seed ${load.seed}`)
  for (let round = 0; round < count; round++) {
    const running = await scene.start()
    if (round === 0) await load.createPod()
    await load.compare(`round ${round}`)
    await load.writeUntilKilled(running)
  }
  const last = await scene.start()
  await load.compare('after the last round')
  assert.equal(await last.stop(), 0)
  t.diagnostic(`${load.acknowledged} acknowledged writes`)
  assert.ok(load.acknowledged > count * 10, `only ${load.acknowledged} writes were acknowledged in ${count} rounds`)
  assert.deepEqual(await leftovers(scene.dataDir), [], 'files of bodies that no row names')
  assert.deepEqual(unfinished(scene.dataDir), [], 'files of uploads that died with their server')
})
