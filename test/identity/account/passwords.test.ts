// Passwords: who gets in, what a wrong one costs, and what happens when two ask at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemRandom } from '../../../src/base/random.ts'
import { createScrypt } from '../../../src/identity/account/scrypt.ts'
import { testOnEach } from '../../support/databases.ts'
import { cheap, failsWith, openWorld, password, signUp } from './world.ts'

testOnEach('the right password opens the account, by e-mail, name and WebID', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id } = await signUp(accounts, 'a@example.org')
  await accounts.setName(id, 'alice')
  await accounts.linkWebId(id, 'https://a.example/#me')
  for (const login of ['A@example.org', 'alice', 'https://a.example/#me'])
    assert.equal((await accounts.verifyPassword(login, password))?.id, id, login)
  assert.equal(await accounts.verifyPassword('a@example.org', `${password} `), undefined)
  assert.equal(await accounts.checkPassword(id, password), true)
  assert.equal(await accounts.checkPassword(id, 'wrong'), false)
  assert.equal((await accounts.logins(id))[0]?.lastUsedMs, world.clock.nowMs())
})

testOnEach('an unknown log-in does the work of a wrong password, whatever it looks like', async (database) => {
  await using world = await openWorld(database)
  const { accounts, scrypt } = world
  await signUp(accounts, 'a@example.org')
  const waiting = await accounts.create({ name: 'waiting', kept: true })
  await accounts.addPassword(waiting.id, { email: 'waiting@example.org' })
  const logins = ['a@example.org', 'b@example.org', 'nobody', 'https://nobody.example/#me', '', 'x'.repeat(9000)]
  for (const login of [...logins, 'waiting', 'waiting@example.org']) {
    scrypt.runs.length = 0
    assert.equal(await accounts.verifyPassword(login, 'wrong'), undefined)
    assert.deepEqual(scrypt.runs, ['scrypt$4$1$1'], login.slice(0, 40))
  }
})

testOnEach('an e-mail address belongs to one log-in, also when two sign up at once', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const made = await Promise.all(Array.from({ length: 5 }, () => accounts.create()))
  const results = await Promise.allSettled(
    made.map(({ id }, index) => accounts.addPassword(id, { email: index % 2 ? 'X@y.z' : 'x@Y.z', password })),
  )
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  for (const result of results) if (result.status === 'rejected') assert.ok(failsWith('EMAIL_TAKEN')(result.reason))
  const winner = made[results.findIndex((result) => result.status === 'fulfilled')]!
  assert.equal((await accounts.find('x@y.z'))?.id, winner.id)
})

testOnEach('what is typed is bounded', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id } = await accounts.create()
  for (const email of ['', 'x', 'a b@c', '@c', 'a@', 'a@b@c', `a@${'b'.repeat(260)}`, 'a\u0000@b'])
    await assert.rejects(accounts.addPassword(id, { email, password }), failsWith('EMAIL_INVALID'), email)
  for (const bad of ['', 'x'.repeat(1025)])
    await assert.rejects(accounts.addPassword(id, { email: 'a@b', password: bad }), failsWith('PASSWORD_INVALID'))
  for (let count = 0; count < 10; count++) await accounts.addPassword(id, { email: `a${count}@b`, password })
  await assert.rejects(accounts.addPassword(id, { email: 'c@d', password }), failsWith('ACCOUNT_FULL'))
  await assert.rejects(accounts.addPassword('nobody', { email: 'c@d', password }), failsWith('ACCOUNT_UNKNOWN'))
})

testOnEach('a password is changed by who knows the old one, and by one of two who ask at once', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id, login } = await signUp(accounts, 'a@example.org')
  await assert.rejects(accounts.changePassword(id, login, { old: 'wrong', new: 'new' }), failsWith('PASSWORD_WRONG'))
  await assert.rejects(
    accounts.changePassword('other', login, { old: password, new: 'new' }),
    failsWith('LOGIN_UNKNOWN'),
  )
  const results = await Promise.allSettled(
    ['one', 'two'].map((next) => accounts.changePassword(id, login, { old: password, new: next })),
  )
  assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
  assert.equal(await accounts.verifyPassword('a@example.org', password), undefined)
})

