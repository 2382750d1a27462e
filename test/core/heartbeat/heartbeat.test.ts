// The lease and what is seen of others, by a clock that the tests move.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { type Beaten, type Heartbeat, startHeartbeat } from '../../../src/core/heartbeat/heartbeat.ts'
import { Sightings } from '../../../src/core/heartbeat/sightings.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { until } from '../../support/until.ts'

class Database {
  era = 'one'
  isUp = true
  isMine = true
  beats = 0
  /** Beats wait for this. */
  gate: Promise<void> = Promise.resolve()
  readonly others = new Map<string, number>()

  async beat(): Promise<Beaten> {
    await this.gate
    if (!this.isUp) throw new Error('down')
    this.beats++
    const beats = [...this.others].map(([id, beat]) => ({ id, instance: 'i', beat }))
    return { isMine: this.isMine, era: this.era, beats }
  }
}

interface World extends AsyncDisposable {
  readonly clock: FakeClock
  readonly database: Database
  readonly heart: Heartbeat
  readonly replaced: { count: number }
  /** Moves the clock to the next beat and waits until it is over. */
  beat(): Promise<void>
}

async function openWorld(): Promise<World> {
  const clock = createFakeClock()
  const database = new Database()
  const replaced = { count: 0 }
  const heart = await startHeartbeat({
    beat: () => database.beat(),
    clock,
    log: silentLog,
    metrics: createMetrics(),
    onReplaced: () => replaced.count++,
  })
  return {
    clock,
    database,
    heart,
    replaced,
    async beat() {
      clock.advance(3000)
      await new Promise<void>((resolve) => setImmediate(resolve))
    },
    [Symbol.asyncDispose]: () => heart[Symbol.asyncDispose](),
  }
}

test('the lease lasts while beats are taken, and less than ten seconds after the last', async () => {
  await using world = await openWorld()
  const { clock, database, heart } = world
  const term = heart.term()
  assert.notEqual(term, 0)
  for (let beat = 0; beat < 5; beat++) await world.beat()
  assert.equal(heart.term(), term)
  database.isUp = false
  clock.advance(9999)
  assert.equal(heart.term(), term)
  clock.advance(1)
  assert.equal(heart.term(), 0)
})

test('the lease counts from when a beat was sent, not from when it was answered', async () => {
  await using world = await openWorld()
  const { clock, database, heart } = world
  const { promise, resolve } = Promise.withResolvers<void>()
  database.gate = promise
  clock.advance(3000)
  clock.advance(6000)
  resolve()
  await until('the beat is taken', () => database.beats === 2)
  await new Promise<void>((done) => setImmediate(done))
  assert.notEqual(heart.term(), 0)
  database.isUp = false
  clock.advance(3999)
  assert.notEqual(heart.term(), 0)
  clock.advance(1)
  assert.equal(heart.term(), 0)
})

test('a jump of the wall clock ends the lease although the monotonic clock stood still', async () => {
  for (const ms of [10_000, -10_000]) {
    await using world = await openWorld()
    world.clock.jump(ms)
    assert.equal(world.heart.term(), 0)
  }
})

test('a lease that was lost in between is another one, and says so once', async () => {
  await using world = await openWorld()
  const { database, heart, clock } = world
  let regained = 0
  using _ = heart.onRegained(() => regained++)
  const term = heart.term()
  database.isUp = false
  for (let beat = 0; beat < 4; beat++) await world.beat()
  assert.equal(heart.term(), 0)
  database.isUp = true
  await world.beat()
  assert.notEqual(heart.term(), 0)
  assert.notEqual(heart.term(), term)
  assert.equal(regained, 1)
  await world.beat()
  assert.equal(regained, 1)
  clock.advance(1)
})

test('a lapse that nobody saw, because a machine slept, still makes another lease', async () => {
  await using world = await openWorld()
  const term = world.heart.term()
  world.clock.jump(60_000)
  await world.beat()
  assert.notEqual(world.heart.term(), 0)
  assert.notEqual(world.heart.term(), term)
})

test('another server makes another lease', async () => {
  await using world = await openWorld()
  const term = world.heart.term()
  world.database.era = 'two'
  await world.beat()
  assert.notEqual(world.heart.term(), 0)
  assert.notEqual(world.heart.term(), term)
})

test('who is replaced has no lease any more and says so once', async () => {
  await using world = await openWorld()
  world.database.isMine = false
  await world.beat()
  world.database.isMine = true
  await world.beat()
  assert.equal(world.heart.term(), 0)
  assert.equal(world.replaced.count, 1)
})

test('a beat counts as unchanged since it was first seen at the same server', () => {
  const clock = createFakeClock()
  const sightings = new Sightings(clock)
  const look = (beat: number, { era = 'one', instance = 'i' } = {}): boolean =>
    sightings.look(era, [{ id: 'a', instance, beat }])
  const unchangedMs = (): number | undefined => sightings.of('a')?.unchangedMs
  assert.equal(unchangedMs(), undefined)
  look(7)
  clock.advance(3000)
  look(7)
  clock.advance(3000)
  assert.equal(unchangedMs(), 6000)
  look(8)
  assert.equal(unchangedMs(), 0)
  clock.advance(9000)
  look(8)
  assert.equal(unchangedMs(), 9000)
  clock.advance(9000)
  look(8, { instance: 'j' })
  assert.equal(unchangedMs(), 0, 'another run of the node')
  clock.advance(9000)
  assert.equal(look(8, { era: 'two', instance: 'j' }), true)
  assert.equal(unchangedMs(), 0, 'another server')
  sightings.look('two', [])
  assert.equal(sightings.of('a'), undefined)
})

test('a doubt ends the lease at once, and only a beat that is sent after it makes another', async () => {
  await using world = await openWorld()
  const { clock, database, heart } = world
  const term = heart.term()
  const gate = Promise.withResolvers<void>()
  database.gate = gate.promise
  clock.advance(3000)
  heart.doubt()
  assert.equal(heart.term(), 0)
  const taken = database.beats
  gate.resolve()
  await until('both have been taken', () => database.beats === taken + 2)
  await until('it is held again', () => heart.term() !== 0)
  assert.notEqual(heart.term(), term)
})

test('a doubt without a database leaves no lease', async () => {
  await using world = await openWorld()
  const { database, heart } = world
  database.isUp = false
  heart.doubt()
  await new Promise<void>((resolve) => setImmediate(resolve))
  assert.equal(heart.term(), 0)
  database.isUp = true
  await world.beat()
  assert.notEqual(heart.term(), 0)
})
