// The follower on a real store and the bus of one process. What the feed no longer has is played by a store that says so.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'

import { createLocalBus } from '../../../src/core/bus/local.ts'
import type { Bus } from '../../../src/core/bus/bus.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createFollower, type Follower, type FollowerParts, type Listener } from '../../../src/pod/notify/follower.ts'
import type { PodRecord, Version } from '../../../src/pod/store/resource.ts'
import { changeOf, createPod, openTestStore, putOp, type TestStore } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'

let opened: TestStore
let bus: Bus
let pod: PodRecord
let follower: Follower & AsyncDisposable
/** Pages asked for. */
let reads: number
let changes: FollowerParts['store']['changes']

beforeEach(async () => {
  opened = await openTestStore()
  bus = createLocalBus({ log: silentLog })
  const id = await createPod(opened.store, 'alice')
  pod = (await opened.store.directory.get(id))!
  reads = 0
  changes = (...args) => opened.store.changes(...args)
  follower = createFollower({
    bus,
    store: {
      head: (of) => opened.store.head(of),
      changes: (...args) => {
        reads++
        return changes(...args)
      },
    },
    clock: opened.clock,
    log: silentLog,
    metrics: opened.metrics,
  })
})
afterEach(async () => {
  await follower[Symbol.asyncDispose]()
  await bus[Symbol.asyncDispose]()
  await opened[Symbol.asyncDispose]()
})

async function head(): Promise<Version> {
  return (await opened.store.head(pod.id))!.version
}

async function put(path: string, text = 'x'): Promise<Version> {
  const outcome = await opened.store.commit(changeOf(pod.id, [putOp(path, text)]))
  assert.ok(outcome.ok)
  bus.publish(pod.id, { epoch: 1, ...outcome.at })
  return outcome.at
}

class Heard implements Listener {
  readonly told: string[] = []
  readonly ends: Version[] = []
  activity({ type, object, version }: Parameters<Listener['activity']>[0]): void {
    this.told.push(`${type} ${object} ${version.seq}`)
  }
  resync(at: Version, why: string): void {
    this.told.push(`resync ${why} ${at.seq}`)
  }
  upTo(at: Version): void {
    this.ends.push(at)
  }
  get seq(): number {
    return this.ends.at(-1)?.seq ?? -1
  }
}

async function listen(topic: string, from?: Version): Promise<Heard> {
  const heard = new Heard()
  follower.follow(pod, topic, from ?? (await head()), heard)
  await until('it has caught up', () => heard.ends.length > 0 || heard.told.some((one) => one.startsWith('resync')))
  return heard
}

test('a listener hears what happens to its topic, in order, and nothing else', async () => {
  const [a, b] = [await listen('/a'), await listen('/b')]
  const seqs = [await put('/a', '1'), await put('/b', '1'), await put('/a', '2')].map(({ seq }) => seq)
  await until('both have heard', () => a.told.length === 2 && b.told.length === 1)
  assert.deepEqual(a.told, [`Create /a ${seqs[0]}`, `Update /a ${seqs[2]}`])
  assert.deepEqual(b.told, [`Create /b ${seqs[1]}`])
})

test('who was away hears first what it missed, then what comes, each once', async () => {
  const others = await listen('/a')
  const from = await head()
  const seqs = [(await put('/a', '1')).seq, (await put('/a', '2')).seq]
  const heard = new Heard()
  follower.follow(pod, '/a', from, heard)
  seqs.push((await put('/a', '3')).seq)
  await until('both have heard', () => heard.told.length >= 3 && others.told.length >= 3)
  const expected = [`Create /a ${seqs[0]}`, `Update /a ${seqs[1]}`, `Update /a ${seqs[2]}`]
  assert.deepEqual(heard.told, expected)
  assert.deepEqual(others.told, expected)
})

test('several that were away for different times catch up together, over more than a page', async () => {
  const froms: Version[] = []
  for (let turn = 0; turn < 600; turn++) {
    if (turn % 200 === 0) froms.push(await head())
    await put('/a', String(turn))
  }
  const all = await Promise.all(froms.map((from) => listen('/a', from)))
  const end = (await head()).seq
  await until('all are there', () => all.every(({ seq }) => seq === end))
  assert.deepEqual(
    all.map(({ told }) => told.length),
    [600, 400, 200],
  )
  const seqs = all[0]!.told.map((one) => Number(one.split(' ')[2]))
  assert.deepEqual(
    seqs,
    [...seqs].sort((x, y) => x - y),
  )
})

test('more than a page behind one wake is heard', async () => {
  const heard = await listen('/a')
  for (let turn = 0; turn < 600; turn++) {
    await opened.store.commit(changeOf(pod.id, [putOp('/a', String(turn))]))
  }
  bus.publish(pod.id, { epoch: 1, ...(await head()) })
  await until('all are heard', () => heard.told.length === 600)
})

test('what happened before the bus was listened to is heard', async () => {
  const from = await head()
  const { at } = (await opened.store.commit(changeOf(pod.id, [putOp('/a', 'x')]))) as { at: Version }
  const heard = await listen('/a', from)
  assert.deepEqual(heard.told, [`Create /a ${at.seq}`])
})

