// The bus of one process: the suite of all buses, and what only it promises.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import type { BusEvent } from '../../../src/core/bus/bus.ts'
import { createLocalBus } from '../../../src/core/bus/local.ts'
import { busSuite } from '../../conformance/bus.ts'

busSuite('the bus of one process', async () => {
  const bus = createLocalBus({ log: silentLog })
  return { near: bus, far: bus, settled: async () => {}, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() }
})

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('events of one turn of the loop wake a listener once, with the newest', async () => {
  await using bus = createLocalBus({ log: silentLog })
  const heard: BusEvent[] = []
  await using _ = bus.subscribe('pod', 0, (event) => void heard.push(event))
  for (const seq of [1, 2, 4, 3]) bus.publish('pod', { epoch: 1, seq, mark: seq })
  await turn()
  assert.deepEqual(heard, [{ epoch: 1, seq: 4, mark: 4 }])
})

test('a straggler of an earlier epoch is not told', async () => {
  await using bus = createLocalBus({ log: silentLog })
  const heard: BusEvent[] = []
  await using _ = bus.subscribe('pod', 0, (event) => void heard.push(event))
  bus.publish('pod', { epoch: 2, seq: 3, mark: 0 })
  await turn()
  bus.publish('pod', { epoch: 1, seq: 10, mark: 0 })
  await turn()
  assert.deepEqual(
    heard.map(({ seq }) => seq),
    [3],
  )
})

test('nothing is remembered of a topic once nobody listens', async () => {
  await using bus = createLocalBus({ log: silentLog })
  const first = bus.subscribe('pod', 0, () => {})
  bus.publish('pod', { epoch: 1, seq: 1, mark: 0 })
  await first[Symbol.asyncDispose]()
  const heard: BusEvent[] = []
  await using _ = bus.subscribe('pod', 0, (event) => void heard.push(event))
  await turn()
  await turn()
  assert.deepEqual(heard, [])
})
