// Which addresses are public, at the edges of every range.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { addressRules, isPublicAddress } from '../../../src/core/http/address-list.ts'

// Last address before a range, first and last of it, first after it.
const edges: readonly (readonly [string, string, string, string])[] = [
  ['', '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['223.255.255.255', '224.0.0.0', '255.255.255.255', ''],
  ['', '::', '1fff:ffff::', '2000::'],
  ['2000:ffff::', '2001::', '2001:1ff:ffff::', '2001:200::'],
  ['2001:db7:ffff::', '2001:db8::', '2001:db8:ffff::', '2001:db9::'],
  ['2001:ffff::', '2002::', '2002:ffff::', '2003::'],
  ['3ffe:ffff::', '3fff::', '3fff:fff:ffff::', '3fff:1000::'],
  ['3fff:ffff:ffff::', '4000::', 'ffff:ffff::', ''],
]

for (const [before, first, last, after] of edges) {
  test(`${first} to ${last} is not public, its neighbours are`, () => {
    assert.equal(isPublicAddress(first), false)
    assert.equal(isPublicAddress(last), false)
    for (const outside of [before, after]) if (outside !== '') assert.equal(isPublicAddress(outside), true, outside)
  })
}

for (const text of ['', 'example.org', '1.2.3', '1.2.3.4.5', '2001:200::1%eth0', '::ffff:8.8.8.8']) {
  test(`"${text}" is no public address`, () => assert.equal(isPublicAddress(text), false))
}

test('open loopback opens nothing else', () => {
  const rules = addressRules({ allowInternal: [], allowLoopback: true })
  for (const address of ['127.0.0.1', '127.1.2.3', '::1']) assert.equal(rules.opensAddress(address), true, address)
  for (const address of ['10.0.0.1', '128.0.0.1', '0.0.0.0', '::2', 'fe80::1', '8.8.8.8']) {
    assert.equal(rules.opensAddress(address), false, address)
  }
})

test('entries open what they name and nothing beside it', () => {
  const rules = addressRules({
    allowInternal: ['10.1.0.0/16', 'fd00:1::/32', '192.168.1.5', 'in.example'],
    allowLoopback: false,
  })
  for (const address of ['10.1.0.0', '10.1.255.255', 'fd00:1:ffff::1', '192.168.1.5']) {
    assert.equal(rules.opensAddress(address), true, address)
  }
  for (const address of ['10.0.255.255', '10.2.0.0', 'fd00:2::1', '192.168.1.6', '127.0.0.1']) {
    assert.equal(rules.opensAddress(address), false, address)
  }
  assert.equal(rules.opensHost('in.example'), true)
  assert.equal(rules.opensHost('x.in.example'), false)
})
