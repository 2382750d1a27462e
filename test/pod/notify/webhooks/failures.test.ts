// Targets that do not take what they are sent: whatever they answer, it is sent again later under the same id and in the
// same order, nobody else waits for it, and in the end an operator is asked.

import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'

import { until } from '../../../support/until.ts'
import { heardTypes, startTarget, type Target } from '../../../support/webhook-target.ts'
import { openWorld, type World } from './world.ts'
import type { Channel } from '../../../../src/pod/notify/channel.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const answering =
  (status: number, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end('no')

/** Moves the clock from try to try until so much time has passed. */
async function failFor(world: World, channel: Channel, ms: number): Promise<void> {
  const endMs = world.clock.nowMs() + ms
  for (;;) {
    const { delivery } = await world.row(channel)
    const nextMs = Math.min(delivery.nextMs, endMs)
    world.clock.advance(Math.max(0, nextMs - world.clock.nowMs()))
    if (delivery.parked || nextMs === endMs) return
    await world.failedTimes(channel, delivery.failures + 1)
  }
}

async function comeBack(gone: Target): Promise<Target> {
  return startTarget(undefined, { port: gone.port })
}

const refusals: readonly (readonly [string, RequestListener, RegExp])[] = [
  ['400', answering(400), /^it answers 400$/],
  ['404', answering(404), /^it answers 404$/],
  ['500', answering(500), /^it answers 500$/],
  ['503', answering(503), /^it answers 503$/],
  [
    'a redirect',
    answering(307, { location: 'http://127.0.0.1:1/' }),
    /^it answers 307, and redirects are not followed$/,
  ],
  ['a redirect without a location', answering(302), /^it answers 302/],
  ['nothing but an end', (request) => request.socket.destroy(), /failed/],
  ['half a head', (request) => void request.socket.end('HTTP/1.1 200 OK\r\nContent-'), /failed/],
  ['what is no HTTP', (request) => void request.socket.end('220 mail.example ESMTP\r\n'), /failed/],
]

for (const [name, answer, problem] of refusals) {
  test(`a target that answers ${name} is asked again later, and what follows waits its turn`, async () => {
    await using target = await startTarget(answer)
    await using world = await openWorld()
    const channel = await world.subscribe(target.url)
    await world.put('/notes', 'one')
    await world.put('/notes', 'two')
    const { delivery } = await world.failedTimes(channel, 1)
    assert.match(delivery.problem, problem)
    assert.equal(delivery.parked, false)
    const pauseMs = delivery.nextMs - world.clock.nowMs()
    assert.ok(pauseMs >= 1000 && pauseMs <= 2000, `${pauseMs} ms`)
    target.answer = (_, response) => response.writeHead(200).end()
    world.clock.advance(pauseMs)
    assert.deepEqual(await heardTypes(target, 3), ['Create', 'Create', 'Update'])
    assert.equal(target.heard[0]!.message.id, target.heard[1]!.message.id)
    await until('it fares well', async () => (await world.row(channel)).delivery.failures === 0)
    assert.equal((await world.row(channel)).delivery.problem, '')
  })
}

test('a target that never answers is given up after ten seconds, and asked again', async () => {
  await using target = await startTarget(() => {})
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes')
  await until('it has it', () => target.heard.length === 1)
  world.clock.advance(9999)
  assert.equal((await world.row(channel)).delivery.failures, 0)
  world.clock.advance(1)
  const { delivery } = await world.failedTimes(channel, 1)
  assert.equal(delivery.problem, 'it took too long')
})

test('an answer of any size counts by its status, and is not read to its end', async () => {
  let written = 0
  await using target = await startTarget((request, response) => {
    response.writeHead(200)
    const chunk = Buffer.alloc(64 * 1024)
    const more = (): void => {
      while (!response.destroyed && written < 1e9 && response.write(chunk)) written += chunk.length
    }
    response.on('drain', more)
    request.socket.on('error', () => {})
    more()
  })
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes')
  await until('it counts', () => /delivered_total\{channel="webhook"\} 1/.test(world.metrics()))
  assert.equal((await world.row(channel)).delivery.failures, 0)
  await until('the connection is closed', () => target.open.now === 0)
  assert.ok(written < 1e8, `${written} bytes`)
})

test('a dead target delays only itself', async () => {
  await using dead = await startTarget(() => {})
  await using alive = await startTarget()
  await using world = await openWorld()
  for (let count = 0; count < 40; count++) await world.subscribe(dead.url)
  await world.put('/notes', '0')
  await until('the dead have their places', () => dead.heard.length === 8)
  await world.subscribe(alive.url)
  for (let count = 1; count < 20; count++) await world.put('/notes', String(count))
  await heardTypes(alive, 19)
  assert.equal(dead.heard.length, 8)
})

test('a target that fails is not tried after the end of its channel', async () => {
  await using target = await startTarget(answering(500))
  await using world = await openWorld()
  const channel = await world.subscribe(target.url, { endMs: world.clock.nowMs() + 900 })
  await world.put('/notes')
  await world.failedTimes(channel, 1)
  world.clock.advance(2000)
  await until('it is over', () => /state="failing"\} 0\n/.test(world.metrics()))
  assert.equal(target.heard.length, 1)
})

test('Retry-After is waited for', async () => {
  await using target = await startTarget(answering(429, { 'retry-after': '120' }))
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes')
  const { delivery } = await world.failedTimes(channel, 1)
  assert.equal(delivery.nextMs - world.clock.nowMs(), 120_000)
})

