// How long apps that registered are known (rule 16): an hour while nobody logs in with them, thirty days after each use.

import assert from 'node:assert/strict'

import { XpodError } from '../../../src/base/errors.ts'
import { createAdapter } from '../../../src/identity/provider/library/adapter.ts'
import { createRecords } from '../../../src/identity/provider/records.ts'
import { testOnEach } from '../../support/databases.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { openWorld, type World } from '../account/world.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** With a clock of its own: nothing is to be read every two seconds for months. */
function adapterOf({ db, revocations }: World, clock: FakeClock): ReturnType<typeof createAdapter> {
  const records = createRecords({ db, clock, revocations })
  return createAdapter({ records, documents: () => Promise.reject(new XpodError('CLIENT_INVALID')) })
}

testOnEach('an app that nobody logs in with is forgotten after an hour', async (database) => {
  await using world = await openWorld(database)
  const clients = adapterOf(world, world.clock)('Client')
  await clients.upsert('app', { client_id: 'app' }, 0)
  world.clock.advance(hourMs - 1)
  assert.ok(await clients.find('app'))
  world.clock.advance(1)
  assert.equal(await clients.find('app'), undefined)
  await world.accounts.purgeDue()
  assert.deepEqual(await world.db.read('SELECT id FROM oidc_record', []), [])
})

testOnEach('one that somebody let in is known for thirty days, and as long again as it refreshes', async (database) => {
  await using world = await openWorld(database)
  const clock = createFakeClock()
  const adapter = adapterOf(world, clock)
  const clients = adapter('Client')
  const refreshTokens = adapter('RefreshToken')
  for (const id of ['used', 'idle']) {
    await clients.upsert(id, { client_id: id }, 0)
    await adapter('AuthorizationCode').upsert(`code-${id}`, { clientId: id }, 60)
  }
  await refreshTokens.upsert('token', { clientId: 'used' }, (180 * dayMs) / 1000)
  for (let month = 0; month < 4; month++) {
    clock.advance(29 * dayMs)
    assert.ok(await refreshTokens.find('token'), `month ${month}`)
    assert.ok(await clients.find('used'), `month ${month}`)
  }
  assert.equal(await clients.find('idle'), undefined)
  clock.advance(30 * dayMs)
  assert.equal(await clients.find('used'), undefined)
})

testOnEach('refreshing again and again writes once a day', async (database) => {
  await using world = await openWorld(database)
  const clock = createFakeClock()
  const adapter = adapterOf(world, clock)
  await adapter('Client').upsert('app', { client_id: 'app' }, 0)
  await adapter('RefreshToken').upsert('token', { clientId: 'app' }, (180 * dayMs) / 1000)
  const writes = (): number => world.sent.filter((query) => query.startsWith('UPDATE oidc_record')).length
  for (let n = 0; n < 10; n++) await adapter('RefreshToken').find('token')
  assert.equal(writes(), 1)
  clock.advance(dayMs)
  for (let n = 0; n < 10; n++) await adapter('RefreshToken').find('token')
  assert.equal(writes(), 2)
})
