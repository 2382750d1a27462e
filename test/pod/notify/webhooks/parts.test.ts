// The parts of webhooks that need no server: pauses, whose turn it is, and where a webhook may send.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemRandom } from '../../../../src/base/random.ts'
import { addressRules } from '../../../../src/core/http/address-list.ts'
import type { Delivery } from '../../../../src/pod/notify/channel.ts'
import { afterFailure, faring } from '../../../../src/pod/notify/webhooks/back-off.ts'
import { sendToProblem } from '../../../../src/pod/notify/webhooks/send-to.ts'
import { createSlots } from '../../../../src/pod/notify/webhooks/slots.ts'

const failure = { problem: 'it answers 500', isGone: false, waitMs: 0 }
const dayMs = 24 * 3_600_000

test('pauses grow from one second to a quarter of an hour, and a day of failing parks', () => {
  let delivery: Delivery = faring
  let nowMs = 0
  const pauses: number[] = []
  while (!delivery.parked) {
    delivery = afterFailure(delivery, failure, { nowMs, random: systemRandom })
    pauses.push(delivery.nextMs - nowMs)
    if (!delivery.parked) nowMs = delivery.nextMs
  }
  assert.ok(pauses[0]! >= 1000 && pauses[0]! <= 2000)
  assert.ok(Math.max(...pauses) <= 900_000 && Math.min(...pauses.slice(11)) >= 450_000)
  assert.ok(nowMs >= dayMs && nowMs < dayMs + 900_000)
  assert.ok(new Set(pauses.slice(11)).size > 1, 'pauses have chance in them')
})

test('a server that was down itself does not park what it has hardly tried', () => {
  const once = afterFailure(faring, failure, { nowMs: 0, random: systemRandom })
  const later = afterFailure(once, failure, { nowMs: 2 * dayMs, random: systemRandom })
  assert.equal(later.parked, false)
  assert.equal(later.failingSinceMs, 0)
})

test('problems are cut to a bounded length', () => {
  const long = { ...failure, problem: 'x'.repeat(10_000) }
  assert.equal(afterFailure(faring, long, { nowMs: 0, random: systemRandom }).problem.length, 200)
})

test('slow and untried targets have half of the places, one receiver a quarter, and turns are fair', async () => {
  const slots = createSlots()
  const running: string[] = []
  const finish: (() => void)[] = []
  const ask = (receiver: string, isQuick: boolean): void =>
    slots.run({ receiver, isQuick }, () => {
      running.push(receiver)
      return new Promise((resolve) => finish.push(resolve))
    })
  for (let count = 0; count < 10; count++) ask('one', false)
  assert.equal(running.length, 8)
  for (let count = 0; count < 40; count++) ask(`slow ${count}`, false)
  assert.equal(running.length, 16)
  for (let count = 0; count < 40; count++) ask(`quick ${count}`, true)
  assert.equal(running.length, 32)
  assert.equal(running.filter((name) => name.startsWith('quick')).length, 16)
  let isIdle = false
  const idle = slots.idle().then(() => (isIdle = true))
  for (let count = 0; count < 90; count++) {
    assert.equal(isIdle, false)
    finish[count]!()
    await new Promise(setImmediate)
  }
  await idle
  assert.equal(running.length, 90)
  assert.equal(new Set(running).size, 81)
})

test('where a webhook may send', () => {
  const outside = addressRules({ allowInternal: ['10.1.0.0/16', 'hooks.intern'], allowLoopback: false })
  const atHome = addressRules({ allowInternal: [], allowLoopback: true })
  for (const url of ['https://hook.example/x?y=z', 'https://8.8.8.8/', 'http://10.1.2.3/', 'http://hooks.intern:99/']) {
    assert.equal(sendToProblem(url, outside), undefined, url)
  }
  for (const url of ['http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/', 'https://localhost/']) {
    assert.equal(sendToProblem(url, atHome), undefined, url)
  }
  for (const [url, problem] of [
    ['http://hook.example/', /not https/],
    ['http://localhost:1/', /not https/],
    ['https://127.0.0.1/', /internal/],
    ['https://localhost/', /internal/],
    ['https://2130706433/', /internal/],
    ['https://[::1]/', /internal/],
    ['https://169.254.169.254/', /internal/],
    ['https://me:secret@hook.example/', /credentials/],
    ['ftp://hook.example/', /no https URL/],
    ['mailto:bob@example.org', /no https URL/],
    ['hook', /no https URL/],
    [`https://hook.example/${'x'.repeat(3000)}`, /longer/],
  ] as const) {
    assert.match(sendToProblem(url, outside) ?? 'allowed', problem, url)
  }
})
