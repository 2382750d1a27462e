// The solid-0.1 socket where a whole server does not show it: other protocols, readers that take nothing, and the end.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import { createLegacyUpdates } from '../../../../src/pod/notify/live/legacy.ts'
import type { PodHead } from '../../../../src/pod/store/resource.ts'
import { Peer, settle, Stage, version } from './stage.ts'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})

function open(protocols?: string): Peer {
  const store = { head: async () => ({ version: version(10) }) as PodHead }
  const { follower, judge, log, metrics, pod } = stage
  const legacy = createLegacyUpdates({ follower, judge, store, log, metrics })
  const headers = protocols === undefined ? {} : { 'sec-websocket-protocol': protocols }
  const answer = legacy.upgrade(pod, { target: '/', headers, remoteAddress: '' })
  assert.ok('open' in answer)
  const peer = new Peer()
  answer.open(peer)
  return peer
}

async function subscribed(): Promise<Peer> {
  const peer = open('chat, solid-0.1')
  peer.say(`sub ${stage.pod.base}a`)
  await settle()
  assert.deepEqual(peer.sent.splice(0), ['protocol solid-0.1', `ack ${stage.pod.base}a`])
  return peer
}

test('a client that offers other protocols only is told so and closed', () => {
  const peer = open('chat, superchat')
  assert.deepEqual(peer.sent, ['protocol solid-0.1', 'error Client does not support protocol solid-0.1'])
  assert.equal(peer.closed, 1002)
})

test('it hears from the subscription on, and not what was before', async () => {
  const peer = await subscribed()
  assert.deepEqual(stage.froms, [version(10)])
  stage.commit(11)
  await settle()
  assert.deepEqual(peer.sent, [`pub ${stage.pod.base}a`])
})

test('a reader that takes nothing costs a bounded amount, and hears once it takes again', async () => {
  const peer = await subscribed()
  peer.isSlow = true
  for (let seq = 11; seq < 20_000; seq++) {
    stage.commit(seq)
    if (seq % 500 === 0) await settle()
  }
  const handed = peer.sent.length
  assert.ok(peer.bufferedBytes < 66 * 1024)
  peer.isSlow = false
  peer.take()
  await settle()
  const more = peer.sent.length - handed
  assert.ok(more > 0 && more <= 501, String(more))
})

test('a socket that closes follows nothing any more', async () => {
  const peer = await subscribed()
  peer.gone()
  assert.equal(stage.listeners.get('/a')!.size, 0)
  stage.commit(11)
  await settle()
  assert.deepEqual(peer.sent, [])
})

test('a judge that fails closes the socket, so that the client looks again', async () => {
  const peer = await subscribed()
  stage.mayRead = () => {
    throw new Error('the disk is busy')
  }
  stage.commit(11)
  await settle()
  assert.equal(peer.closed, 1011)
})
