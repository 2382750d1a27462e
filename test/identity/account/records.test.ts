// Accounts as rows: made and found, disabled, deleted, and gone by themselves when nobody can log in to them.

import assert from 'node:assert/strict'

import { testOnEach } from '../../support/databases.ts'
import { failsWith, openWorld, password, signUp } from './world.ts'

const minuteMs = 60_000
const day = 24 * 60 * minuteMs

testOnEach('an account is found by e-mail in any case, by name and by WebID', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id } = await accounts.create({ name: 'Alice', language: 'zh' })
  await accounts.addPassword(id, { email: 'Alice@Example.ORG', password })
  await accounts.linkWebId(id, 'https://alice.example/profile#me')
  const ways = ['alice@example.org', ' ALICE@EXAMPLE.ORG ', 'alice', 'ALICE', 'https://alice.example/profile#me']
  for (const way of ways) assert.equal((await accounts.find(way))?.id, id, way)
  for (const way of ['bob', 'bob@example.org', 'https://alice.example/profile#you', '', 'x'.repeat(5000)])
    assert.equal(await accounts.find(way), undefined, way)
  const account = await accounts.get(id)
  assert.deepEqual([account?.name, account?.language, account?.state], ['alice', 'zh', 'open'])
})

testOnEach('a name is given once', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const alice = await accounts.create({ name: 'alice' })
  const bob = await accounts.create({ name: 'bob' })
  await assert.rejects(accounts.create({ name: 'ALICE' }), failsWith('NAME_TAKEN'))
  await assert.rejects(accounts.setName(bob.id, 'alice'), failsWith('NAME_TAKEN'))
  await assert.rejects(accounts.setName(bob.id, 'a@b'), failsWith('NAME_INVALID'))
  await assert.rejects(accounts.setName('nobody', 'carol'), failsWith('ACCOUNT_UNKNOWN'))
  await accounts.setName(alice.id, 'alice')
  await accounts.setName(alice.id, 'alice2')
  await accounts.setName(bob.id, 'alice')
  assert.equal((await accounts.find('alice'))?.id, bob.id)
})

testOnEach('of many who want a name or an address at once one gets it, and a last log-in stays', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const ids = await Promise.all(Array.from({ length: 6 }, async () => (await accounts.create({ kept: true })).id))
  const codes = async (calls: readonly Promise<unknown>[]): Promise<string[]> => {
    const results = await Promise.allSettled(calls)
    return results
      .map((result) => (result.status === 'fulfilled' ? '' : (result.reason as { code: string }).code))
      .sort()
  }
  const taken = (code: string): string[] => ['', ...Array.from({ length: 5 }, () => code)]
  assert.deepEqual(await codes(ids.map((id) => accounts.setName(id, 'alice'))), taken('NAME_TAKEN'))
  const named = ids.map(() => accounts.create({ name: 'bob' }))
  assert.deepEqual(await codes(named), taken('NAME_TAKEN'))
  const adding = ids.map((id) => accounts.addPassword(id, { email: 'a@b', password }))
  assert.deepEqual(await codes(adding), taken('EMAIL_TAKEN'))
  const [first, second] = await Promise.all(
    ['c@d', 'e@f'].map((email) => accounts.addPassword(ids[0]!, { email, password })),
  )
  const elsewhere = (await accounts.logins(ids[0]!)).find(({ email }) => email === 'a@b')
  if (elsewhere !== undefined) await accounts.removeLogin(ids[0]!, elsewhere.id)
  const removing = [first!, second!].map((login) => accounts.removeLogin(ids[0]!, login))
  assert.deepEqual(await codes(removing), ['', 'LOGIN_LAST'])
})

testOnEach('accounts are listed by age, in pages', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock } = world
  const made: string[] = []
  for (let count = 0; count < 5; count++) {
    made.push((await accounts.create()).id)
    clock.advance(2)
  }
  const first = await accounts.list(undefined, 3)
  const second = await accounts.list(first.at(-1)?.id, 3)
  assert.deepEqual(
    [...first, ...second].map((account) => account.id),
    made,
  )
})

testOnEach(
  'an account nobody can log in to is removed after half an hour, one with a log-in and one that is kept are not',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, clock, db } = world
    const unused = await accounts.create()
    const { token } = await accounts.openSession(unused.id, { remember: true, userAgent: '', address: '' })
    const kept = await accounts.create({ kept: true })
    const used = await signUp(accounts, 'a@example.org')
    clock.advance(29 * minuteMs)
    await accounts.purgeDue()
    assert.notEqual(await accounts.get(unused.id), undefined)
    clock.advance(2 * minuteMs)
    await accounts.purgeDue()
    assert.equal(await accounts.get(unused.id), undefined)
    assert.deepEqual(await db.read('SELECT id FROM account_session', []), [])
    assert.equal(await accounts.findSession(token), undefined)
    assert.notEqual(await accounts.get(kept.id), undefined)
    assert.notEqual(await accounts.get(used.id), undefined)
    await assert.rejects(
      accounts.addPassword(unused.id, { email: 'b@example.org', password }),
      failsWith('ACCOUNT_UNKNOWN'),
    )
  },
)