test('a position before the feed begins is told to look for itself, and hears what comes', async () => {
  const from = await head()
  const floor = await put('/a', '1')
  changes = async (id, after, limit) =>
    after.seq < floor.seq ? { gone: 'truncated', floor } : opened.store.changes(id, after, limit)
  const heard = await listen('/a', from)
  assert.deepEqual(heard.told, [`resync truncated ${floor.seq}`])
  const { seq } = await put('/a', '2')
  await until('it hears on', () => heard.told.length === 2)
  assert.equal(heard.told[1], `Update /a ${seq}`)
})

test('a position that the pod never was at, or is not at yet, is told to look for itself', async () => {
  await put('/a')
  const at = await head()
  for (const from of [
    { seq: at.seq, mark: at.mark ^ 1 },
    { seq: at.seq - 1, mark: 1 },
    { seq: at.seq + 5, mark: 1 },
  ]) {
    assert.deepEqual((await listen('/a', from)).told, [`resync diverged ${at.seq}`])
  }
})

test('one stray among many does not disturb the others', async () => {
  const from = await head()
  const second = await put('/a', '1')
  await put('/a', '2')
  const [stray, good] = [new Heard(), new Heard()]
  follower.follow(pod, '/a', { seq: second.seq, mark: second.mark ^ 1 }, stray)
  follower.follow(pod, '/a', from, good)
  await until('both are there', () => good.ends.length > 0 && stray.told.length > 0)
  assert.deepEqual(
    stray.told.map((one) => one.split(' ').slice(0, 2).join(' ')),
    ['resync diverged'],
  )
  assert.equal(good.told.length, 2)
})

test('who is more than ten thousand changes behind is told to look for itself at once', async () => {
  const at = await head()
  const far = { seq: at.seq - 10_001, mark: 1 }
  changes = async (id, after, limit) => {
    assert.notEqual(after.seq, far.seq, 'the feed is read from there')
    return opened.store.changes(id, after, limit)
  }
  assert.deepEqual((await listen('/a', far)).told, [`resync truncated ${at.seq}`])
})

test('a listener on a quiet topic is told how far the pod is, at most once a second', async () => {
  const heard = await listen('/quiet')
  await put('/a', '1')
  const { seq } = await put('/a', '2')
  await until('the feed was read', () => reads >= 2)
  await until('the second has passed', () => {
    opened.clock.advance(1000)
    return heard.seq === seq
  })
  assert.deepEqual(heard.told, [])
  assert.ok(heard.ends.length <= 3)
})

test('a pod that nobody listens to is not read, and is forgotten with its last listener', async () => {
  await put('/a', '1')
  assert.equal(reads, 0)
  const heard = new Heard()
  const following = follower.follow(pod, '/a', await head(), heard)
  await until('it follows', () => heard.ends.length > 0)
  assert.match(opened.metrics.render(), /^xpod_notify_pods 1$/m)
  await following[Symbol.asyncDispose]()
  assert.match(opened.metrics.render(), /^xpod_notify_pods 0$/m)
  const before = reads
  await put('/a', '2')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(reads, before)
  assert.deepEqual(heard.told, [])
})

test('a feed that cannot be read for a while is read again', async () => {
  const heard = await listen('/a')
  let failures = 0
  changes = async () => {
    failures++
    throw new Error('the disk is busy')
  }
  const { seq } = await put('/a')
  await until('it failed', () => failures === 1)
  changes = (...args) => opened.store.changes(...args)
  await until('it heard', () => {
    opened.clock.advance(1000)
    return heard.told.length === 1
  })
  assert.deepEqual(heard.told, [`Create /a ${seq}`])
})

test('a listener that leaves while it is told hears no more', async () => {
  const heard = new Heard()
  const following = follower.follow(pod, '/a', await head(), {
    activity: (activity) => {
      heard.activity(activity)
      void following[Symbol.asyncDispose]()
    },
    resync: (at, why) => heard.resync(at, why),
    upTo: (at) => heard.upTo(at),
  })
  const other = await listen('/a')
  await put('/a', '1')
  await put('/a', '2')
  await until('the other has heard', () => other.told.length === 2)
  assert.equal(heard.told.length, 1)
})

test('a listener that leaves while its page is read hears nothing of it', async () => {
  const from = await head()
  await put('/a', '1')
  const page = Promise.withResolvers<void>()
  changes = async (...args) => {
    await page.promise
    return opened.store.changes(...args)
  }
  const heard = new Heard()
  const following = follower.follow(pod, '/a', from, heard)
  const stays = new Heard()
  follower.follow(pod, '/a', from, stays)
  await until('it is read', () => reads > 0)
  await following[Symbol.asyncDispose]()
  page.resolve()
  await until('the other has heard', () => stays.ends.length > 0)
  assert.equal(stays.told.length, 1)
  assert.deepEqual([heard.told, heard.ends], [[], []])
})
