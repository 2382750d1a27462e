// P8: start and idle memory.

import { Scene } from '../support/load-scene.ts'
import { idle, middle, residentMiB } from './measure.ts'
import type { Claim } from './stage.ts'

const starts = 5

const start: Claim = {
  name: 'P8',
  async run() {
    await using scene = await Scene.open()
    await (await scene.start()).stop()
    const times: number[] = []
    let resident = 0
    for (let turn = 0; turn < starts; turn++) {
      const startMs = performance.now()
      const running = await scene.start()
      times.push(performance.now() - startMs)
      if (turn === 0) {
        await idle()
        resident = residentMiB(running.pid)
      }
      await running.stop()
    }
    const ms = middle(times)
    return [
      {
        claim: 'P8 start to first answer',
        figure: `${ms.toFixed(0)} ms`,
        limit: '',
        ratio: ms / 1000,
        goal: '≤ 0.5 s',
        pass: ms <= 500,
      },
      {
        claim: 'P8 idle memory',
        figure: `${resident.toFixed(0)} MiB`,
        limit: '',
        ratio: resident,
        goal: '≤ 120 MB',
        pass: resident * 1.048576 <= 120,
      },
    ]
  },
}

/** After `--resources N` have been made in the stage's pod: what they cost when idle, after a restart. */
const idleWithResources: Claim = {
  name: 'P8-resources',
  async run(stage) {
    const count = stage.options.resources
    await stage.running.stop()
    const startMs = performance.now()
    const running = await stage.scene.start()
    const ms = performance.now() - startMs
    await idle()
    const resident = residentMiB(running.pid)
    await running.stop()
    return [
      {
        claim: `P8 start with ${count} resources`,
        figure: `${ms.toFixed(0)} ms`,
        limit: '',
        ratio: ms / 1000,
        goal: '≤ 0.5 s',
        pass: ms <= 500,
      },
      {
        claim: `P8 idle memory with ${count} resources`,
        figure: `${resident.toFixed(0)} MiB`,
        limit: '',
        ratio: resident,
        goal: '≤ 170 MB',
        pass: resident * 1.048576 <= 170,
      },
    ]
  },
}

export const starting: readonly Claim[] = [start]
export const startingAtScale: readonly Claim[] = [idleWithResources]
