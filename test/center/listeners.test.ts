// Subscribers of a whole center: what the log shows of them, and what becomes of them when it stops.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../../src/base/clock.ts'
import { createLog } from '../../src/base/log.ts'
import { startTestCenter } from '../support/center.ts'
import { sendAsAnybody, SocketListener, StreamListener, subscribe } from '../support/listening.ts'
import { until } from '../support/until.ts'

const streaming = 'StreamingHTTPChannel2023'

test('the log shows that somebody receives a channel, and never the secret of its address', async () => {
  const lines: string[] = []
  const log = createLog({ level: 'debug', format: 'json', clock: systemClock, write: (line) => void lines.push(line) })
  await using server = await startTestCenter({ log, accessLog: true })
  const { base: pod, webId } = await server.createPod('alice')
  const topic = webId.replace('#me', '')
  const socket = await subscribe(sendAsAnybody, { pod, topic })
  const stream = await subscribe(sendAsAnybody, { pod, topic, type: streaming })
  using _ = await SocketListener.open(socket.receiveFrom)
  using __ = await StreamListener.open(stream.receiveFrom)
  const plain = socket.receiveFrom.replace('ws:', 'http:')
  const statuses: number[] = []
  for (const url of [
    plain,
    plain.replace('receive', '%72eceive'),
    `${plain}x`,
    `${plain}/`,
    `${stream.receiveFrom}?a`,
  ]) {
    const answer = await fetch(url, { method: url.endsWith('?a') ? 'PUT' : 'GET' })
    statuses.push(answer.status)
    await answer.body?.cancel()
  }
  assert.deepEqual(statuses.slice(0, 2), [426, 426])
  const text = lines.join('\n')
  const received = text.match(/"path":"[^"]*receive\/[^"]*"/g) ?? []
  assert.ok(received.length >= 5, text)
  for (const url of [socket.receiveFrom, stream.receiveFrom]) {
    const secret = url.split('/').at(-1)!
    assert.ok(secret.length >= 22)
    assert.ok(
      !text.includes(secret),
      text.split('\n').find((line) => line.includes(secret)),
    )
  }
})

test('a center that drains ends its listeners at once, and tells sockets to come back', {
  timeout: 10_000,
}, async () => {
  await using server = await startTestCenter()
  const { base: pod, webId } = await server.createPod('alice')
  const topic = webId.replace('#me', '')
  using socket = await SocketListener.open((await subscribe(sendAsAnybody, { pod, topic })).receiveFrom)
  using stream = await StreamListener.open(
    (await subscribe(sendAsAnybody, { pod, topic, type: streaming })).receiveFrom,
  )
  await server.center.drain(0)
  assert.equal((await socket.end()).code, 1012)
  await until('the stream is over', () => stream.isOver)
})
