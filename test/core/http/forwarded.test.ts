// Who may say what about a request it passes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { HttpRequest } from '../../../src/core/http/message.ts'

import { forwardedOf, trustProxies, withClientAddress } from '../../../src/core/http/forwarded.ts'

test('only the named proxies are trusted', () => {
  const trusts = trustProxies(['10.0.0.0/8', '::1', '192.168.1.1'])
  for (const address of ['10.1.2.3', '::1', '192.168.1.1', '::ffff:10.9.9.9']) assert.ok(trusts(address), address)
  for (const address of ['11.0.0.1', '192.168.1.2', '::2', '', 'unknown']) assert.ok(!trusts(address), address)
  assert.ok(!trustProxies([])('127.0.0.1'))
})

test('a block that is none is refused', () => {
  for (const block of ['10.0.0.0/33', 'localhost', '10.0.0.0/8/8', '::1/129', '1.2.3.4/', '']) {
    assert.throws(() => trustProxies([block]), { code: 'CONFIG_INVALID' }, block)
  }
})

test('Forwarded goes before the X-Forwarded names, and the nearest proxy is the one believed', () => {
  const headers = {
    forwarded: 'for=1.1.1.1;host=evil.example;proto=http, for=2.2.2.2; Host="pods.example:8443" ;Proto=HTTPS',
    'x-forwarded-host': 'other.example',
  }
  assert.deepEqual(forwardedOf(headers), { host: 'pods.example:8443', proto: 'https' })
  assert.deepEqual(forwardedOf({ 'x-forwarded-host': 'a.example, b.example', 'x-forwarded-proto': 'http, HTTPS' }), {
    host: 'b.example',
    proto: 'https',
  })
  assert.deepEqual(forwardedOf({}), { host: undefined, proto: undefined })
})

test('the client is who the trusted proxy names, and the peer itself when nobody is trusted or it says nonsense', () => {
  const trusts = trustProxies(['10.0.0.1'])
  const seen = (headers: Record<string, string>, remoteAddress = '10.0.0.1'): string =>
    withClientAddress({ headers, remoteAddress } as unknown as HttpRequest, trusts).remoteAddress
  assert.equal(seen({ 'x-forwarded-for': '9.9.9.9, 192.0.2.7' }), '192.0.2.7')
  assert.equal(seen({ forwarded: 'for=9.9.9.9, for="[2001:db8::7]:4711";proto=https' }), '2001:db8::7')
  assert.equal(seen({ forwarded: 'for=192.0.2.7:80' }), '192.0.2.7')
  assert.equal(seen({ forwarded: 'for=_hidden' }), '10.0.0.1')
  assert.equal(seen({}), '10.0.0.1')
  assert.equal(seen({ 'x-forwarded-for': '192.0.2.7' }, '203.0.113.5'), '203.0.113.5')
})