testOnEach('a new address takes the place of the old one and ends links that were sent to it', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id, login } = await signUp(accounts, 'a@example.org')
  await signUp(accounts, 'b@example.org')
  const reset = await accounts.createReset('a@example.org')
  await assert.rejects(accounts.changeEmail(id, login, 'B@example.org'), failsWith('EMAIL_TAKEN'))
  await assert.rejects(accounts.changeEmail(id, 'other', 'c@example.org'), failsWith('LOGIN_UNKNOWN'))
  await accounts.changeEmail(id, login, 'A@Example.org')
  await accounts.changeEmail(id, login, 'c@example.org')
  assert.equal(await accounts.verifyPassword('a@example.org', password), undefined)
  assert.equal((await accounts.verifyPassword('c@example.org', password))?.id, id)
  assert.equal(await accounts.isReset(reset!.token), false)
})

testOnEach('the last way to log in stays', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const { id, login } = await signUp(accounts, 'a@example.org')
  await accounts.addPassword(id, { email: 'waiting@example.org' })
  await assert.rejects(accounts.removeLogin(id, login), failsWith('LOGIN_LAST'))
  const passkey = { id: 'key', account: id, name: 'phone', publicKey: Uint8Array.of(1, 2), counter: 0 }
  await accounts.addPasskey({ ...passkey, transports: ['usb', 'nfc'] })
  await assert.rejects(accounts.addPasskey({ ...passkey, transports: [] }), failsWith('PASSKEY_TAKEN'))
  await accounts.touchPasskey('key', 7)
  const found = await accounts.findPasskey('key')
  assert.deepEqual([found?.counter, found?.transports, found?.publicKey], [7, ['usb', 'nfc'], Uint8Array.of(1, 2)])
  await accounts.removeLogin(id, login)
  await assert.rejects(accounts.removeLogin(id, 'key'), failsWith('LOGIN_LAST'))
  await assert.rejects(accounts.removeLogin(id, login), failsWith('LOGIN_UNKNOWN'))
  assert.deepEqual(
    (await accounts.logins(id)).map(({ kind, isUsable }) => [kind, isUsable]),
    [
      ['password', false],
      ['passkey', true],
    ],
  )
})

testOnEach('a log-in under old parameters hashes the password anew', async (database) => {
  await using world = await openWorld(database)
  const { accounts, db } = world
  await signUp(accounts, 'a@example.org')
  const raised = await world.another({ ...cheap, logN: 5 })
  const stored = async (): Promise<string> => String((await db.read('SELECT hash FROM password_login', []))[0]?.hash)
  assert.match(await stored(), /^scrypt\$4\$/)
  assert.notEqual(await raised.accounts.verifyPassword('a@example.org', password), undefined)
  assert.match(await stored(), /^scrypt\$5\$/)
  assert.notEqual(await accounts.verifyPassword('a@example.org', password), undefined)
})

test('few passwords are hashed at a time, a number waits, the next is told to come back', async () => {
  const scrypt = createScrypt({ random: systemRandom, cost: cheap, maxRunning: 1, maxWaiting: 3 })
  const results = await Promise.allSettled(Array.from({ length: 6 }, () => scrypt.hash(password)))
  const refused = results.filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 2)
  for (const { reason } of refused) assert.ok(failsWith('OVERLOADED')(reason))
  assert.equal(await scrypt.verify(password, await scrypt.hash(password)), true)
})

test('the parameters in use are those of the rules, and Unicode forms of a password are one', async () => {
  const scrypt = createScrypt({ random: systemRandom })
  const stored = await scrypt.hash('caf\u00e9')
  assert.match(stored, /^scrypt\$15\$8\$3\$/)
  assert.equal(await scrypt.verify('cafe\u0301', stored), true)
  assert.equal(await scrypt.verify('cafe', stored), false)
  assert.equal(scrypt.isOutdated(stored), false)
})
