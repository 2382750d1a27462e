// The way to the disk: how many at once, what is late, what counts as a failure, and the states that follow.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DiskGate } from '../../../../../src/core/cache/tiered/disk/gate.ts'
import { DiskHealth, type DiskState } from '../../../../../src/core/cache/tiered/disk/health.ts'
import { createFakeClock, type FakeClock } from '../../../../support/fake-clock.ts'
import { failing, pass } from '../world.ts'

interface Way {
  readonly clock: FakeClock
  readonly health: DiskHealth
  readonly gate: DiskGate
  readonly states: DiskState[]
}

function way(places = 2): Way {
  const clock = createFakeClock()
  const states: DiskState[] = []
  const health = new DiskHealth(clock, (state) => states.push(state))
  health.start()
  states.length = 0
  const gate = new DiskGate({ clock, health, places, readDeadlineMs: 500, writeDeadlineMs: 5000 })
  return { clock, health, gate, states }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('few run at once, the others in the order they came', async () => {
  const { gate } = way(2)
  const begun: number[] = []
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<number>())
  const all = gates.map(({ promise }, index) => gate.run('read', () => (begun.push(index), promise)))
  await turn()
  assert.deepEqual(begun, [0, 1])
  gates[1]!.resolve(1)
  await turn()
  assert.deepEqual(begun, [0, 1, 2])
  for (const [index, { resolve }] of gates.entries()) resolve(index)
  assert.deepEqual(await Promise.all(all), [{ value: 0 }, { value: 1 }, { value: 2 }, { value: 3 }])
})

test('what is late is told so, and later what became of it', async () => {
  const { gate, clock, health } = way()
  const slow = Promise.withResolvers<string>()
  const running = gate.run('read', () => slow.promise)
  await turn()
  await pass(clock, 500)
  const outcome = await running
  assert.equal(outcome.failure, 'late')
  slow.resolve('after all')
  assert.deepEqual(outcome.failure === 'late' && (await outcome.ended), { value: 'after all' })
  assert.equal(health.state, 'normal')
})

test('a program that is busy for long does not take its disk for slow', async () => {
  const { gate, clock, health } = way()
  const done = Promise.withResolvers<string>()
  const running = gate.run('read', () => done.promise)
  await turn()
  // It ended in time, and the clock is read only much later.
  setImmediate(() => done.resolve('in time'))
  clock.advance(60_000)
  assert.deepEqual(await running, { value: 'in time' })
  assert.equal(health.state, 'normal')
})

test('when every place is held by what is late nobody waits, until one ends', async () => {
  const { gate, clock, states } = way(2)
  const slow = [0, 1].map(() => Promise.withResolvers<void>())
  const running = slow.map(({ promise }) => gate.run('write', () => promise))
  const waiting = gate.run('write', async () => 'never')
  await turn()
  await pass(clock, 5000)
  await Promise.all(running)
  assert.deepEqual(await waiting, { failure: 'busy' })
  assert.ok(gate.isHung)
  assert.deepEqual(states, ['down'])
  assert.deepEqual(await gate.run('read', async () => 'never'), { failure: 'busy' })
  slow[0]!.resolve()
  await turn()
  assert.deepEqual(await gate.run('read', async () => 'again'), { value: 'again' })
})

test('more than a thousand do not wait', async () => {
  const { gate } = way(1)
  const slow = Promise.withResolvers<void>()
  const all = Array.from({ length: 1002 }, () => gate.run('read', () => slow.promise))
  assert.equal((await all.at(-1)!).failure, 'busy')
  slow.resolve()
  assert.deepEqual(await all[1000], { value: undefined })
})

for (const [code, failure, counts] of [
  ['ENOENT', 'missing', false],
  ['ENOTDIR', 'missing', false],
  ['ENOSPC', 'full', false],
  ['EDQUOT', 'full', false],
  ['EMFILE', 'busy', false],
  ['EIO', 'broken', true],
  ['EROFS', 'broken', true],
  ['EACCES', 'broken', true],
] as const) {
  test(`${code} is ${failure}, and ${counts ? 'a failure of the disk' : 'no failure of the disk'}`, async () => {
    const { gate, health } = way()
    for (let time = 0; time < 3; time++) {
      assert.equal((await gate.run('write', async () => failing(code))).failure, failure)
    }
    assert.equal(health.state, counts ? 'unstable' : 'normal')
  })
}

test('failures count when three come within a minute', () => {
  const { health, clock, states } = way()
  for (let time = 0; time < 10; time++) {
    health.failed('read', 'EIO')
    clock.advance(31_000)
  }
  assert.deepEqual(states, [])
  for (let time = 0; time < 2; time++) health.failed('write', 'EIO')
  assert.deepEqual(states, ['unstable'])
  for (let time = 0; time < 10; time++) health.failed('write', 'EIO')
  assert.deepEqual(states, ['unstable'], 'nothing is written any more, so this says nothing of reading')
  for (let time = 0; time < 3; time++) health.failed('read', 'EIO')
  assert.deepEqual(states, ['unstable', 'down'])
  health.recovered()
  health.recovered()
  health.recovered()
  assert.deepEqual(states, ['unstable', 'down', 'unstable', 'normal'])
})
