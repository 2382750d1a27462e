// One PUT with its n-th call of a kind failing, for every n: the disk says EIO or ENOSPC to a write, a sync, a rename, a new
// file or a deletion. The answer must not lie: acknowledged is there after a restart, refused left the old content, and an
// answer that claims nothing (503) leaves the old or the new content, whole. Other documents stay as they were.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { History, judge } from '../support/checker.ts'
import { buildShim, type CallKind, type Fault, FaultControl } from '../support/load-faults.ts'
import { LoadClient } from '../support/load-client.ts'
import { Scene } from '../support/load-scene.ts'
import { digest, observe } from '../support/load-writers.ts'
import { canRun, lacks, rounds } from '../support/needs.ts'

const skip = lacks('cc', canRun('cc', '--version'))
/** Beyond the number of calls of any kind that one PUT makes; on a user's machine the first few of each kind. */
const mostCalls = rounds('INJECT', 2)
const faults: readonly Fault[] = ['EIO', 'ENOSPC']
const callKinds: readonly CallKind[] = ['write', 'sync', 'create', 'rename', 'unlink', 'truncate']
const honest = [200, 201, 204, 205, 500, 503, 507]

for (const size of [1000, 300_000]) {
  for (const kind of callKinds) {
    test(`a PUT of ${size} bytes never lies when the disk below SQLite and files refuses a ${kind}`, {
      skip,
    }, async () => {
      await using scene = await Scene.open()
      const library = buildShim(scene.path('.'))
      const page = scene.path('control')
      using control = new FaultControl(page)
      const trial = new Trial(scene, control, size)
      const env = { LD_PRELOAD: library, FAULT_DIR: scene.dataDir, FAULT_CONTROL: page }
      await trial.prepare(env)
      for (const fault of faults) {
        for (let nth = 1; nth <= mostCalls; nth++) {
          const wasHit = await trial.run(kind, nth, fault, env)
          if (!wasHit) break
        }
      }
    })
  }
}

class Trial {
  readonly #scene: Scene
  readonly #control: FaultControl
  readonly #size: number
  readonly #history = new History()
  #pod = ''
  #serial = 0

  constructor(scene: Scene, control: FaultControl, size: number) {
    this.#scene = scene
    this.#control = control
    this.#size = size
  }

  async prepare(env: Readonly<Record<string, string>>): Promise<void> {
    const running = await this.#scene.start({ env })
    this.#pod = await this.#scene.createPod('alice')
    assert.equal(await this.#put('load/other.bin'), 201)
    assert.equal(await this.#put('load/it.bin'), 201)
    await running.stop()
  }

  /** False when the PUT made fewer calls of this kind. */
  async run(kind: CallKind, nth: number, fault: Fault, env: Readonly<Record<string, string>>): Promise<boolean> {
    const where = `${fault} at ${kind} ${nth}`
    const running = await this.#scene.start({ env })
    this.#control.arm(kind, nth, fault)
    const status = await this.#put('load/it.bin')
    const wasHit = this.#control.counted() >= nth
    this.#control.disarm()
    assert.ok(status === undefined || honest.includes(status), `${where}: answered ${status}`)
    if (!wasHit) assert.ok(status !== undefined && status < 300, `no fault, and answered ${status}`)
    await running.kill()
    const next = await this.#scene.start({ env })
    await this.#compare(where)
    await next.kill()
    return wasHit
  }

  /** The status of the answer; undefined when there was none. */
  async #put(name: string): Promise<number | undefined> {
    const body = Buffer.alloc(this.#size, `${name} ${++this.#serial} `)
    const attempt = this.#history.begin(this.#pod + name, digest(body))
    const client = new LoadClient(this.#scene.baseUrl)
    const headers = { 'content-type': 'application/octet-stream' }
    try {
      const { status } = await client.send('PUT', this.#pod + name, { headers, body })
      if (status < 300) attempt.acknowledged()
      else if (status === 503) attempt.unanswered()
      else attempt.refused()
      return status
    } catch {
      attempt.unanswered()
      return undefined
    } finally {
      client.close()
    }
  }

  async #compare(where: string): Promise<void> {
    const client = new LoadClient(this.#scene.baseUrl)
    const root = `${this.#pod}load/`
    const observed = await observe(client, root, this.#history)
    client.close()
    assert.deepEqual(judge(this.#history, observed, root), [], where)
    this.#history.settle(observed)
  }
}
