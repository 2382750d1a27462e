// A pod that is deleted through one center is gone at the center that is its home within five seconds, and so it comes back.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Browser } from '../identity/attacks/stage/browser.ts'
import { signUp } from '../identity/attacks/stage/person.ts'
import { until } from '../support/until.ts'
import { openPlace } from './centers.ts'

const withinMs = 5000

test('deleted and brought back at another center than its home, a pod follows within five seconds', async () => {
  await using place = await openPlace()
  const home = await place.start('home')
  const other = await place.start('other')
  const person = await signUp(new Browser(place.baseUrl, home.port), 'alice')
  const card = `${new URL(person.pod).pathname}profile/card`
  const statusAt = async (center: typeof home): Promise<number> => (await place.ask(center, 'GET', card)).status
  assert.equal(await statusAt(home), 200)

  const { authorization, controls, password } = person
  const elsewhere = new Browser(place.baseUrl, other.port)
  const listed = await elsewhere.json('GET', controls['account']!['pod']!, undefined, { authorization })
  const resource = listed.json<{ pods: Record<string, string> }>().pods[person.pod]!
  const deleted = await elsewhere.json('DELETE', resource, { password }, { authorization })
  assert.equal(deleted.status, 200, deleted.text)
  assert.equal(await statusAt(other), 410, 'at once where it was said')
  await until('its home refuses it', async () => (await statusAt(home)) === 410, withinMs)

  assert.equal((await elsewhere.json('POST', `${resource}keep/`, {}, { authorization })).status, 200)
  await until('its home serves it', async () => (await statusAt(home)) === 200, withinMs)
})
