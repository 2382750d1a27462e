// The queues that decide what stays in memory: the bound always holds, scans do not flush what is used. No server.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Residents, Slot, touch } from '../../../src/core/cache/resident.ts'

class Named extends Slot {
  readonly name: number
  constructor(name: number, bytes: number) {
    super(bytes)
    this.name = name
  }
  override fingerprint(): number {
    return this.name
  }
}

function cache(maxBytes: number): { residents: Residents<Named>; dropped: number[] } {
  const dropped: number[] = []
  return { residents: new Residents<Named>(maxBytes, (slot) => dropped.push(slot.name)), dropped }
}

test('the bound of bytes holds after every addition and every growth', () => {
  const { residents } = cache(1000)
  let seed = 7
  const slots: Named[] = []
  for (let index = 0; index < 5000; index++) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    const slot = new Named(index, seed % 300)
    slots.push(slot)
    residents.add(slot)
    const some = slots[seed % slots.length]!
    if (some.queue !== undefined) residents.resize(some, seed % 500)
    touch(some)
    assert.ok(residents.bytes <= 1000, `${residents.bytes} bytes`)
  }
})

test('what is asked for again outlives a scan of things that are asked for once', () => {
  const { residents, dropped } = cache(1000)
  const hot = Array.from({ length: 5 }, (_, name) => new Named(name, 10))
  for (const slot of hot) residents.add(slot)
  for (let name = 100; name < 1100; name++) {
    for (const slot of hot) touch(slot)
    residents.add(new Named(name, 10))
  }
  assert.deepEqual(
    dropped.filter((name) => name < 5),
    [],
  )
})

test('what fell out and comes back is kept longer than what is new', () => {
  const { residents, dropped } = cache(100)
  residents.add(new Named(1, 10))
  for (let name = 10; name < 25; name++) residents.add(new Named(name, 10))
  assert.ok(dropped.includes(1))
  dropped.length = 0
  residents.add(new Named(1, 10))
  for (let name = 30; name < 38; name++) residents.add(new Named(name, 10))
  assert.ok(!dropped.includes(1))
})

test('a thing larger than the whole bound does not stay', () => {
  const { residents, dropped } = cache(100)
  residents.add(new Named(1, 101))
  assert.deepEqual(dropped, [1])
  assert.equal(residents.bytes, 0)
})

test('what its owner removed is not dropped again, and its bytes are free', () => {
  const { residents, dropped } = cache(100)
  const slot = new Named(1, 60)
  residents.add(slot)
  residents.remove(slot)
  residents.remove(slot)
  assert.equal(residents.bytes, 0)
  residents.resize(slot, 90)
  assert.equal(residents.bytes, 0)
  assert.deepEqual(dropped, [])
})
