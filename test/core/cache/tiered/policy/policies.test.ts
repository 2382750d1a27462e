// The policies by themselves: whom they name, in which order, and what they remember. Nothing but calls.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { createMetrics } from '../../../../../src/base/metrics.ts'
import { type Policy, Slot } from '../../../../../src/core/cache/tiered/policy/contract.ts'
import { Ghosts } from '../../../../../src/core/cache/tiered/policy/ghosts.ts'
import { Lru } from '../../../../../src/core/cache/tiered/policy/lru.ts'
import { S3Fifo } from '../../../../../src/core/cache/tiered/policy/s3-fifo.ts'
import { Shadows } from '../../../../../src/core/cache/tiered/policy/shadows.ts'
import { Simulation } from '../../../../../src/core/cache/tiered/policy/simulation.ts'
import { TinyLfu } from '../../../../../src/core/cache/tiered/policy/tiny-lfu.ts'
import { sequence } from '../world.ts'

const what = (fingerprint: number, bytes = 10, group = `g${fingerprint % 50}`) => ({ fingerprint, group, bytes })

/** Adds the things and evicts as an owner does; tells who left. */
function owner(policy: Policy): { ask: (name: number, bytes?: number, group?: string) => boolean; left: number[] } {
  const left: number[] = []
  const slots = new Map<number, Slot>()
  return {
    left,
    ask(name, bytes = 10, group) {
      const known = slots.get(name)
      if (known !== undefined) return (policy.touch(known), true)
      if (!policy.admits(name, bytes)) return false
      while (policy.bytes + bytes > policy.limitBytes) {
        const out = policy.evict()
        if (out === undefined) return false
        slots.delete(out.fingerprint)
        left.push(out.fingerprint)
      }
      const slot = new Slot(what(name, bytes, group))
      slots.set(name, slot)
      policy.add(slot)
      return false
    },
  }
}

for (const make of [
  () => new S3Fifo({ limitBytes: 1000, largeBytes: 100 }),
  () => new Lru({ limitBytes: 1000 }),
  () => new TinyLfu({ limitBytes: 1000, counters: 1024 }),
]) {
  test(`${make().name}: bytes and count are those of what is in, and everything can be taken out`, () => {
    const policy = make()
    const draw = sequence(5)
    const slots = new Map<number, Slot>()
    for (let turn = 0; turn < 5000; turn++) {
      const name = Math.floor(draw() * 300)
      const bytes = 1 + Math.floor(draw() * 200)
      const known = slots.get(name)
      if (known !== undefined && draw() < 0.2) {
        policy.remove(known)
        policy.remove(known)
        slots.delete(name)
      } else if (known !== undefined) policy.touch(known)
      else if (policy.admits(name, bytes)) {
        while (policy.bytes + bytes > policy.limitBytes) slots.delete(policy.evict()!.fingerprint)
        const slot = new Slot(what(name, bytes))
        policy.add(slot)
        slots.set(name, slot)
      }
      assert.equal(policy.count, slots.size)
      assert.equal(
        policy.bytes,
        [...slots.values()].reduce((sum, one) => sum + one.bytes, 0),
      )
    }
    for (let out = policy.evict(); out !== undefined; out = policy.evict()) assert.ok(slots.delete(out.fingerprint))
    assert.deepEqual([slots.size, policy.bytes, policy.count], [0, 0, 0])
  })
}

describe('s3-fifo', () => {
  test('what was asked for again outlives a scan', () => {
    const policy = owner(new S3Fifo({ limitBytes: 1000 }))
    for (let turn = 0; turn < 3; turn++) for (let hot = 0; hot < 20; hot++) policy.ask(hot)
    for (let name = 1000; name < 3000; name++) policy.ask(name)
    assert.deepEqual(
      policy.left.filter((name) => name < 20),
      [],
    )
  })

  test('lru does not', () => {
    const policy = owner(new Lru({ limitBytes: 1000 }))
    for (let turn = 0; turn < 3; turn++) for (let hot = 0; hot < 20; hot++) policy.ask(hot)
    for (let name = 1000; name < 3000; name++) policy.ask(name)
    assert.equal(policy.left.filter((name) => name < 20).length, 20)
  })

  test('what comes back soon goes to the main queue', () => {
    let ghosts = 0
    const policy = new S3Fifo({ limitBytes: 1000, onGhostHit: () => ghosts++ })
    const all = owner(policy)
    for (let name = 0; name < 130; name++) all.ask(name)
    assert.ok(all.left.includes(0))
    all.ask(0)
    assert.equal(ghosts, 1)
    const [slot] = [...policy.slots()].filter(({ fingerprint }) => fingerprint === 0)
    assert.ok(policy.isMain(slot!))
  })

  test('a large thing is taken in when it is asked for again, while it is remembered', () => {
    const policy = owner(new S3Fifo({ limitBytes: 1000, largeBytes: 50 }))
    policy.ask(1, 60)
    assert.equal(policy.ask(1, 60), false)
    assert.equal(policy.ask(1, 60), true)
    policy.ask(2, 60)
    for (let name = 10; name < 40; name++) policy.ask(name, 60)
    assert.equal(policy.ask(2, 60), false)
    assert.equal(policy.ask(2, 60), false, 'forgotten, so this was the second')
    assert.equal(policy.ask(2, 60), true)
  })

  test('no group has more than a quarter when others need the room', () => {
    const policy = new S3Fifo({ limitBytes: 1000 })
    const { ask } = owner(policy)
    for (let name = 0; name < 100; name++) ask(name, 10, 'heavy')
    assert.equal(policy.bytes, 1000, 'alone it has everything')
    for (let name = 0; name < 100; name++) for (let turn = 0; turn < 5; turn++) ask(name, 10, 'heavy')
    const bytesOf = (group: string): number =>
      [...policy.slots()].filter((slot) => slot.group === group).reduce((sum, slot) => sum + slot.bytes, 0)
    for (let name = 1000; name < 1075; name++) ask(name, 10, `light${name % 7}`)
    assert.equal(bytesOf('heavy'), 250)
    for (let name = 2000; name < 2300; name++) ask(name, 10, 'heavy')
    assert.ok(bytesOf('heavy') <= 260, `${bytesOf('heavy')}`)
  })

  test('a smaller limit makes groups heavy that were not', () => {
    const policy = new S3Fifo({ limitBytes: 1000 })
    const { ask } = owner(policy)
    for (let name = 0; name < 80; name++) ask(name, 10, `g${name % 8}`)
    for (let name = 100; name < 120; name++) ask(name, 10, 'more')
    policy.limitBytes = 400
    const left: string[] = []
    while (policy.bytes > 400) left.push(policy.evict()!.group)
    assert.ok(left.filter((group) => group === 'more').length >= 10)
  })
})

