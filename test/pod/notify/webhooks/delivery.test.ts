// What reaches a webhook that works: everything, in order, one at a time, and only what its subscriber may hear.

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'

import { until } from '../../../support/until.ts'
import { heardTypes, startTarget } from '../../../support/webhook-target.ts'
import { openWorld } from './world.ts'

const hourMs = 3_600_000

test('every change of the topic arrives once, in order, signed for the target', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.subscribe(target.url)
  await world.put('/notes', 'one')
  await world.put('/elsewhere')
  await world.put('/notes', 'two')
  await world.commit({ kind: 'delete', path: '/notes' })
  assert.deepEqual(await heardTypes(target, 3), ['Create', 'Update', 'Delete'])
  const { headers, message } = target.heard[0]!
  assert.equal(headers['content-type'], 'application/ld+json')
  assert.equal(headers.authorization, 'DPoP token')
  assert.equal(headers.dpop, `proof for ${target.url}`)
  assert.equal(message.object, 'https://pods.example/alice/notes')
  assert.match(message.id, /^urn:uuid:/)
  assert.equal(new Set(target.heard.map(({ message: { id } }) => id)).size, 3)
  assert.equal(target.heard[2]!.message.state, undefined)
})

test('a container hears of its children, and all of one commit', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.commit({ kind: 'container', path: '/c/' })
  await world.subscribe(target.url, { topic: '/c/' })
  await world.put('/c/x')
  await world.put('/c/x', 'again')
  await world.commit({ kind: 'delete', path: '/c/x' })
  assert.deepEqual(await heardTypes(target, 2), ['Add', 'Remove'])
  assert.equal(target.heard[0]!.message.object, 'https://pods.example/alice/c/x')
  assert.equal(target.heard[0]!.message.target, 'https://pods.example/alice/c/')
})

test('one request at a time goes to a channel, and what came meanwhile follows in order', async () => {
  const waiting: ServerResponse[] = []
  await using target = await startTarget((_, response) => waiting.push(response))
  await using world = await openWorld()
  await world.subscribe(target.url)
  for (let count = 0; count < 5; count++) await world.put('/notes', `${count}`)
  await until('the first', () => waiting.length === 1)
  assert.equal(target.heard.length, 1)
  target.answer = (_, response) => response.writeHead(200).end()
  waiting[0]!.writeHead(202).end('thanks')
  assert.deepEqual(await heardTypes(target, 5), ['Create', ...Array.from({ length: 4 }, () => 'Update')])
  assert.equal(target.open.most, 1)
})

test('more changes than are kept in memory arrive in order all the same', async () => {
  const waiting: ServerResponse[] = []
  await using target = await startTarget((_, response) => waiting.push(response))
  await using world = await openWorld()
  await world.commit({ kind: 'container', path: '/c/' })
  await world.subscribe(target.url, { topic: '/c/' })
  for (let count = 0; count < 200; count++) await world.put(`/c/${count}`)
  await until('the first', () => waiting.length === 1)
  target.answer = (_, response) => response.writeHead(200).end()
  waiting[0]!.writeHead(200).end()
  await until('all', () => target.heard.length >= 200)
  const objects = target.heard.map(({ message }) => message.object.replace(/.*\//, ''))
  assert.deepEqual(
    objects,
    Array.from({ length: 200 }, (_, count) => String(count)),
  )
})

test('many channels of one receiver do not all send at once', async () => {
  const waiting: ServerResponse[] = []
  await using target = await startTarget((_, response) => waiting.push(response))
  await using world = await openWorld()
  for (let count = 0; count < 20; count++) await world.subscribe(target.url)
  await world.put('/notes')
  await until('as many as may', () => waiting.length === 8)
  target.answer = (_, response) => response.writeHead(200).end()
  for (const response of waiting) response.writeHead(200).end()
  await until('all', () => target.heard.length === 20)
  assert.equal(target.open.most, 8)
})

test('Read is judged again at every send: what happened while it was gone is never told', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.subscribe(target.url)
  await world.put('/notes', 'one')
  await heardTypes(target, 1)
  world.rights.mayRead = false
  await world.put('/notes', 'two')
  await until('it is withheld', () => /dropped_total\{channel="webhook"\} 1/.test(world.metrics()))
  world.rights.mayRead = true
  await world.put('/notes', 'three')
  assert.equal((await heardTypes(target, 2)).length, 2)
  const { resource } = await world.stored.store.find(world.pod.id, '/notes')
  assert.equal(target.heard[1]!.message.state, `"${resource!.version.seq}"`)
  assert.match(world.metrics(), /delivered_total\{channel="webhook"\} 2/)
})

test('a channel whose grant was taken back is removed', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  const channel = await world.subscribe(target.url)
  Object.assign(world.rights, { mayRead: false, stands: false })
  await world.put('/notes')
  await until('it is gone', async () => (await world.channels.find(channel.pod, channel.id)) === undefined)
  assert.equal(target.heard.length, 0)
})

