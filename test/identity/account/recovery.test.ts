// Ways back in: reset links and recovery codes work once, and asking for them tells nothing.

import assert from 'node:assert/strict'

import { testOnEach } from '../../support/databases.ts'
import { failsWith, openWorld, password, signUp } from './world.ts'

const hourMs = 60 * 60_000
const device = { remember: true, userAgent: '', address: '' }

testOnEach('a reset link sets the password once and ends all sessions', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id } = await signUp(accounts, 'a@example.org')
  const { token: session } = await accounts.openSession(id, device)
  await accounts.findSession(session)
  const reset = await accounts.createReset('A@example.org')
  assert.equal(reset?.email, 'a@example.org')
  assert.equal(await accounts.isReset(reset!.token), true)
  await assert.rejects(accounts.useReset(reset!.token, ''), failsWith('PASSWORD_INVALID'))
  assert.equal((await accounts.useReset(reset!.token, 'new')).id, id)
  assert.equal(await accounts.findSession(session), undefined)
  assert.equal(await accounts.verifyPassword('a@example.org', password), undefined)
  assert.equal((await accounts.verifyPassword('a@example.org', 'new'))?.id, id)
  await assert.rejects(accounts.useReset(reset!.token, 'newer'), failsWith('RESET_INVALID'))
})

testOnEach('of twenty uses of one reset link at once exactly one counts', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  await signUp(accounts, 'a@example.org')
  const { token } = (await accounts.createReset('a@example.org'))!
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => accounts.useReset(token, `new ${n}`)))
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
})

testOnEach('a reset link ends after an hour, by a newer use, and when too many were asked for', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock, db } = world
  await signUp(accounts, 'a@example.org')
  const late = (await accounts.createReset('a@example.org'))!
  clock.advance(hourMs + 1)
  await assert.rejects(accounts.useReset(late.token, 'new'), failsWith('RESET_INVALID'))
  const links = []
  for (let count = 0; count < 5; count++) {
    clock.advance(10)
    links.push((await accounts.createReset('a@example.org'))!.token)
  }
  const works = await Promise.all(links.map((token) => accounts.isReset(token)))
  assert.deepEqual(works, [false, false, true, true, true])
  await accounts.useReset(links[4]!, 'new')
  assert.equal(await accounts.isReset(links[3]!), false)
  assert.deepEqual(await db.read('SELECT hash FROM reset_token', []), [])
})

testOnEach(
  'asking for a link for nobody writes as much as for somebody, and its rows are few and open nothing',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, clock, db, sent } = world
    await signUp(accounts, 'a@example.org')
    const asked = async (login: string): Promise<string[]> => {
      sent.length = 0
      await accounts.createReset(login)
      return [...sent]
    }
    assert.deepEqual(await asked('nobody@example.org'), await asked('a@example.org'))
    for (let count = 0; count < 9; count++) {
      clock.advance(10)
      assert.equal(await accounts.createReset(`nobody${count}@example.org`), undefined)
    }
    assert.equal((await db.read("SELECT hash FROM reset_token WHERE account = ''", [])).length, 3)
  },
)

testOnEach('a link gives an account without a password its first one', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id } = await accounts.create({ name: 'alice', kept: true })
  const bare = (await accounts.createReset('alice'))!
  await accounts.useReset(bare.token, 'first')
  assert.equal((await accounts.verifyPassword('alice', 'first'))?.id, id)

  const waiting = await accounts.create({ name: 'bob', kept: true })
  await accounts.addPassword(waiting.id, { email: 'bob@example.org' })
  assert.deepEqual(
    (await accounts.logins(waiting.id)).map((login) => login.isUsable),
    [false],
  )
  await accounts.useReset((await accounts.createReset('bob'))!.token, 'second')
  assert.equal((await accounts.verifyPassword('bob@example.org', 'second'))?.id, waiting.id)
  assert.equal((await accounts.logins(waiting.id)).length, 1)
})

testOnEach('each of ten recovery codes works once, however it is typed; new ones replace them', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id } = await signUp(accounts, 'a@example.org')
  await signUp(accounts, 'b@example.org')
  const codes = await accounts.recoveryCodes(id)
  assert.equal(new Set(codes).size, 10)
  const [first, second, third] = codes
  assert.equal(await accounts.useRecoveryCode('b@example.org', first!), undefined)
  assert.equal(await accounts.useRecoveryCode('nobody', first!), undefined)
  const tries = Array.from({ length: 10 }, () => accounts.useRecoveryCode('a@example.org', first!))
  assert.equal((await Promise.all(tries)).filter((account) => account?.id === id).length, 1)
  const typed = second!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
  assert.equal((await accounts.useRecoveryCode('a@example.org', typed))?.id, id)
  assert.equal(await accounts.recoveryCodesLeft(id), 8)
  await accounts.recoveryCodes(id)
  assert.equal(await accounts.useRecoveryCode('a@example.org', third!), undefined)
  assert.equal(await accounts.recoveryCodesLeft(id), 10)
  await assert.rejects(accounts.recoveryCodes('nobody'), failsWith('ACCOUNT_UNKNOWN'))
})
