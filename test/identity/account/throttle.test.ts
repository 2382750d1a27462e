// How often strangers may try, and that nobody can be locked out by them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { networkOf } from '../../../src/core/http/forwarded.ts'
import { createThrottle } from '../../../src/identity/throttle.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { failsWith } from './world.ts'

const minuteMs = 60_000

function times(count: number, run: () => void): number {
  let passed = 0
  for (let n = 0; n < count; n++) {
    try {
      run()
      passed++
    } catch (error) {
      if (!failsWith('TOO_MANY_ATTEMPTS')(error)) throw error
    }
  }
  return passed
}

test('one address has ten tries at an account, then waits as long as it is told', () => {
  const clock = createFakeClock()
  const throttle = createThrottle({ clock, perAddressHour: 60 })
  const attempt = { login: 'Alice', address: '192.0.2.1' }
  assert.equal(
    times(15, () => throttle.admit(attempt)),
    10,
  )
  clock.advance(5 * minuteMs)
  assert.throws(
    () => throttle.admit({ ...attempt, login: ' alice' }),
    (error: unknown) => error instanceof XpodError && error.headers.join() === 'Retry-After,600',
  )
  clock.advance(10 * minuteMs)
  throttle.admit(attempt)
})

test('while an account is under attack another address and a known device still get in', () => {
  const throttle = createThrottle({ clock: createFakeClock(), perAddressHour: 60 })
  for (let net = 0; net < 30; net++) times(10, () => throttle.admit({ login: 'alice', address: `198.51.100.${net}` }))
  assert.equal(
    times(10, () => throttle.admit({ login: 'alice', address: '192.0.2.1' })),
    3,
  )
  assert.equal(
    times(10, () => throttle.admit({ login: 'alice', address: '198.51.100.1', device: 'phone' })),
    10,
  )
  assert.equal(
    times(10, () => throttle.admit({ login: 'bob', address: '192.0.2.2' })),
    10,
  )
})

test('an address has sixty failures an hour over all accounts; log-ins that succeed are not counted', () => {
  const clock = createFakeClock()
  const throttle = createThrottle({ clock, perAddressHour: 60 })
  let user = 0
  const address = '2001:db8::1'
  for (let n = 0; n < 200; n++) {
    const attempt = { login: `user ${user++}`, address }
    throttle.admit(attempt)
    throttle.forgive(attempt)
  }
  assert.equal(
    times(100, () => throttle.admit({ login: `user ${user++}`, address: '2001:db8::abcd' })),
    60,
  )
  throttle.admit({ login: 'x', address: '2001:db8:0:1::1' })
  throttle.admit({ login: 'y', address, device: 'known' })
  clock.advance(60 * minuteMs)
  throttle.admit({ login: 'x', address })
})

test('a success forgives the tries before it', () => {
  const throttle = createThrottle({ clock: createFakeClock(), perAddressHour: 60 })
  const attempt = { login: 'alice', address: '192.0.2.1' }
  for (let round = 0; round < 20; round++) {
    assert.equal(
      times(2, () => throttle.admit(attempt)),
      2,
    )
    throttle.forgive(attempt)
  }
})

test('strangers make sixty rows of a kind an hour and address; on loopback as many as they like', () => {
  const clock = createFakeClock()
  const throttle = createThrottle({ clock, perAddressHour: 60 })
  assert.equal(
    times(100, () => throttle.take('account', '192.0.2.1')),
    60,
  )
  assert.equal(
    times(100, () => throttle.take('client', '192.0.2.1')),
    60,
  )
  assert.equal(
    times(100, () => throttle.take('account', '192.0.2.2')),
    60,
  )
  const open = createThrottle({ clock, perAddressHour: undefined })
  assert.equal(
    times(1000, () => open.take('account', '127.0.0.1')),
    1000,
  )
  assert.equal(
    times(100, () => open.admit({ login: 'alice', address: '127.0.0.1' })),
    10,
  )
})

test('its memory is bounded: the oldest counts are forgotten', () => {
  const throttle = createThrottle({ clock: createFakeClock(), perAddressHour: 1, maxCounts: 10 })
  const take = (n: number): number => times(1, () => throttle.take('client', `192.0.2.${n}`))
  for (let n = 0; n < 11; n++) assert.equal(take(n), 1)
  assert.equal(take(10), 0)
  assert.equal(take(0), 1)
})

test('an IPv6 address counts as its first 64 bits, an IPv4 address as itself in every spelling', () => {
  const cases = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '2001:db8::1': '2001:db8:0:0',
    '2001:DB8:0:0:9::': '2001:db8:0:0',
    '2001:0db8:0000:0001:0:0:0:1': '2001:db8:0:1',
    'fe80::1%eth0': 'fe80:0:0:0',
    '::1': '0:0:0:0',
    unknown: 'unknown',
  }
  for (const [address, network] of Object.entries(cases)) assert.equal(networkOf(address), network, address)
})
