// One receiver: what it sends, when, and what it makes of a reader that does not keep up.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import type { Channel } from '../../../../src/pod/notify/channel.ts'
import { createReceiverCounters } from '../../../../src/pod/notify/live/counters.ts'
import { Receiver } from '../../../../src/pod/notify/live/receiver.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { Peer, settle, Stage, version } from './stage.ts'

let stage: Stage
let peer: Peer
let ended: string[]
beforeEach(() => {
  stage = new Stage()
  peer = new Peer()
  ended = []
})

function receive(more: Partial<Channel> = {}): Receiver {
  const outlet = {
    get bufferedBytes() {
      return peer.bufferedBytes
    },
    send: (text: string, onSent: () => void) => peer.send(text, onSent),
    end: (reason: string) => void ended.push(reason),
  }
  const channel = stage.channel(more)
  const { follower, judge, clock, log, metrics } = stage
  const parts = { follower, judge, clock, log, counters: createReceiverCounters(metrics, 'test') }
  return new Receiver(parts, { pod: stage.pod, channel, from: channel.position, outlet })
}

function counted(name: string, labels = ''): number {
  return Number(new RegExp(`^${name}{channel="test"${labels}} (\\d+)$`, 'm').exec(stage.metrics.render())![1])
}

test('each activity is one message with the state of the topic', async () => {
  const receiver = receive()
  stage.commit(11)
  stage.commit(12)
  await settle()
  assert.deepEqual(peer.types, ['Update', 'Update'])
  assert.equal((JSON.parse(peer.sent[0]!) as { state: string }).state, '"now"')
  assert.deepEqual(receiver.sent, version(12))
  assert.equal(counted('xpod_notify_delivered_total'), 2)
})

test('it follows from where the channel stands, and knows how far nothing happened', async () => {
  const receiver = receive()
  assert.deepEqual(stage.froms, [version(10)])
  stage.tell('/a', (listener) => listener.upTo(version(20)))
  await settle()
  assert.deepEqual(receiver.sent, version(20))
  assert.deepEqual(peer.sent, [])
})

test('rights are judged again at every message', async () => {
  const receiver = receive()
  stage.commit(11)
  await settle()
  stage.mayRead = false
  stage.commit(12)
  await settle()
  stage.mayRead = async () => true
  stage.commit(13)
  await settle()
  assert.equal(peer.sent.length, 2)
  assert.deepEqual(receiver.sent, version(13))
  assert.equal(counted('xpod_notify_dropped_total', ',reason="denied"'), 1)
})

test('a revocation that arrives while the judge thinks counts', async () => {
  let answer: (may: boolean) => void = () => {}
  stage.mayRead = () => new Promise<boolean>((resolve) => (answer = resolve))
  receive()
  stage.commit(11)
  await settle()
  answer(false)
  await settle()
  assert.deepEqual(peer.sent, [])
})

test('before startAt nothing is told', async () => {
  const receiver = receive({ startMs: stage.clock.nowMs() + 60_000 })
  stage.commit(11)
  await settle()
  stage.clock.advance(60_000)
  await settle()
  assert.deepEqual(peer.sent, [])
  stage.commit(12)
  await settle()
  assert.deepEqual(peer.types, ['Update'])
  assert.deepEqual(receiver.sent, version(12))
})

test('at endAt it ends, and a message that comes too late is not sent', async () => {
  receive({ endMs: stage.clock.nowMs() + 60_000 })
  stage.clock.advance(59_999)
  assert.deepEqual(ended, [])
  stage.clock.advance(1)
  assert.deepEqual(ended, ['expired'])
  stage.commit(11)
  await settle()
  assert.deepEqual(peer.sent, [])
})

test('with a rate, what comes in the gap is one message after it', async () => {
  receive({ rateMs: 5000 })
  stage.commit(11)
  await settle()
  for (const seq of [12, 13, 14]) stage.commit(seq)
  await settle()
  assert.equal(peer.sent.length, 1)
  stage.clock.advance(4999)
  await settle()
  assert.equal(peer.sent.length, 1)
  stage.clock.advance(1)
  await settle()
  stage.clock.advance(20_000)
  await settle()
  assert.deepEqual(peer.types, ['Update', 'Update'])
})

test('with a rate, what comes alone in the gap is told as it is after it', async () => {
  receive({ rateMs: 5000 })
  stage.commit(11)
  await settle()
  const id = stage.commit(12)
  stage.clock.advance(5000)
  await settle()
  assert.equal((JSON.parse(peer.sent[1]!) as { id: string }).id, id)
})

test('a known state that still holds is told nothing, an outdated one is told at once', async () => {
  for (const [known, expected] of [
    ['"now"', []],
    ['W/"now.jsonld"', []],
    ['now', []],
    ['"before"', ['Update']],
  ] as const) {
    peer = new Peer()
    receive({ state: known, topic: `/${known}` })
    stage.tell(`/${known}`, (listener) => listener.upTo(version(10)))
    await settle()
    assert.deepEqual(peer.types, expected, known)
  }
})

