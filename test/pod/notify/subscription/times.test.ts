// xsd:dateTime and xsd:duration, as subscriptions use them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  formatDateTime,
  formatDuration,
  parseDateTime,
  parseDuration,
} from '../../../../src/pod/notify/subscription/times.ts'

const noon = Date.UTC(2030, 0, 31, 12)

test('times are read with and without fraction and zone', () => {
  const times: Readonly<Record<string, number>> = {
    '2030-01-31T12:00:00Z': noon,
    '2030-01-31T12:00:00': noon,
    '2030-01-31T12:00:00.5Z': noon + 500,
    '2030-01-31T12:00:00.123456789Z': noon + 123,
    '2030-01-31T14:00:00+02:00': noon,
    '2030-01-31T06:30:00-05:30': noon,
    ' 2030-01-31T12:00:00Z ': noon,
    '2028-02-29T00:00:00Z': Date.UTC(2028, 1, 29),
  }
  for (const [text, ms] of Object.entries(times)) assert.equal(parseDateTime(text), ms, text)
  assert.equal(formatDateTime(noon), '2030-01-31T12:00:00.000Z')
})

for (const text of [
  '',
  'now',
  '2030-01-31',
  '2030-01-31 12:00:00Z',
  '2030-02-30T00:00:00Z',
  '2030-13-01T00:00:00Z',
  '2030-00-01T00:00:00Z',
  '2030-01-00T00:00:00Z',
  '2030-01-01T24:00:00Z',
  '2030-01-01T00:60:00Z',
  '2030-01-01T00:00:61Z',
  '2030-01-01T00:00:00+15:00',
  '99999-01-01T00:00:00Z',
  '1767225600000',
]) {
  test(`${JSON.stringify(text)} is no xsd:dateTime`, () => assert.equal(parseDateTime(text), undefined))
}

test('durations are read', () => {
  const durations: Readonly<Record<string, number>> = {
    PT5S: 5000,
    'PT0.25S': 250,
    PT1M: 60_000,
    PT1H30M: 5_400_000,
    P1D: 86_400_000,
    P1DT1S: 86_401_000,
    P1Y2M: (365 + 60) * 86_400_000,
    PT0S: 0,
  }
  for (const [text, ms] of Object.entries(durations)) assert.equal(parseDuration(text), ms, text)
  for (const ms of [1, 250, 5000, 90_000]) assert.equal(parseDuration(formatDuration(ms)), ms)
})

for (const text of ['', 'P', 'PT', 'P1', '5S', '-PT5S', 'PT5', 'P1S', 'PT1.5M', 'PT5S1H', 'PT99999999999S', '5000']) {
  test(`${JSON.stringify(text)} is no duration`, () => assert.equal(parseDuration(text), undefined))
}