describe('w-tinylfu', () => {
  test('what is asked for often is not pushed out by what is asked for once', () => {
    const policy = owner(new TinyLfu({ limitBytes: 1000, counters: 4096 }))
    for (let turn = 0; turn < 5; turn++) for (let hot = 0; hot < 50; hot++) policy.ask(hot)
    for (let name = 1000; name < 2000; name++) policy.ask(name)
    assert.ok(policy.left.filter((name) => name < 50).length < 5)
  })

  test('counts fade', () => {
    const policy = owner(new TinyLfu({ limitBytes: 1000, counters: 4096 }))
    for (let turn = 0; turn < 20; turn++) for (let old = 0; old < 90; old++) policy.ask(old)
    for (let turn = 0; turn < 200; turn++) for (let recent = 200; recent < 290; recent++) policy.ask(recent)
    assert.ok(policy.left.filter((name) => name < 90).length > 60)
  })
})

describe('ghosts', () => {
  test('the oldest are forgotten first, by the bytes they stood for', () => {
    const ghosts = new Ghosts(100)
    for (let name = 0; name < 5; name++) ghosts.add(name, 30)
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((name) => ghosts.has(name)),
      [false, false, true, true, true],
    )
    assert.equal(ghosts.delete(3), true)
    assert.equal(ghosts.delete(3), false)
    ghosts.add(2, 30)
    ghosts.add(9, 30)
    assert.deepEqual(
      [2, 4, 9].map((name) => ghosts.has(name)),
      [true, true, true],
      'what was added again is young',
    )
    ghosts.add(10, 30)
    assert.deepEqual(
      [2, 4, 9, 10].map((name) => ghosts.has(name)),
      [true, false, true, true],
    )
    ghosts.add(11, 101)
    assert.equal(ghosts.has(11), false)
  })

  test('many come and go', () => {
    const ghosts = new Ghosts(50_000)
    const draw = sequence(3)
    for (let turn = 0; turn < 200_000; turn++) {
      const name = Math.floor(draw() * 2 ** 31) - 2 ** 30
      ghosts.add(name, 10)
      assert.ok(ghosts.has(name))
      if (turn % 3 === 0) ghosts.delete(name)
    }
  })
})

test('shadows tell what each policy would have hit on the same requests', () => {
  const metrics = createMetrics()
  const shadows = new Shadows({ limitBytes: 32 * 4000, largeBytes: 1e9, metrics })
  const draw = sequence(11)
  for (let turn = 0; turn < 300_000; turn++) {
    const name = turn % 2 === 0 ? Math.floor(draw() ** 4 * 20_000) : 1_000_000 + turn
    shadows.request(what(Math.imul(name, 0x9e3779b1) | 0, 10))
  }
  const ratio = (policy: string): number =>
    Number(new RegExp(`shadow_hit_ratio\\{policy="${policy}"\\} (.*)`).exec(metrics.render())![1])
  assert.ok(ratio('s3-fifo') > ratio('lru') + 0.02, `${ratio('s3-fifo')} and ${ratio('lru')}`)
  assert.ok(ratio('w-tinylfu') > ratio('lru'))
  assert.ok(ratio('s3-fifo') < 1)
})

test('a simulation never holds more than its limit', () => {
  const policy = new S3Fifo({ limitBytes: 1000, largeBytes: 100 })
  const simulation = new Simulation(policy)
  const draw = sequence(2)
  for (let turn = 0; turn < 5000; turn++) {
    simulation.request(what(Math.floor(draw() * 400), 1 + Math.floor(draw() * 1200)))
    assert.ok(policy.bytes <= policy.limitBytes)
    if (turn % 500 === 0) {
      policy.limitBytes = 500 + Math.floor(draw() * 1000)
      simulation.fit(0)
    }
  }
})