test('a known state of something that is gone is told as Delete', async () => {
  stage.state = undefined
  receive({ state: '"before"' })
  stage.tell('/a', (listener) => listener.upTo(version(10)))
  await settle()
  assert.deepEqual(peer.types, ['Delete'])
})

test('a known state is compared once, and not when something else was told', async () => {
  receive({ state: '"before"' })
  stage.commit(11)
  stage.tell('/a', (listener) => listener.upTo(version(11)))
  await settle()
  stage.tell('/a', (listener) => listener.upTo(version(12)))
  await settle()
  assert.equal(peer.sent.length, 1)
})

test('when the feed does not reach back, one Update tells of a topic that changed, and nothing of one that did not', async () => {
  const receiver = receive()
  stage.hasChanged = false
  stage.tell('/a', (listener) => listener.resync(version(50), 'truncated'))
  await settle()
  assert.deepEqual(peer.sent, [])
  assert.deepEqual(receiver.sent, version(50))
  stage.hasChanged = true
  stage.tell('/a', (listener) => listener.resync(version(60), 'truncated'))
  await settle()
  assert.deepEqual(peer.types, ['Update'])
  assert.deepEqual(receiver.sent, version(60))
})

test('after a restore nobody can tell what changed, so it is told always', async () => {
  stage.hasChanged = false
  receive()
  stage.tell('/a', (listener) => listener.resync(version(5), 'diverged'))
  await settle()
  assert.deepEqual(peer.types, ['Update'])
})

test('what waits for a slow reader collapses to one Update, and the position stays behind until it is sent', async () => {
  const receiver = receive()
  peer.isSlow = true
  let seq = 10
  while (counted('xpod_notify_dropped_total', ',reason="collapsed"') === 0) {
    stage.commit(++seq)
    if (seq % 50 === 0) await settle()
  }
  assert.ok(peer.bufferedBytes < 80 * 1024, 'the connection holds more than it should')
  const handed = peer.sent.length
  for (let more = 0; more < 100; more++) stage.commit(++seq)
  await settle()
  assert.equal(receiver.sent.seq, 10 + handed)
  peer.isSlow = false
  peer.take()
  await settle()
  assert.equal(peer.sent.length, handed + 1)
  assert.equal(receiver.sent.seq, seq)
})

test('a deletion is judged by the rules that it ended, also when it was collapsed with what was around it', async () => {
  stage.mayRead = (rules) => rules === 'the last'
  receive({ rateMs: 1000 })
  stage.deleted(11, '/a', 'the first')
  await settle()
  assert.deepEqual(peer.types, [], 'rules that let nobody read')
  stage.commit(12)
  stage.deleted(13, '/a', 'the last')
  stage.state = undefined
  await settle()
  assert.deepEqual(peer.types, ['Delete'])
  stage.clock.advance(1000)
  stage.deleted(14, '/a', 'the last')
  stage.commit(15)
  stage.state = '"made again"'
  await settle()
  assert.deepEqual(peer.types, ['Delete'], 'what is there now is judged by the rules of now')
})

test('memory of a receiver whose reader takes nothing is bounded', async () => {
  const receiver = receive()
  peer.isSlow = true
  for (let seq = 11; seq < 5000; seq++) {
    stage.commit(seq)
    if (seq % 100 === 0) await settle()
  }
  assert.ok(peer.sent.length < 300)
  assert.ok(receiver.sent.seq < 300)
})

test('a judge that fails for a moment delays the message, and does not lose it', async () => {
  let isBroken = true
  stage.mayRead = () => {
    if (isBroken) throw new XpodError('OVERLOADED')
    return true
  }
  receive()
  stage.commit(11)
  stage.commit(12)
  await settle()
  isBroken = false
  stage.clock.advance(1000)
  await settle()
  assert.deepEqual(peer.types, ['Update', 'Update'])
})

test('a pod that is gone ends it', async () => {
  stage.mayRead = () => {
    throw new XpodError('POD_UNKNOWN')
  }
  receive()
  stage.commit(11)
  await settle()
  assert.deepEqual(ended, ['removed'])
})

test('all that one commit means is sent before the position passes it', async () => {
  const receiver = receive({ topic: '/c/' })
  let judged = 0
  stage.mayRead = () => (++judged === 1 ? true : new Promise(() => {}))
  stage.commitTwo(11, '/c/')
  await settle()
  assert.deepEqual(peer.types, ['Add'])
  assert.deepEqual(receiver.sent, version(10))
})

test('what was not sent when the connection went does not count as sent', async () => {
  const receiver = receive()
  let answer: (may: boolean) => void = () => {}
  stage.mayRead = () => new Promise<boolean>((resolve) => (answer = resolve))
  stage.commit(11)
  await settle()
  receiver.close()
  answer(true)
  await settle()
  assert.deepEqual(peer.sent, [])
  assert.deepEqual(receiver.sent, version(10))
})

test('once closed it sends and follows no more', async () => {
  const receiver = receive()
  receiver.close()
  stage.commit(11)
  await settle()
  assert.deepEqual(peer.sent, [])
  assert.equal(stage.listeners.get('/a')!.size, 0)
})
