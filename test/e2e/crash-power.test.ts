// Power cuts under write load: the server runs with a preloaded shim that logs every write, name and sync; after kill -9 the
// data directory is rebuilt with only what was synced and a random part of the rest, and the next server starts on that.
// Finds a sync that is missing or out of order, which kill -9 alone cannot: the kernel keeps unsynced writes.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { buildShim } from '../support/load-faults.ts'
import { LoadRounds } from '../support/load-rounds.ts'
import { Scene } from '../support/load-scene.ts'
import { canRun, lacks, rounds } from '../support/needs.ts'
import { cutPower, readChanges, readDisk, writeImage } from '../support/power-cut.ts'

const count = rounds('POWER', 3)

const skip = lacks('cc', canRun('cc', '--version'))

test(`every acknowledged write survives ${count} power cuts under load`, { skip }, async (t) => {
  await using scene = await Scene.open()
  const load = new LoadRounds(scene)
  t.diagnostic(`seed ${load.seed}`)
  mkdirSync(scene.dataDir)
  const library = buildShim(scene.path('.'))
  for (let round = 0; round < count; round++) {
    const log = scene.path(`log-${round}`)
    const before = readDisk(scene.dataDir)
    const running = await scene.start({ env: { LD_PRELOAD: library, FAULT_DIR: scene.dataDir, FAULT_LOG: log } })
    if (round === 0) await load.createPod()
    await load.compare(`round ${round}`)
    await load.writeUntilKilled(running)
    const image = cutPower(before, scene.dataDir, readChanges(readFileSync(log)), load.chance)
    // The same file, not another with its content: a node waits for who may run elsewhere with a copy of its directory.
    const [node, aside] = [join(scene.dataDir, 'node.id'), scene.path('node.id')]
    if (existsSync(node)) renameSync(node, aside)
    rmSync(scene.dataDir, { recursive: true })
    rmSync(log)
    writeImage(image, scene.dataDir)
    if (existsSync(node)) renameSync(aside, node)
  }
  const last = await scene.start()
  await load.compare('after the last cut')
  assert.equal(await last.stop(), 0)
  assert.ok(load.acknowledged > count * 10, `only ${load.acknowledged} writes were acknowledged in ${count} rounds`)
  t.diagnostic(`${load.acknowledged} acknowledged writes`)
})
