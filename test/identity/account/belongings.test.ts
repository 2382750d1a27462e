// What belongs to an account: WebIDs, pods, client credentials; and invitations, which belong to nobody yet.

import assert from 'node:assert/strict'

import { testOnEach } from '../../support/databases.ts'
import { failsWith, openWorld, signUp } from './world.ts'

const webId = 'https://a.example/profile/card#me'
const hourMs = 60 * 60_000

testOnEach('a WebID belongs to one account', async (database) => {
  await using world = await openWorld(database)
  const { accounts } = world
  const [alice, bob] = [await signUp(accounts, 'a@b'), await signUp(accounts, 'c@d')]
  const results = await Promise.allSettled([alice, bob].map(({ id }) => accounts.linkWebId(id, webId)))
  assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected'])
  const [winner, loser] = results[0]!.status === 'fulfilled' ? [alice, bob] : [bob, alice]
  const link = await accounts.linkWebId(winner.id, webId)
  assert.deepEqual(await accounts.webIds(winner.id), [link])
  assert.equal(await accounts.accountOfWebId(webId), winner.id)
  await assert.rejects(accounts.linkWebId(loser.id, webId), failsWith('WEBID_TAKEN'))
  await assert.rejects(accounts.unlinkWebId(loser.id, webId), failsWith('WEBID_UNKNOWN'))
  for (const bad of ['', 'ftp://a', 'https://', 'https://a b', 'https://a/<', `https://a/${'x'.repeat(2000)}`])
    await assert.rejects(accounts.linkWebId(alice.id, bad), failsWith('WEBID_INVALID'), bad.slice(0, 30))
})

testOnEach('pods are linked to one account and found both ways', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock } = world
  const { id } = await signUp(accounts, 'a@b')
  for (const pod of ['z', 'a']) {
    await accounts.linkPod(id, pod)
    clock.advance(1)
  }
  assert.deepEqual(await accounts.pods(id), ['z', 'a'])
  assert.deepEqual(await accounts.linkOfPod('a'), { pod: 'a', account: id })
  await accounts.unlinkPod('other', 'a')
  await accounts.unlinkPod(id, 'z')
  assert.deepEqual(await accounts.pods(id), ['a'])
  await assert.rejects(accounts.linkPod('nobody', 'b'), failsWith('ACCOUNT_UNKNOWN'))
})

testOnEach('a credential is shown once, named, dated, and ends with its tokens', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock, revocations, db } = world
  const { id } = await signUp(accounts, 'a@b')
  await assert.rejects(accounts.createCredential(id, { name: 'x', webId }), failsWith('WEBID_UNKNOWN'))
  await accounts.linkWebId(id, webId)
  const made = await accounts.createCredential(id, { name: 'My backup, daily', webId })
  assert.match(made.id, /^My-backup-daily_[0-9a-f-]{36}$/)
  assert.ok(!JSON.stringify(await db.read('SELECT * FROM client_credential', [])).includes(made.secret))
  assert.deepEqual(await accounts.credentials(id), [made.credential])
  assert.deepEqual(await accounts.verifyCredential(made.id, made.secret), made.credential)
  assert.equal(await accounts.verifyCredential(made.id, `${made.secret}x`), undefined)
  assert.equal(await accounts.verifyCredential('other', made.secret), undefined)

  clock.advance(1000)
  const usedMs = clock.nowMs()
  await accounts.touchCredential(made.id)
  clock.advance(1000)
  await accounts.touchCredential(made.id)
  assert.equal((await accounts.credentials(id))[0]?.lastUsedMs, usedMs)

  await assert.rejects(accounts.deleteCredential('other', made.id), failsWith('CREDENTIAL_UNKNOWN'))
  assert.equal(revocations.isRevoked(made.credential.grantId), false)
  await accounts.deleteCredential(id, made.id)
  assert.equal(revocations.isRevoked(made.credential.grantId), true)
  assert.equal(await accounts.verifyCredential(made.id, made.secret), undefined)
})

testOnEach(
  'a credential ends by its time and with its WebID, and one account has a bounded number',
  async (database) => {
    await using world = await openWorld(database)
    const { accounts, clock, revocations } = world
    const { id } = await signUp(accounts, 'a@b')
    await accounts.linkWebId(id, webId)
    const brief = await accounts.createCredential(id, { name: '', webId, expiresMs: clock.nowMs() + hourMs })
    assert.match(brief.id, /^_[0-9a-f-]{36}$/)
    assert.notEqual(await accounts.verifyCredential(brief.id, brief.secret), undefined)
    clock.advance(hourMs)
    assert.equal(await accounts.verifyCredential(brief.id, brief.secret), undefined)
    await assert.rejects(accounts.createCredential(id, { name: 'a\nb', webId }), failsWith('NAME_INVALID'))
    for (let count = 1; count < 100; count++) await accounts.createCredential(id, { name: 'x', webId })
    await assert.rejects(accounts.createCredential(id, { name: 'x', webId }), failsWith('ACCOUNT_FULL'))
    await accounts.unlinkWebId(id, webId)
    assert.deepEqual(await accounts.credentials(id), [])
    assert.equal(revocations.isRevoked(brief.credential.grantId), true)
  },
)

testOnEach('an invitation is used as often as it says, also at once, and not after its end', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock } = world
  const { code, invite } = await accounts.createInvite({ expiresMs: clock.nowMs() + hourMs, uses: 3 })
  const used = await Promise.all(Array.from({ length: 8 }, () => accounts.useInvite(code)))
  assert.equal(used.filter(Boolean).length, 3)
  assert.deepEqual(await accounts.listInvites(), [])
  const other = await accounts.createInvite({ expiresMs: clock.nowMs() + hourMs, uses: 1 })
  assert.deepEqual(await accounts.listInvites(), [other.invite])
  assert.equal(await accounts.useInvite(invite.id), false)
  clock.advance(hourMs)
  assert.equal(await accounts.useInvite(other.code), false)
  assert.equal(await accounts.deleteInvite(other.invite.id), true)
  assert.equal(await accounts.deleteInvite(other.invite.id), false)
})
