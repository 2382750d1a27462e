// Sockets of channels: from the secret in the URL to the position in the store.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'

import type { Channel } from '../../../../src/pod/notify/channel.ts'
import { createReceivers, type Receivers } from '../../../../src/pod/notify/live/receivers.ts'
import { Peer, settle, Stage, version } from './stage.ts'

let stage: Stage
let receivers: Receivers
beforeEach(() => {
  stage = new Stage()
  receivers = createReceivers(stage)
})
afterEach(() => receivers[Symbol.asyncDispose]())

async function connect({ secret }: Pick<Channel, 'secret'>): Promise<Peer> {
  const answer = await receivers.upgrade(stage.pod, secret)
  assert.ok('open' in answer)
  const peer = new Peer()
  answer.open(peer)
  return peer
}

/** Time enough for a ping, its pong, and a write of positions. */
async function confirm(...peers: Peer[]): Promise<void> {
  stage.clock.advance(5000)
  for (const peer of peers) peer.pong()
  stage.clock.advance(10_000)
  await settle()
}

function written(id: string): number | undefined {
  return stage.writes.flat().findLast((one) => one.id === id)?.position.seq
}

test('an unknown secret, or one of another type, gets a text and is closed', async () => {
  const stream = stage.channel({ type: 'StreamingHTTPChannel2023' })
  for (const secret of ['nothing', '', stream.secret]) {
    const peer = await connect({ secret })
    assert.equal(peer.closed, 1008)
    assert.equal(peer.sent.length, 1)
  }
})

test('the position moves when a ping that was sent after the message is answered, not before', async () => {
  const channel = stage.channel()
  const peer = await connect(channel)
  stage.commit(11)
  await settle()
  assert.equal(peer.sent.length, 1)
  stage.clock.advance(5000)
  assert.equal(peer.pings, 1)
  stage.commit(12)
  await settle()
  peer.pong()
  stage.clock.advance(10_000)
  await settle()
  assert.equal(written(channel.id), 11, 'the second message came after the ping')
  peer.pong()
  stage.clock.advance(10_000)
  await settle()
  assert.equal(written(channel.id), 12)
})

test('without a pong nothing moves', async () => {
  const channel = stage.channel()
  const peer = await connect(channel)
  stage.commit(11)
  await settle()
  stage.clock.advance(60_000)
  await settle()
  assert.equal(peer.pings, 1)
  assert.equal(written(channel.id), undefined)
})

test('a reconnect goes on from what was confirmed, also before that is written', async () => {
  const channel = stage.channel()
  const peer = await connect(channel)
  stage.commit(11)
  await settle()
  stage.clock.advance(5000)
  peer.pong()
  stage.commit(12)
  await settle()
  peer.gone()
  assert.deepEqual(stage.writes, [])
  await connect(channel)
  assert.deepEqual(stage.froms.at(-1), version(11))
})

test('positions of many sockets are one write', async () => {
  const channels = Array.from({ length: 100 }, () => stage.channel())
  const peers = await Promise.all(channels.map(connect))
  stage.commit(11)
  await settle()
  await confirm(...peers)
  assert.deepEqual(
    stage.writes.map((one) => one.length),
    [100],
  )
})

test('a channel whose topic is quiet moves without a ping, every two minutes', async () => {
  const channel = stage.channel()
  const peer = await connect(channel)
  stage.tell('/a', (listener) => listener.upTo(version(30)))
  await settle()
  stage.clock.advance(110_000)
  assert.deepEqual(stage.writes, [])
  stage.clock.advance(30_000)
  await settle()
  assert.equal(written(channel.id), 30)
  assert.equal(peer.pings, 0)
})

test('of two sockets on one channel both hear, and the slower one is where the channel stands', async () => {
  const channel = stage.channel()
  const [one, two] = [await connect(channel), await connect(channel)]
  stage.commit(11)
  await settle()
  assert.deepEqual([one.types, two.types], [['Update'], ['Update']])
  await confirm(one)
  assert.equal(written(channel.id), undefined)
  two.pong()
  stage.clock.advance(10_000)
  await settle()
  assert.equal(written(channel.id), 11)
})

test('when the slower socket goes, the channel stands where the other is', async () => {
  const channel = stage.channel()
  const [one, two] = [await connect(channel), await connect(channel)]
  stage.commit(11)
  await settle()
  await confirm(one)
  two.gone()
  stage.clock.advance(10_000)
  await settle()
  assert.equal(written(channel.id), 11)
})

test('the ninth socket on a channel takes the place of the first', async () => {
  const channel = stage.channel()
  const peers: Peer[] = []
  for (let turn = 0; turn < 9; turn++) peers.push(await connect(channel))
  assert.equal(peers[0]!.closed, 1008)
  stage.commit(11)
  await settle()
  assert.deepEqual(
    peers.map(({ types }) => types.includes('Update')),
    [false, ...Array.from({ length: 8 }, () => true)],
  )
})

test('removing a channel tells its sockets and closes them', async () => {
  const [channel, other] = [stage.channel(), stage.channel()]
  const [one, two, three] = [await connect(channel), await connect(channel), await connect(other)]
  receivers.removed(channel.id)
  assert.deepEqual([one.closed, two.closed, three.closed], [1000, 1000, undefined])
  assert.match(one.sent[0]!, /removed/)
  stage.commit(11)
  await settle()
  assert.equal(one.sent.length, 1)
  assert.equal(three.sent.length, 1)
})

test('a pod that is gone takes its sockets along', async () => {
  const peer = await connect(stage.channel())
  receivers.podGone('another')
  assert.equal(peer.closed, undefined)
  receivers.podGone(stage.pod.id)
  assert.equal(peer.closed, 1000)
})

test('at endAt a socket is told and closed', async () => {
  const peer = await connect(stage.channel({ endMs: stage.clock.nowMs() + 1000 }))
  stage.clock.advance(1000)
  assert.match(peer.sent[0]!, /expired/)
  assert.equal(peer.closed, 1000)
})

test('a grant that is taken back closes its sockets within a minute and removes the channel', async () => {
  const channel = stage.channel({ subscriber: { webId: 'https://a.example/', grant: 'g' } })
  const peer = await connect(channel)
  stage.stands = false
  stage.clock.advance(60_000)
  await settle()
  assert.deepEqual(stage.removed, [channel.id])
  assert.equal(peer.closed, 1000)
})

test('a channel whose grant was taken back cannot be connected to, and is removed', async () => {
  const channel = stage.channel({ subscriber: { grant: 'g' } })
  stage.stands = false
  const peer = await connect(channel)
  assert.equal(peer.closed, 1008)
  assert.deepEqual(stage.removed, [channel.id])
})

test('what is confirmed is written when the server stops', async () => {
  const channel = stage.channel()
  const peer = await connect(channel)
  stage.commit(11)
  await settle()
  stage.clock.advance(5000)
  peer.pong()
  await receivers[Symbol.asyncDispose]()
  assert.equal(written(channel.id), 11)
})

test('positions that could not be written are written the next time', async () => {
  const channel = stage.channel()
  const { moveTo } = stage.channels
  stage.channels.moveTo = async () => {
    throw new Error('the disk is busy')
  }
  const peer = await connect(channel)
  stage.commit(11)
  await settle()
  await confirm(peer)
  stage.channels.moveTo = moveTo
  stage.commit(12)
  await settle()
  await confirm(peer)
  assert.equal(written(channel.id), 12)
})
