// What the provider keeps, on both databases: found by its names while it lives, used up once, taken back as a whole.

import assert from 'node:assert/strict'

import { createLoginDocuments } from '../../../src/identity/account/login-documents.ts'
import { createRecords, type Records } from '../../../src/identity/provider/records.ts'
import { openKeptContexts } from '../../../src/pod/rdf/read/kept-contexts.ts'
import { silentLog } from '../../../src/base/log.ts'
import { laterPodMigrations } from '../../../src/pod/store/schema/migrations.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { testOnEach } from '../../support/databases.ts'
import { openWorld, type World } from '../account/world.ts'

function recordsOf({ db, clock, revocations }: World): Records {
  return createRecords({ db, clock, revocations })
}

testOnEach(
  'a record is found by its id and its uid until it ends; ids that open something are not stored',
  async (database) => {
    await using world = await openWorld(database)
    const records = recordsOf(world)
    const payload = { jti: 'secret-id', uid: 'u-1', accountId: 'a', text: 'ü "\u0000" 中' }
    await records.put('Interaction', 'secret-id', payload, 60)
    const found = await records.find('Interaction', 'secret-id')
    assert.deepEqual([found?.id, found?.consumed], ['secret-id', undefined])
    assert.deepEqual(found?.payload, { uid: 'u-1', accountId: 'a', text: payload.text })
    assert.deepEqual((await records.findByUid('Interaction', 'u-1'))?.payload, found?.payload)
    assert.equal(await records.findByUid('Session', 'u-1'), undefined)
    assert.equal(JSON.stringify(await world.unseen.read('SELECT * FROM oidc_record', [])).includes('secret-id'), false)
    await records.put('Interaction', 'secret-id', { uid: 'u-2' }, 60)
    assert.equal(await records.findByUid('Interaction', 'u-1'), undefined)
    await records.replace('Interaction', found!.key, { uid: 'u-2', more: 1 })
    await records.keep('Interaction', 'secret-id', { ttlSeconds: 90, slackSeconds: 60 })
    await records.keep('Interaction', 'secret-id', { ttlSeconds: 120, slackSeconds: 60 })
    await records.keep('Interaction', 'secret-id', { ttlSeconds: 30, slackSeconds: 0 })
    world.clock.advance(119_000)
    assert.deepEqual((await records.find('Interaction', 'secret-id'))?.payload, { uid: 'u-2', more: 1 })
    world.clock.advance(2000)
    assert.equal(await records.find('Interaction', 'secret-id'), undefined)
    await records.put('Client', 'app', {}, undefined)
    world.clock.advance(3_600_000)
    assert.equal((await records.find('Client', 'app'))?.key, 'app')
    await records.delete('Client', 'app')
    assert.equal(await records.find('Client', 'app'), undefined)
  },
)

testOnEach('of many who use a code or a proof at once one may', async (database) => {
  await using world = await openWorld(database)
  const records = recordsOf(world)
  await records.put('AuthorizationCode', 'code', {}, 60)
  const many = Array.from({ length: 20 })
  const consumed = await Promise.all(many.map(() => records.consume('AuthorizationCode', 'code')))
  assert.equal(consumed.filter(Boolean).length, 1)
  assert.notEqual((await records.find('AuthorizationCode', 'code'))?.consumed, undefined)
  const remembered = await Promise.all(many.map(() => records.remember('proof', 60)))
  assert.equal(remembered.filter(Boolean).length, 1)
})

testOnEach('taking a grant back takes all that came of it, and its tokens', async (database) => {
  await using world = await openWorld(database)
  const records = recordsOf(world)
  for (const id of ['one', 'two']) {
    await records.put('Grant', id, { accountId: 'a' }, undefined)
    for (let n = 0; n < 25; n++) {
      await records.put('RefreshToken', `${id} ${n}`, { grantId: id }, 1000 + n)
    }
  }
  // The oldest make room.
  assert.equal(await records.find('RefreshToken', 'one 4'), undefined)
  assert.notEqual(await records.find('RefreshToken', 'one 5'), undefined)
  await records.revoke(['one'])
  assert.equal(await records.find('Grant', 'one'), undefined)
  assert.equal(await records.find('RefreshToken', 'one 24'), undefined)
  assert.notEqual(await records.find('RefreshToken', 'two 24'), undefined)
  assert.deepEqual([world.revocations.isRevoked('one'), world.revocations.isRevoked('two')], [true, false])
})

testOnEach(
  'a document is a log-in when an account has it or a fragment of it, not when it only begins so',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, db } = world
    const { id } = await accounts.create({ kept: true })
    for (const webId of ['https://a.example/card#me', 'https://a.example/bare']) await accounts.linkWebId(id, webId)
    const { isLogin } = createLoginDocuments({ db, clock: world.clock })
    assert.equal(await isLogin('https://a.example/card'), true)
    assert.equal(await isLogin('https://a.example/bare'), true)
    for (const other of [
      'https://a.example/car',
      'https://a.example/card2',
      'https://a.example/CARD',
      'https://a.example/',
    ]) {
      assert.equal(await isLogin(other), false, other)
    }
  },
)

testOnEach('contexts are kept, replaced, and not more than fit', async (database) => {
  await using opened = await database.open({ migrations: laterPodMigrations.slice(0, 1), clock: createFakeClock() })
  const { db } = opened
  let version = 1
  const fetch = async (): Promise<{ bytes: Uint8Array }> => ({
    bytes: Buffer.from(JSON.stringify({ '@context': { version: version++ } })),
  })
  const kept = openKeptContexts({ db, fetch, log: silentLog })
  assert.equal(await kept.find('https://c.example/#x'), undefined)
  assert.deepEqual(await kept.learn('https://c.example/#x'), { '@context': { version: 1 } })
  assert.deepEqual(await kept.learn('https://c.example/'), { '@context': { version: 1 } })
  assert.equal(await kept.learn(`https://c.example/${'x'.repeat(3000)}`), undefined)
  const steps = Array.from({ length: 999 }, (_, n) => ({
    query: 'INSERT INTO context (url, document) VALUES (?, ?)',
    args: [String(n), '{}'],
  }))
  await db.write(steps)
  assert.equal(await kept.learn('https://d.example/'), undefined)
})