test('a target that was down for an hour hears everything, in order, none missing', async () => {
  const first = await startTarget()
  await using world = await openWorld()
  const channel = await world.subscribe(first.url, { topic: '/c/' })
  await first[Symbol.asyncDispose]()
  for (let count = 0; count < 150; count++) await world.put(`/c/${count}`)
  await world.failedTimes(channel, 1)
  await failFor(world, channel, hourMs)
  assert.equal((await world.row(channel)).delivery.parked, false)
  await using target = await comeBack(first)
  await failUntilHeard(world, channel, target)
  await until('all', () => target.heard.length >= 150)
  const told = target.heard.map(({ message }) => `${message.type} ${message.object.replace(/.*alice/, '')}`)
  // The container itself came with its first child, so it hears of itself only.
  const wanted = ['Create /c/', ...Array.from({ length: 149 }, (_, count) => `Add /c/${count + 1}`)]
  assert.deepEqual(told, wanted)
})

/** Moves the clock to the next try. */
async function failUntilHeard(world: World, channel: Channel, target: Target): Promise<void> {
  const { delivery } = await world.row(channel)
  world.clock.advance(Math.max(0, delivery.nextMs - world.clock.nowMs()))
  await until('it is heard', () => target.heard.length > 0)
}

test('after a day of failing it is parked; a command sends again, and one Update stands for what the feed has lost', async () => {
  await using target = await startTarget(answering(500))
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes', 'one')
  await world.failedTimes(channel, 1)
  await failFor(world, channel, dayMs + hourMs)
  const { delivery } = await world.row(channel)
  assert.equal(delivery.parked, true)
  await until('its feed is let go', async () => {
    world.clock.advance(minuteMs)
    return (await world.stored.db.read('SELECT name FROM feed_pin', [])).length === 0
  })
  assert.match(world.metrics(), /xpod_notify_webhooks\{state="parked"\} 1\n/)
  assert.ok(world.logged.some((line) => /level=warn msg=notify\.webhook-parked/.test(line)))
  const heard = target.heard.length
  await world.put('/notes', 'two')
  world.clock.advance(dayMs)
  assert.equal(target.heard.length, heard)
  // The feed keeps a day and is trimmed in rounds.
  await until('the feed is trimmed', async () => {
    world.clock.advance(minuteMs)
    return 'gone' in (await world.stored.store.changes(world.pod.id, channel.position, 1))
  })
  target.answer = (_, response) => response.writeHead(200).end()
  const retried = await world.webhooks.retry({ id: channel.id })
  assert.deepEqual(
    retried.map(({ id, delivery: { failures } }) => [id, failures]),
    [[channel.id, 0]],
  )
  await until('it is heard', () => target.heard.length === heard + 1)
  assert.equal(target.heard.at(-1)!.message.type, 'Update')
  await world.put('/notes', 'three')
  await until('it goes on', () => target.heard.length === heard + 2)
  assert.equal((await world.row(channel)).delivery.parked, false)
})

test('a target that says it is gone is parked at once, and stays so over a restart', async () => {
  await using target = await startTarget(answering(410))
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  await world.put('/notes')
  await until('it is parked', async () => (await world.row(channel)).delivery.parked)
  await world.stop()
  await world.start()
  await until('it is known', () => /state="parked"\} 1\n/.test(world.metrics()))
  await world.put('/notes', 'again')
  world.clock.advance(hourMs)
  assert.equal(target.heard.length, 1)
  target.answer = (_, response) => response.writeHead(200).end()
  assert.equal((await world.webhooks.retry({})).length, 1)
  assert.deepEqual(await heardTypes(target, 3), ['Create', 'Create', 'Update'])
  assert.deepEqual(await world.webhooks.retry({}), [])
  await assert.rejects(world.webhooks.retry({ id: 'none' }), { code: 'CHANNEL_UNKNOWN' })
})

test('the feed is kept for a webhook that fails, and let go when it works again', async () => {
  await using target = await startTarget(answering(500))
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  const pins = (): Promise<unknown[]> => world.stored.db.read('SELECT name FROM feed_pin', [])
  await world.put('/notes')
  await world.failedTimes(channel, 1)
  await until('it is kept', async () => {
    world.clock.advance(minuteMs)
    return (await pins()).length === 1
  })
  target.answer = (_, response) => response.writeHead(200).end()
  await until('it works', async () => {
    world.clock.advance(minuteMs)
    return (await world.row(channel)).delivery.failures === 0
  })
  await until('it is let go', async () => {
    world.clock.advance(minuteMs)
    return (await pins()).length === 0
  })
})

test('a name that begins to point inside is refused at the connection, and nothing there is asked', async () => {
  await using outside = await startTarget(undefined, { host: '127.0.0.2' })
  await using inside = await startTarget(undefined, { port: outside.port })
  let address = '127.0.0.2'
  await using world = await openWorld({
    allowLoopback: false,
    allowInternal: ['127.0.0.2'],
    resolve: async () => [{ address, family: 4 }],
  })
  const channel = await world.subscribe(`http://hook.example:${outside.port}/`)
  await world.put('/notes', 'one')
  await heardTypes(outside, 1)
  address = '127.0.0.1'
  await world.put('/notes', 'two')
  const { delivery } = await world.failedTimes(channel, 1)
  assert.equal(delivery.problem, 'its address is internal')
  assert.equal(inside.heard.length, 0)
  address = '127.0.0.2'
  world.clock.advance(2000)
  await heardTypes(outside, 2)
})