testOnEach('disabling ends sessions, apps and credentials at once; enabling lets new ones in', async (database) => {
  await using world = await openWorld(database)
  const { accounts, revocations, db, clock } = world
  const { id } = await signUp(accounts, 'a@example.org')
  const other = await signUp(accounts, 'b@example.org')
  await accounts.linkWebId(id, 'https://a.example/#me')
  const { token } = await accounts.openSession(id, { remember: true, userAgent: '', address: '' })
  const others = await accounts.openSession(other.id, { remember: true, userAgent: '', address: '' })
  const { id: credential, secret } = await accounts.createCredential(id, { name: 'x', webId: 'https://a.example/#me' })
  const grantId = (await accounts.verifyCredential(credential, secret))!.grantId
  await addGrant(world, { id: 'grant-a', account: id })
  await addGrant(world, { id: 'grant-b', account: other.id })
  assert.notEqual(await accounts.findSession(token), undefined)

  await accounts.setState(id, 'disabled')
  assert.equal(await accounts.findSession(token), undefined)
  assert.equal(await accounts.verifyCredential(credential, secret), undefined)
  assert.deepEqual(
    ['grant-a', grantId, 'grant-b'].map((grant) => revocations.isRevoked(grant)),
    [true, true, false],
  )
  assert.deepEqual(await db.read('SELECT id FROM oidc_record ORDER BY id', []), [
    { id: 'grant-b' },
    { id: 'token of grant-b' },
  ])
  assert.notEqual(await accounts.findSession(others.token), undefined)
  await assert.rejects(
    accounts.openSession(id, { remember: false, userAgent: '', address: '' }),
    failsWith('ACCOUNT_UNKNOWN'),
  )
  assert.equal((await accounts.verifyPassword('a@example.org', password))?.state, 'disabled')

  clock.advance(1000)
  await accounts.setState(id, 'open')
  const renewed = await accounts.verifyCredential(credential, secret)
  assert.equal(revocations.isRevoked(renewed!.grantId), false)
  assert.equal(revocations.isRevoked(grantId), true)
})

testOnEach('a deletion can be taken back until it is due, and then removes everything', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock, unseen } = world
  const { id } = await accounts.create({ name: 'alice' })
  await accounts.addPassword(id, { email: 'a@example.org', password })
  await accounts.linkWebId(id, 'https://a.example/#me')
  await accounts.linkPod(id, 'pod-a')
  await accounts.recoveryCodes(id)
  await accounts.createReset('alice')
  await accounts.createCredential(id, { name: 'x', webId: 'https://a.example/#me' })
  await accounts.addPasskey({
    id: 'key',
    account: id,
    name: '',
    publicKey: new Uint8Array(3),
    counter: 0,
    transports: [],
  })

  await accounts.scheduleDelete(id, clock.nowMs() + 7 * day)
  assert.equal((await accounts.verifyPassword('alice', password))?.state, 'deleting')
  const { token } = await accounts.openSession(id, { remember: false, userAgent: '', address: '' })
  assert.equal((await accounts.findSession(token))?.account, id)
  await accounts.cancelDelete(id)
  assert.equal((await accounts.get(id))?.state, 'open')

  await accounts.scheduleDelete(id, clock.nowMs() + 7 * day)
  assert.deepEqual(await accounts.purgeDue(), [])
  clock.advance(8 * day)
  const due = await accounts.purgeDue()
  assert.deepEqual(
    due.map((account) => account.id),
    [id],
  )
  assert.deepEqual(await accounts.pods(id), ['pod-a'])
  await accounts.remove(id)
  const tables = ['account', ...(await database.tablesWith(unseen, 'account'))]
  assert.ok(tables.length >= 9)
  for (const name of tables) assert.deepEqual(await unseen.read(`SELECT * FROM ${name}`, []), [], name)
  await assert.rejects(accounts.remove(id), failsWith('ACCOUNT_UNKNOWN'))
})

/** What the provider keeps when an app was let in. */
async function addGrant(
  { db, clock }: Pick<Awaited<ReturnType<typeof openWorld>>, 'db' | 'clock'>,
  grant: { readonly id: string; readonly account: string },
): Promise<void> {
  const query = 'INSERT INTO oidc_record (model, id, payload, grant_id, account, expires_ms) VALUES (?, ?, ?, ?, ?, ?)'
  const expiresMs = clock.nowMs() + day
  await db.write([
    { query, args: ['Grant', grant.id, '{}', null, grant.account, expiresMs] },
    { query, args: ['RefreshToken', `token of ${grant.id}`, '{}', grant.id, null, expiresMs] },
  ])
}
