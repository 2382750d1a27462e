// What operators do with accounts, the same over the control socket of a running server and on the files of a stopped one.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { type Administration, connectControl } from '../../src/center/control.ts'
import { openAdministration } from '../../src/center/offline.ts'
import { startTestCenter, testOptions } from '../support/center.ts'
import { storesOf } from '../support/stores.ts'
import { temporaryDirectory } from '../support/temporary.ts'

type Scene = Administration & AsyncDisposable & { readonly baseUrl: string }

const surround = {
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  metrics: createMetrics(),
  onFatal: (error: unknown) => assert.fail(String(error)),
}

async function whileRunning(): Promise<Scene> {
  const center = await startTestCenter()
  const administration = await connectControl(center.dataDir)
  assert.ok(administration)
  return { ...administration, baseUrl: center.baseUrl, [Symbol.asyncDispose]: () => center[Symbol.asyncDispose]() }
}

async function whileStopped(): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const { path: dataDir } = stack.use(await temporaryDirectory())
  const center = await startTestCenter({ dataDir })
  const { baseUrl } = center
  await center[Symbol.asyncDispose]()
  const administration = stack.use(
    await openAdministration({ ...testOptions, ...(await storesOf(dataDir)), dataDir }, surround),
  )
  const owned = stack.move()
  return { ...administration, baseUrl, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

for (const [when, open] of Object.entries({ 'a running server': whileRunning, 'a stopped server': whileStopped })) {
  test(`${when}: an account is made with a pod, found by all its names, and waits for its password`, async () => {
    await using scene = await open()
    const { accounts, baseUrl } = scene
    const made = await accounts.create({ name: 'alice', email: 'Alice@example.org', pod: 'alice' })
    const webId = `${baseUrl}alice/profile/card#me`
    assert.deepEqual(made.webIds, [webId])
    assert.deepEqual(
      made.pods.map(({ base }) => base),
      [`${baseUrl}alice/`],
    )
    assert.match(made.resetLink!, new RegExp(`^${baseUrl}\\.account/.+=[\\w-]{43}$`))
    assert.deepEqual(
      made.logins.map(({ kind, email, usable }) => [kind, email, usable]),
      [['password', 'Alice@example.org', false]],
    )
    for (const account of ['alice', 'alice@EXAMPLE.org', webId, made.id]) {
      assert.equal((await accounts.show({ account })).id, made.id)
      assert.notEqual((await accounts.resetLink({ account })).link, made.resetLink)
    }
    await assert.rejects(accounts.show({ account: 'nobody' }), { code: 'ACCOUNT_UNKNOWN', exit: 5 })
  })

  test(`${when}: what cannot be made leaves nothing`, async () => {
    await using scene = await open()
    const { accounts, pods } = scene
    await accounts.create({ name: 'ann', email: 'a@example.org' })
    await pods.create({ name: 'taken' })
    for (const [wish, code] of [
      [{ name: 'ann' }, 'NAME_TAKEN'],
      [{ name: 'No Name' }, 'NAME_INVALID'],
      [{ name: 'bob', email: 'A@example.org' }, 'EMAIL_TAKEN'],
      [{ name: 'bob', email: 'b' }, 'EMAIL_INVALID'],
      [{ name: 'bob', password: '' }, 'PASSWORD_INVALID'],
      [{ name: 'bob', pod: 'taken' }, 'POD_EXISTS'],
      [{ name: 'admin', pod: 'admin' }, 'POD_NAME_RESERVED'],
      [{ name: 'bob', existingPod: 'none' }, 'POD_UNKNOWN'],
    ] as const) {
      await assert.rejects(accounts.create(wish), { code }, JSON.stringify(wish))
    }
    assert.deepEqual(
      (await accounts.list({ limit: 10 })).map(({ name }) => name),
      ['ann'],
    )
  })

  test(`${when}: a pod that is there goes to one account`, async () => {
    await using scene = await open()
    const { accounts, pods } = scene
    const old = await pods.create({ name: 'old' })
    const made = await accounts.create({ name: 'keeper', existingPod: 'old' })
    assert.deepEqual(made.webIds, old.owners)
    await assert.rejects(accounts.create({ name: 'thief', existingPod: 'old' }), { code: 'POD_EXISTS' })
    const foreign = await pods.create({ name: 'foreign', webId: 'https://id.example/x#me' })
    const other = await accounts.create({ name: 'other', existingPod: 'foreign' })
    assert.deepEqual([other.webIds, other.pods.map(({ id }) => id)], [[], [foreign.id]])
  })

  test(`${when}: credentials are made for one WebID, listed without their secret, and taken back`, async () => {
    await using scene = await open()
    const { accounts, baseUrl } = scene
    await accounts.create({ name: 'alice', pod: 'alice' })
    await accounts.create({ name: 'podless' })
    const made = await accounts.createCredential({ account: 'alice', name: 'backup', lifeMs: 1000 })
    assert.match(made.id, /^backup_[0-9a-f-]{36}$/)
    assert.equal(made.webId, `${baseUrl}alice/profile/card#me`)
    assert.equal(Date.parse(made.expires!) - Date.parse(made.created) <= 1000, true)
    const { secret, ...rest } = made
    assert.ok(secret.length > 30)
    assert.deepEqual(await accounts.credentials({ account: 'alice' }), [rest])
    await assert.rejects(accounts.createCredential({ account: 'podless', name: 'x' }), { code: 'WEBID_UNKNOWN' })
    const foreign = { account: 'alice', name: 'x', webId: 'https://id.example/#me' }
    await assert.rejects(accounts.createCredential(foreign), { code: 'WEBID_UNKNOWN' })
    const lasting = await accounts.createCredential({ account: 'alice', name: 'b' })
    assert.equal(lasting.expires, null)
    await accounts.revokeCredential({ id: lasting.id })
    await assert.rejects(accounts.revokeCredential({ id: lasting.id }), { code: 'CREDENTIAL_UNKNOWN' })
    // Of an account that cannot log in.
    await accounts.setState({ account: 'alice', state: 'disabled' })
    await assert.rejects(accounts.revokeCredential({ id: made.id }), { code: 'CREDENTIAL_UNKNOWN' })
    await accounts.revokeCredential({ id: made.id, account: 'alice' })
    assert.deepEqual(await accounts.credentials({ account: 'alice' }), [])
  })

  test(`${when}: an account is disabled and enabled, and deleted with its pods or without`, async () => {
    await using scene = await open()
    const { accounts, pods } = scene
    await accounts.create({ name: 'alice', pod: 'alice' })
    await accounts.create({ name: 'bob', pod: 'bob' })
    assert.equal((await accounts.setState({ account: 'alice', state: 'disabled' })).state, 'disabled')
    assert.equal((await accounts.setState({ account: 'alice', state: 'open' })).state, 'open')
    await accounts.delete({ account: 'alice', keepPods: false })
    await accounts.delete({ account: 'bob', keepPods: true })
    assert.deepEqual(await accounts.list({ limit: 10 }), [])
    await assert.rejects(pods.show('alice'), { code: 'POD_UNKNOWN' })
    const kept = await pods.show('bob')
    assert.equal((await accounts.create({ name: 'bob', existingPod: 'bob' })).pods[0]!.id, kept.id)
  })

  test(`${when}: accounts are listed in pages, oldest first`, async () => {
    await using scene = await open()
    const { accounts } = scene
    for (const name of ['c', 'a', 'b']) await accounts.create({ name })
    const first = await accounts.list({ limit: 2 })
    const rest = await accounts.list({ limit: 2, after: first[1]!.id })
    assert.deepEqual(
      [...first, ...rest].map(({ name }) => name),
      ['c', 'a', 'b'],
    )
  })

  test(`${when}: an invite says where to sign up, how often and until when`, async () => {
    await using scene = await open()
    const { code, link, uses, expires } = await scene.accounts.invite({ uses: 3, lifeMs: 60_000 })
    assert.ok(link.startsWith(`${scene.baseUrl}.account/`) && link.includes(code))
    assert.equal(uses, 3)
    assert.ok(Math.abs(Date.parse(expires) - Date.now() - 60_000) < 30_000)
  })

  test(`${when}: invites are listed without their codes, and taken back`, async () => {
    await using scene = await open()
    const { accounts } = scene
    const { code, link, ...report } = await accounts.invite({ uses: 3, lifeMs: 60_000 })
    const other = await accounts.invite({ uses: 1, lifeMs: 120_000 })
    assert.deepEqual((await accounts.invites({}))[0], report)
    assert.ok(!JSON.stringify(await accounts.invites({})).includes(code) && link.includes(code))
    await accounts.uninvite({ id: report.id })
    assert.deepEqual(
      (await accounts.invites({})).map(({ id }) => id),
      [other.id],
    )
    await assert.rejects(accounts.uninvite({ id: report.id }), { code: 'INVITE_UNKNOWN', exit: 5 })
  })

  test(`${when}: a new key signs tomorrow, the old one is published until its tokens have ended`, async () => {
    await using scene = await open()
    const keys = await scene.accounts.rotateKeys({})
    assert.equal(keys.length, 2)
    const [next, now] = keys.toSorted((a, b) => b.signsFrom.localeCompare(a.signsFrom))
    assert.ok(Date.parse(next!.signsFrom) - Date.now() > 23 * 3_600_000)
    assert.equal(next!.publishedUntil, null)
    assert.ok(Date.parse(now!.publishedUntil!) > Date.parse(next!.signsFrom))
    assert.deepEqual(await scene.accounts.rotateKeys({}), keys, 'while one waits, nothing changes')
  })
}

test('a password that an operator gave is the one that opens the account', async () => {
  await using center = await startTestCenter()
  const administration = await connectControl(center.dataDir)
  const made = await administration!.accounts.create({ name: 'bot', password: 'correct horse' })
  assert.equal(made.resetLink, null)
  const { accounts } = center.center.identity
  assert.equal((await accounts.verifyPassword('bot', 'correct horse'))?.id, made.id)
  assert.equal(await accounts.verifyPassword('bot', 'wrong'), undefined)
})