test('nothing is sent before its start or after its end', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  const nowMs = world.clock.nowMs()
  await world.subscribe(target.url, { startMs: nowMs + hourMs, endMs: nowMs + 2 * hourMs })
  await world.put('/notes', 'too early')
  world.clock.advance(hourMs + 1)
  await world.put('/notes', 'in time')
  assert.deepEqual(await heardTypes(target, 1), ['Update'])
  world.clock.advance(hourMs)
  await world.put('/notes', 'too late')
  await using late = await startTarget()
  await world.subscribe(late.url)
  await world.put('/notes', 'for another')
  await heardTypes(late, 1)
  assert.equal(target.heard.length, 1)
  world.clock.advance(60_000)
  await until('it is forgotten', () => /xpod_notify_webhooks\{state="delivering"\} 1\n/.test(world.metrics()))
})

test('with a rate, the newest of what happened is told when the gap is over', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.subscribe(target.url, { rateMs: 60_000 })
  await world.put('/notes', '1')
  await heardTypes(target, 1)
  for (let count = 2; count < 6; count++) await world.put('/notes', String(count))
  await using other = await startTarget()
  await world.subscribe(other.url)
  await world.put('/notes', 'last')
  await heardTypes(other, 1)
  assert.equal(target.heard.length, 1)
  world.clock.advance(60_000)
  await heardTypes(target, 2)
  assert.equal(target.heard[1]!.message.id, other.heard[0]!.message.id)
  world.clock.advance(60_000)
  await world.put('/notes', 'after')
  await heardTypes(target, 3)
})

test('Turtle goes to who accepts Turtle', async () => {
  await using target = await startTarget()
  await using world = await openWorld()
  await world.subscribe(target.url, { mediaType: 'text/turtle' })
  await world.put('/notes')
  await until('a message', () => target.heard.length === 1)
  assert.equal(target.heard[0]!.headers['content-type'], 'text/turtle')
  assert.match(target.heard[0]!.text, /as:Create/)
})

test('a state that is not the one of now is answered with one message at once', async () => {
  await using target = await startTarget()
  await using same = await startTarget()
  await using world = await openWorld()
  await world.put('/notes')
  const { resource } = await world.stored.store.find(world.pod.id, '/notes')
  const state = `"${resource!.version.seq}"`
  await world.subscribe(target.url, { state: '"old"' })
  await world.subscribe(same.url, { state })
  assert.deepEqual(await heardTypes(target, 1), ['Update'])
  assert.equal(target.heard[0]!.message.state, state)
  await world.put('/notes', 'changed')
  assert.deepEqual(await heardTypes(same, 1), ['Update'])
  assert.notEqual(same.heard[0]!.message.state, state)
})

test('after it is removed, or its pod is, a webhook hears nothing', async () => {
  await using target = await startTarget()
  await using other = await startTarget()
  await using world = await openWorld()
  const removed = await world.subscribe(target.url)
  await world.subscribe(other.url)
  await world.channels.remove(removed.pod, removed.id)
  world.webhooks.removed(removed.id)
  await world.put('/notes', '1')
  await heardTypes(other, 1)
  assert.equal(target.heard.length, 0)
  await world.stored.store.directory.delete(world.pod.id)
  assert.match(world.metrics(), /xpod_notify_webhooks\{state="delivering"\} 0\n/)
})
