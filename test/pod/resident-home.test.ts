// What a home tells others of the commits it makes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { BusEvent } from '../../src/core/bus/bus.ts'
import { until } from '../support/until.ts'
import { alice, bob, openScene } from './scene.ts'

test('a commit wakes the bus with the head of the feed, and a refused write does not', async () => {
  await using scene = await openScene()
  const heard: BusEvent[] = []
  await using _ = scene.bus.subscribe(scene.pod.id, 0, (event) => void heard.push(event))
  await scene.put('/a.ttl', '<a> <b> <c> .')
  await until('it is heard', () => heard.length === 1)
  const head = await scene.store.head(scene.pod.id)
  assert.deepEqual(heard[0], { epoch: head!.epoch, ...head!.version })
  const refused = await scene.ask('PUT', '/b.ttl', { as: bob, body: '', headers: { 'content-type': 'text/turtle' } })
  assert.equal(refused.status, 403)
  const missing = await scene.ask('DELETE', '/none', { as: alice })
  assert.equal(missing.status, 404)
  await scene.put('/a.ttl', '<a> <b> <d> .')
  await until('the next is heard', () => heard.length > 1)
  assert.equal(heard.length, 2)
  assert.ok(heard[1]!.seq === heard[0]!.seq + 1)
})
