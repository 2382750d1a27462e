// Sessions: found by their token only, listed, ended here at once and on another center within five seconds.

import assert from 'node:assert/strict'

import type { Session } from '../../../src/identity/account/accounts.ts'
import { testOnEach } from '../../support/databases.ts'
import { openWorld, signUp } from './world.ts'

const wish = { remember: true, userAgent: 'Browser/1', address: '192.0.2.1' }
const dayMs = 24 * 60 * 60_000

testOnEach('a session is opened by its token; what is stored and listed opens nothing', async (database) => {
  await using world = await openWorld(database)
  const { accounts, db } = world
  const { id } = await signUp(accounts, 'a@b')
  const { token, session } = await accounts.openSession(id, { ...wish, userAgent: 'x'.repeat(1000) })
  assert.deepEqual(await accounts.findSession(token), session)
  assert.equal(session.userAgent.length, 200)
  const [row] = await db.read<{ token_hash: string }>('SELECT token_hash FROM account_session', [])
  for (const other of [session.id, row!.token_hash, '', 'x'.repeat(5000)])
    assert.equal(await accounts.findSession(other), undefined)
})

testOnEach('ending a session, or all others, holds here at once and on another center within 5 s', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock } = world
  const elsewhere = await world.another()
  const { id } = await signUp(accounts, 'a@b')
  const opened: { token: string; session: Session }[] = []
  for (let count = 0; count < 4; count++) {
    opened.push(await accounts.openSession(id, wish))
    clock.advance(1)
  }
  const alive = async (by: typeof accounts): Promise<boolean[]> =>
    Promise.all(opened.map(async ({ token }) => (await by.findSession(token)) !== undefined))
  assert.deepEqual(await alive(accounts), [true, true, true, true])
  assert.deepEqual(await alive(elsewhere.accounts), [true, true, true, true])
  assert.equal(await accounts.endSession(opened[0]!.session.id), true)
  assert.equal(await accounts.endSession(opened[0]!.session.id), false)
  assert.deepEqual(await alive(accounts), [false, true, true, true])
  await accounts.endOthers(id, opened[2]!.session.id)
  assert.deepEqual(await alive(accounts), [false, false, true, false])
  clock.advance(5000)
  assert.deepEqual(await alive(elsewhere.accounts), [false, false, true, false])
  assert.deepEqual(await accounts.sessions(id), [opened[2]!.session])
  await accounts.endOthers(id, undefined)
  assert.deepEqual(await accounts.sessions(id), [])
})

testOnEach('the apps that were let in from a session end with it, others stay', async (database) => {
  await using world = await openWorld(database)
  const { accounts, db, clock, revocations } = world
  const { id } = await signUp(accounts, 'a@b')
  const [first, second] = [await accounts.openSession(id, wish), await accounts.openSession(id, wish)]
  const query = `INSERT INTO oidc_record (model, id, payload, grant_id, account, session, expires_ms)
    VALUES (?, ?, '{}', ?, ?, ?, ?)`
  const endMs = clock.nowMs() + dayMs
  for (const [name, { session }] of Object.entries({ one: first, two: second })) {
    await db.write([
      { query, args: ['Grant', name, null, id, session.id, endMs] },
      { query, args: ['RefreshToken', `refresh ${name}`, name, id, null, endMs] },
    ])
  }
  const elsewhere = await world.another()
  await accounts.endSession(first.session.id)
  assert.deepEqual([revocations.isRevoked('one'), revocations.isRevoked('two')], [true, false])
  assert.deepEqual(await db.read('SELECT id FROM oidc_record ORDER BY id', []), [{ id: 'refresh two' }, { id: 'two' }])
  await elsewhere.revocations.refresh()
  assert.equal(elsewhere.revocations.isRevoked('one'), true)
  await accounts.endOthers(id, first.session.id)
  assert.equal(revocations.isRevoked('two'), true)
})

testOnEach(
  'the end of a session moves with its use; unused it ends, sooner when it need not be remembered',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, clock } = world
    const { id } = await signUp(accounts, 'a@b')
    const kept = await accounts.openSession(id, wish)
    const brief = await accounts.openSession(id, { ...wish, remember: false })
    for (let day = 0; day < 20; day++) {
      clock.advance(dayMs - 1000)
      assert.notEqual(await accounts.findSession(kept.token), undefined, `day ${day}`)
      if (day < 3) assert.notEqual(await accounts.findSession(brief.token), undefined, `day ${day}`)
    }
    assert.equal(await accounts.findSession(brief.token), undefined)
    assert.deepEqual(
      (await accounts.sessions(id)).map((session) => session.lastSeenMs),
      [clock.nowMs()],
    )
    clock.advance(14 * dayMs)
    assert.equal(await accounts.findSession(kept.token), undefined)
    await accounts.purgeDue()
    assert.deepEqual(await world.db.read('SELECT id FROM account_session', []), [])
  },
)

testOnEach('one account has a bounded number of sessions: the oldest end', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock } = world
  const { id } = await signUp(accounts, 'a@b')
  const first = await accounts.openSession(id, wish)
  for (let count = 0; count < 200; count++) {
    clock.advance(1)
    await accounts.openSession(id, wish)
  }
  assert.equal((await accounts.sessions(id)).length, 200)
  assert.equal(await accounts.findSession(first.token), undefined)
})
