// One round of a crash test: compare what is there with the history, then write from many connections until the kill.

import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'

import { History, judge } from './checker.ts'
import { LoadClient } from './load-client.ts'
import type { Scene } from './load-scene.ts'
import { type Chance, disturb, observe, seeded, write } from './load-writers.ts'
import { until } from './until.ts'
import { usesPostgres } from './stores.ts'

const writers = 6
const shortestMs = 30
/** A write over the network to two servers takes longer. */
const longestMs = usesPostgres ? 1500 : 350
const fewestWrites = 10

export class LoadRounds {
  readonly scene: Scene
  /** XPOD_TEST_SEED repeats a run, as far as time allows. */
  readonly seed = Number(process.env.XPOD_TEST_SEED ?? randomInt(2 ** 31))
  readonly chance: Chance = seeded(this.seed)
  readonly #history = new History()
  #pod = ''
  #serial = 0

  constructor(scene: Scene) {
    this.scene = scene
  }

  get acknowledged(): number {
    return this.#history.acknowledged
  }

  get #root(): string {
    return `${this.#pod}load/`
  }

  async createPod(): Promise<void> {
    this.#pod = await this.scene.createPod('alice')
  }

  /** Fails when anything is there that cannot be, or is not there that must be. */
  async compare(where: string): Promise<void> {
    const client = new LoadClient(this.scene.baseUrl)
    try {
      const observed = await observe(client, this.#root, this.#history)
      assert.deepEqual(judge(this.#history, observed, this.#root), [], `seed ${this.seed}, ${where}`)
      this.#history.settle(observed)
    } finally {
      client.close()
    }
  }

  async writeUntilKilled(running: { kill(): Promise<void> }): Promise<void> {
    const { chance } = this
    const clients = Array.from({ length: writers + 1 }, () => new LoadClient(this.scene.baseUrl))
    let isOver = false
    const folders = clients.slice(1).map((_, index) => `${this.#root}w${index}/`)
    const working = Promise.all([
      disturb(clients[0]!, folders, chance, () => isOver),
      ...folders.map((folder, index) => {
        const serial = (): number => ++this.#serial
        return write({ client: clients[index + 1]!, history: this.#history, chance, folder, serial }, () => isOver)
      }),
    ])
    const before = this.acknowledged
    const life = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, shortestMs + chance() * longestMs))
      // A slow machine gets as much done as a fast one.
      await until('writes are acknowledged', () => this.acknowledged > before + fewestWrites)
    }
    // A writer that fails ends the round at once, and its error is what the test reports.
    await Promise.race([life(), working])
    isOver = true
    await running.kill()
    await working
    for (const client of clients) client.close()
  }
}
