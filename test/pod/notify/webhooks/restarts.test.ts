// Channels outlive the process: each goes on from where it stood, and a start does not wait for any of them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { until } from '../../../support/until.ts'
import { heardTypes, startTarget } from '../../../support/webhook-target.ts'
import { openWorld } from './world.ts'

test('what happened while nothing ran is told after the start, and nothing twice', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.subscribe(target.url)
  await world.put('/notes', 'one')
  await heardTypes(target, 1)
  await world.stop()
  await world.put('/notes', 'two')
  await world.put('/notes', 'three')
  await world.start()
  assert.deepEqual(await heardTypes(target, 3), ['Create', 'Update', 'Update'])
  await world.stop()
  await world.start()
  await world.put('/notes', 'four')
  await heardTypes(target, 4)
  assert.equal(new Set(target.heard.map(({ message }) => message.id)).size, 4)
})

test('positions are written once a second, not for each message', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  for (let count = 0; count < 10; count++) await world.put('/notes', String(count))
  await heardTypes(target, 10)
  assert.equal((await world.row(channel)).position.seq, channel.position.seq)
  await until('it is written', async () => {
    world.clock.advance(1000)
    return (await world.row(channel)).position.seq === channel.position.seq + 10
  })
})

test('what a webhook has nothing to hear of is behind it after a stop as well', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes')
  await heardTypes(target, 1)
  await world.put('/elsewhere')
  const { version } = (await world.stored.store.head(world.pod.id))!
  await until('the follower has read it', () => /entries_total 2\n/.test(world.metrics()))
  world.clock.advance(1000)
  await world.stop()
  assert.deepEqual((await world.row(channel)).position, version)
})

test('a topic that did not change is not told of when the feed no longer reaches back, one that did is told once', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.put('/notes')
  await world.put('/other')
  const quiet = await world.subscribe(target.url)
  await world.subscribe(target.url, { topic: '/other' })
  await world.stop()
  for (const text of ['one', 'two', 'three']) await world.put('/other', text)
  world.clock.advance(25 * 3_600_000)
  await until('the feed is trimmed', async () => {
    world.clock.advance(60_000)
    return 'gone' in (await world.stored.store.changes(world.pod.id, quiet.position, 1))
  })
  await world.start()
  await heardTypes(target, 1)
  await world.put('/notes', 'changed')
  await heardTypes(target, 2)
  const told = target.heard.map(({ message }) => `${message.type} ${message.object.replace(/.*\//, '')}`)
  assert.deepEqual(told, ['Update other', 'Update notes'])
})

test('without a written position the same is told again, under the same ids', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes', 'one')
  await heardTypes(target, 1)
  // What a crash leaves: delivered, but not written.
  await world.stop()
  const { seq, mark } = channel.position
  await world.stored.db.write([{ query: 'UPDATE channel SET seq = ?, mark = ?', args: [seq, mark] }])
  await world.start()
  await heardTypes(target, 2)
  assert.equal(target.heard[0]!.message.id, target.heard[1]!.message.id)
})

test('a pause of a failing target is kept over a restart', async () => {
  await using target = await startTarget((_, response) => response.writeHead(500).end())
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes')
  const { delivery } = await world.failedTimes(channel, 1)
  await world.stop()
  await world.start()
  await until('it is known', () => /state="failing"\} 1\n/.test(world.metrics()))
  world.clock.advance(delivery.nextMs - world.clock.nowMs() - 1)
  assert.equal(target.heard.length, 1)
  world.clock.advance(1)
  await world.failedTimes(channel, 2)
})

test('the gap that a rate asks for is kept over a restart', async () => {
  await using target = await startTarget()
  await using beside = await startTarget()
  await using world = await openWorld()
  await world.subscribe(target.url, { rateMs: 3_600_000 })
  await world.subscribe(beside.url)
  await world.put('/notes', 'one')
  await heardTypes(target, 1)
  await heardTypes(beside, 1)
  await world.stop()
  await world.put('/notes', 'two')
  await world.start()
  await world.put('/notes', 'three')
  await heardTypes(beside, 3)
  assert.equal(target.heard.length, 1)
  world.clock.advance(3_600_000)
  await heardTypes(target, 2)
  assert.equal(target.heard[1]!.message.id, beside.heard[2]!.message.id)
})

test('channels of many pages are all taken up again', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.stop()
  const { store } = world.stored
  const { version } = (await store.head(world.pod.id))!
  const common = { pod: world.pod.id, type: 'WebhookChannel2023', topic: '/notes', address: '', secret: '' } as const
  const times = { startMs: 0, endMs: world.clock.nowMs() + 1e9, rateMs: 0, createdMs: 0 }
  const more = { sendTo: target.url, mediaType: 'application/ld+json', state: undefined, position: version } as const
  const adding = Array.from({ length: 450 }, (_, count) => {
    const id = `00000000-0000-7000-8000-${String(count).padStart(12, '0')}`
    const channel = { id, ...common, ...times, ...more, subscriber: {} }
    return world.channels.add(channel, { perPod: 1000, perWebId: 1000, perAddress: 1000 })
  })
  await Promise.all(adding)
  await world.put('/notes')
  await world.start()
  await until('all', () => target.heard.length === 450)
})

test('a channel that is removed while a start is under way stays removed', async () => {
  await using target = await startTarget()
  await using other = await startTarget()
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.subscribe(other.url)
  await world.stop()
  await world.put('/notes')
  await world.start()
  world.webhooks.removed(channel.id)
  await heardTypes(other, 1)
  assert.equal(target.heard.length, 0)
})

test('only the home of a pod delivers its webhooks, from where the last one stopped', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  const { pod, rights } = world
  const channel = await world.subscribe(target.url)
  await world.put('/notes', 'one')
  await heardTypes(target, 1)
  await world.stop()
  const asked = Promise.withResolvers<void>()
  rights.isHome = () => {
    asked.resolve()
    return false
  }
  await world.start()
  await world.put('/notes', 'two')
  await asked.promise
  assert.equal(target.heard.length, 1)

  world.webhooks.podArrived(pod)
  await heardTypes(target, 2)
  world.webhooks.podLeft(pod.id)
  await world.put('/notes', 'three')
  assert.match(world.metrics(), /notify_webhooks\{state="delivering"\} 0\n/)
  assert.equal((await world.row(channel)).delivery.parked, false)
  assert.equal(target.heard.length, 2)
  world.webhooks.podArrived(pod)
  assert.deepEqual((await heardTypes(target, 3)).at(-1), 'Update')
})
