// What every event bus must do. A function of a factory, so that the buses between processes run the same tests: there,
// `near` and `far` are two ends of it; in one process they are the same.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Bus, BusEvent } from '../../src/core/bus/bus.ts'
import { until } from '../support/until.ts'

export interface BusWorld extends AsyncDisposable {
  /** Where the tests publish. */
  readonly near: Bus
  /** Where they listen. */
  readonly far: Bus
  /** Resolves when what was subscribed at the far end is known at the near one. */
  settled(): Promise<void>
}

const event = (seq: number, epoch = 1): BusEvent => ({ epoch, seq, mark: (seq * 7919) % 2 ** 32 })

interface Heard {
  readonly events: BusEvent[]
  readonly handler: (event: BusEvent) => void
  last(): number
}

function listener(): Heard {
  const events: BusEvent[] = []
  return { events, handler: (heard) => void events.push(heard), last: () => events.at(-1)?.seq ?? -1 }
}

export function busSuite(name: string, open: () => Promise<BusWorld>): void {
  describe(name, () => {
    test('what is published is heard, whole', async () => {
      await using world = await open()
      const { events, handler } = listener()
      await using _ = world.far.subscribe('pod', 0, handler)
      await world.settled()
      world.near.publish('pod', event(7, 3))
      await until('it is heard', () => events.length > 0)
      assert.deepEqual(events[0], event(7, 3))
    })

    test('every listener of a topic hears it, and no other', async () => {
      await using world = await open()
      const [one, two, other] = [listener(), listener(), listener()]
      await using _ = world.far.subscribe('pod', 0, one.handler)
      await using __ = world.far.subscribe('pod', 0, two.handler)
      await using ___ = world.far.subscribe('other', 0, other.handler)
      await world.settled()
      world.near.publish('pod', event(1))
      world.near.publish('other', event(2))
      await until('all have heard', () => [one, two, other].every(({ events }) => events.length > 0))
      assert.deepEqual([one.last(), two.last(), other.last()], [1, 1, 2])
      assert.ok(other.events.every(({ seq }) => seq === 2))
    })

    test('of many events the newest is heard, and none after a later one', async () => {
      await using world = await open()
      const { events, handler, last } = listener()
      await using _ = world.far.subscribe('pod', 0, handler)
      await world.settled()
      for (let seq = 1; seq <= 1000; seq++) {
        world.near.publish('pod', event(seq))
        if (seq % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await until('the newest is heard', () => last() === 1000)
      for (let index = 1; index < events.length; index++) assert.ok(events[index]!.seq >= events[index - 1]!.seq)
    })

    test('an event that comes late is not told after a later one', async () => {
      await using world = await open()
      const { events, handler, last } = listener()
      await using _ = world.far.subscribe('pod', 0, handler)
      await world.settled()
      world.near.publish('pod', event(5))
      await until('5 is heard', () => last() === 5)
      world.near.publish('pod', event(4))
      world.near.publish('pod', event(6))
      await until('6 is heard', () => last() === 6)
      assert.ok(!events.some(({ seq }) => seq === 4))
    })

    test('a new epoch is heard whatever its seq', async () => {
      await using world = await open()
      const { events, handler } = listener()
      await using _ = world.far.subscribe('pod', 0, handler)
      await world.settled()
      world.near.publish('pod', event(9, 1))
      await until('the first epoch is heard', () => events.length > 0)
      world.near.publish('pod', event(3, 2))
      await until('the second is heard', () => events.some(({ epoch, seq }) => epoch === 2 && seq === 3))
    })

    test('who subscribes behind what the bus knows is told at once, who is not behind is not', async () => {
      await using world = await open()
      const first = listener()
      await using _ = world.far.subscribe('pod', 0, first.handler)
      await world.settled()
      world.near.publish('pod', event(5))
      await until('5 is heard', () => first.last() === 5)
      const [behind, level] = [listener(), listener()]
      await using __ = world.far.subscribe('pod', 5, level.handler)
      await using ___ = world.far.subscribe('pod', 4, behind.handler)
      assert.equal(behind.events.length, 0, 'it was told inside subscribe')
      await until('the one behind is told', () => behind.last() === 5)
      assert.equal(level.events.length, 0)
      world.near.publish('pod', event(6))
      await until('both go on', () => behind.last() === 6 && level.last() === 6)
    })

    test('handlers run outside the publisher', async () => {
      await using world = await open()
      let isPublishing = false
      let heardInside: boolean | undefined
      await using _ = world.far.subscribe('pod', 0, () => {
        heardInside = isPublishing
      })
      await world.settled()
      isPublishing = true
      world.near.publish('pod', event(1))
      isPublishing = false
      await until('it is heard', () => heardInside !== undefined)
      assert.equal(heardInside, false)
    })

    test('a handler that throws harms neither the publisher nor the others, and goes on hearing', async () => {
      await using world = await open()
      let calls = 0
      await using _ = world.far.subscribe('pod', 0, () => {
        calls++
        throw new Error('a bug of the listener')
      })
      const { last, handler } = listener()
      await using __ = world.far.subscribe('pod', 0, handler)
      await world.settled()
      world.near.publish('pod', event(1))
      await until('the other hears', () => last() === 1)
      world.near.publish('pod', event(2))
      await until('both hear the next', () => last() === 2 && calls >= 2)
    })

    test('nothing is told after a subscription ended, also when it was under way', async () => {
      await using world = await open()
      const [leaving, staying] = [listener(), listener()]
      const subscription = world.far.subscribe('pod', 0, leaving.handler)
      await using _ = world.far.subscribe('pod', 0, staying.handler)
      await world.settled()
      world.near.publish('pod', event(1))
      await subscription[Symbol.asyncDispose]()
      const before = leaving.events.length
      world.near.publish('pod', event(2))
      await until('the other hears', () => staying.last() === 2)
      assert.equal(leaving.events.length, before)
    })

    test('a handler may end its own subscription and begin another', async () => {
      await using world = await open()
      const second = listener()
      const held: AsyncDisposable[] = []
      let calls = 0
      held.push(
        world.far.subscribe('pod', 0, () => {
          calls++
          void held[0]![Symbol.asyncDispose]()
          held.push(world.far.subscribe('pod', 0, second.handler))
        }),
      )
      await world.settled()
      world.near.publish('pod', event(1))
      await until('the first is called', () => calls > 0)
      await world.settled()
      world.near.publish('pod', event(2))
      await until('the second hears', () => second.last() === 2)
      assert.equal(calls, 1)
      for (const subscription of held) await subscription[Symbol.asyncDispose]()
    })

    test('publishing is harmless with nobody listening, and once the bus is closed', async () => {
      const world = await open()
      world.near.publish('nobody', event(1))
      const { events, handler } = listener()
      world.far.subscribe('pod', 0, handler)
      await world.settled()
      await world[Symbol.asyncDispose]()
      world.near.publish('pod', event(1))
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(events.length, 0)
    })
  })
}
