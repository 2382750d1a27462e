// The memory of used proofs: once each, nothing forgotten early, bounded.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ReplayTable } from '../../../src/pod/auth/replay-table.ts'

const now = 1_800_000_000

test('a proof is new once', () => {
  const table = new ReplayTable({ slots: 64, share: 64 })
  assert.equal(table.remember({ jkt: 'k', jti: 'a' }, now, now + 90), 'new')
  assert.equal(table.remember({ jkt: 'k', jti: 'a' }, now, now + 90), 'used')
})

test('the same jti of another key is another proof', () => {
  const table = new ReplayTable({ slots: 64, share: 64 })
  table.remember({ jkt: 'k', jti: 'a' }, now, now + 90)
  assert.equal(table.remember({ jkt: 'l', jti: 'a' }, now, now + 90), 'new')
})

test('jkt and jti are not run together', () => {
  const table = new ReplayTable({ slots: 64, share: 64 })
  table.remember({ jkt: 'ab', jti: 'c' }, now, now + 90)
  assert.equal(table.remember({ jkt: 'a', jti: 'bc' }, now, now + 90), 'new')
})

test('a proof is remembered until its end and not longer', () => {
  const table = new ReplayTable({ slots: 64, share: 64 })
  table.remember({ jkt: 'k', jti: 'a' }, now, now + 90)
  assert.equal(table.remember({ jkt: 'k', jti: 'a' }, now + 89, now + 179), 'used')
  assert.equal(table.remember({ jkt: 'k', jti: 'a' }, now + 90, now + 180), 'new')
})

test('a key that has used up its share is told so, others are not', () => {
  const table = new ReplayTable({ slots: 1024, share: 10 })
  for (let n = 0; n < 10; n++) assert.equal(table.remember({ jkt: 'k', jti: `${n}` }, now, now + 90), 'new')
  assert.equal(table.remember({ jkt: 'k', jti: '10' }, now, now + 90), 'full')
  assert.equal(table.remember({ jkt: 'k', jti: '3' }, now, now + 90), 'used')
  assert.equal(table.remember({ jkt: 'l', jti: '10' }, now, now + 90), 'new')
})

test('a share is free again once its proofs have ended', () => {
  const table = new ReplayTable({ slots: 1024, share: 10 })
  for (let n = 0; n < 10; n++) table.remember({ jkt: 'k', jti: `${n}` }, now, now + 90)
  const period = 32
  assert.equal(table.remember({ jkt: 'k', jti: 'x' }, now + 90 + period, now + 180 + period), 'new')
  for (let n = 1; n < 10; n++) {
    assert.equal(table.remember({ jkt: 'k', jti: `y${n}` }, now + 90 + period, now + 180 + period), 'new')
  }
  assert.equal(table.remember({ jkt: 'k', jti: 'z' }, now + 90 + period, now + 180 + period), 'full')
})

test('the table is usable to three quarters and forgets nothing when it is full', () => {
  const slots = 8192
  const table = new ReplayTable({ slots, share: slots })
  let accepted = 0
  const kept: number[] = []
  let firstFull = 0
  for (let n = 0; n < slots * 1.2; n++) {
    const result = table.remember({ jkt: 'k', jti: `${n}` }, now, now + 90)
    assert.notEqual(result, 'used')
    if (result === 'new') kept.push(n)
    if (result === 'new' && firstFull === 0) accepted++
    else firstFull ||= n
  }
  assert.ok(accepted >= slots * 0.75, `full after ${accepted} of ${slots}`)
  for (const n of kept) assert.equal(table.remember({ jkt: 'k', jti: `${n}` }, now, now + 90), 'used')
})

test('after the window everything fits again', () => {
  const slots = 1024
  const table = new ReplayTable({ slots, share: slots })
  for (let n = 0; n < slots; n++) table.remember({ jkt: 'k', jti: `${n}` }, now, now + 90)
  let full = 0
  const later = now + 200
  for (let n = 0; n < slots / 2; n++) if (table.remember({ jkt: 'k', jti: `${n}` }, later, later + 90) !== 'new') full++
  assert.equal(full, 0)
})
