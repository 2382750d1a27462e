// Which path below `.notifications/` names what.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { channelPath, placeOf, receiveUrl, typePath } from '../../../src/pod/notify/places.ts'
import { podRecord } from '../../support/access.ts'

const id = '01900000-0000-7000-8000-000000000001'
const secret = 'abcdefghijklmnopqrstuvwxyz_-0123'

test('a type, its channels and where they are received from have paths', () => {
  const type = 'WebSocketChannel2023'
  assert.deepEqual(placeOf(typePath(type)), { kind: 'type', type })
  assert.deepEqual(placeOf('/.notifications/WebSocketChannel2023'), { kind: 'type', type })
  assert.deepEqual(placeOf(channelPath({ type, id })), { kind: 'channel', type, id })
  assert.deepEqual(placeOf(`${typePath(type)}receive/${secret}`), { kind: 'receive', type, secret })
})

for (const path of [
  '/',
  '/notes/',
  '/.notifications/',
  '/.notifications',
  '/.notifications/websocketchannel2023/',
  '/.notifications/OtherChannel2023/',
  '/.notifications/__proto__/',
  '/.notifications/WebSocketChannel2023/x',
  '/.notifications/WebSocketChannel2023/x.acl',
  `/.notifications/WebSocketChannel2023/${id}/`,
  '/.notifications/WebSocketChannel2023/receive',
  '/.notifications/WebSocketChannel2023/receive/',
  '/.notifications/WebSocketChannel2023/receive/short',
  `/.notifications/WebSocketChannel2023/receive/${secret}/`,
  `/.notifications/WebSocketChannel2023/receive/${secret}/more`,
]) {
  test(`${path} names nothing`, () => assert.equal(placeOf(path), undefined))
}

test('channels are received from the scheme of their type, beside their pod, webhooks from nowhere', () => {
  const [plain, safe] = [podRecord({ base: 'http://alice.example:8080/' }), podRecord()]
  const at = (pod: typeof safe, type: 'WebSocketChannel2023' | 'StreamingHTTPChannel2023' | 'WebhookChannel2023') =>
    receiveUrl(pod, { type, secret })
  assert.equal(
    at(plain, 'WebSocketChannel2023'),
    `ws://alice.example:8080/.notifications/WebSocketChannel2023/receive/${secret}`,
  )
  assert.equal(
    at(safe, 'WebSocketChannel2023'),
    `wss://pods.example/alice/.notifications/WebSocketChannel2023/receive/${secret}`,
  )
  assert.equal(
    at(safe, 'StreamingHTTPChannel2023'),
    `https://pods.example/alice/.notifications/StreamingHTTPChannel2023/receive/${secret}`,
  )
  assert.equal(at(safe, 'WebhookChannel2023'), undefined)
})
