// Passkeys against a software authenticator: real database, real accounts, real signatures.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import { systemRandom } from '../../../src/base/random.ts'
import type { Account, Accounts } from '../../../src/identity/account/accounts.ts'
import { createScrypt } from '../../../src/identity/account/scrypt.ts'
import { createAccounts } from '../../../src/identity/account/sql-accounts.ts'
import { passkeyScript, passkeyScriptHash } from '../../../src/identity/passkey/browser-script.ts'
import { createPasskeys, type Passkeys } from '../../../src/identity/passkey/passkeys.ts'
import { passkeyRoutes } from '../../../src/identity/passkey/routes.ts'
import { identityMigrations } from '../../../src/identity/schema/migrations.ts'
import { openSealer, type Sealer } from '../../../src/identity/sealing.ts'
import { createThrottle } from '../../../src/identity/throttle.ts'
import type { Database, Row } from '../../../src/core/db/database.ts'
import { podMigrations } from '../../../src/pod/store/schema/migrations.ts'
import { sqlite, testOnEach } from '../../support/databases.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { type Authenticator, createAuthenticator } from './authenticator.ts'

const baseUrl = 'https://pods.example.org/'
const origin = 'https://pods.example.org'
const from = { address: '192.0.2.1' }

interface Scene extends AsyncDisposable {
  readonly db: Database
  readonly sealer: Sealer
  readonly clock: FakeClock
  readonly accounts: Accounts
  readonly passkeys: Passkeys
  readonly ann: Account
  /** Of Ann, registered. */
  readonly key: Authenticator
}

async function openScene(algorithm: 'ES256' | 'EdDSA' = 'ES256', database = sqlite): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const { path: dir } = stack.use(await temporaryDirectory())
  const clock = createFakeClock()
  const migrations = [...podMigrations, ...identityMigrations]
  const { db } = stack.use(await database.open({ migrations, clock }))
  const scrypt = createScrypt({ random: systemRandom, cost: { logN: 4, r: 1, p: 1 } })
  const accounts = createAccounts({ db, clock, random: systemRandom, log: silentLog, scrypt })
  const sealer = await openSealer(join(dir, 'secret'), { db, clock, random: systemRandom })
  const throttle = createThrottle({ clock, perAddressHour: 60 })
  const passkeys = createPasskeys({ accounts, db, sealer, throttle, baseUrl, clock })
  assert.ok(passkeys !== undefined)
  const ann = await accounts.create({ name: 'ann' })
  const key = createAuthenticator(origin, algorithm)
  await register(passkeys, ann, key)
  const owned = stack.move()
  return { db, sealer, clock, accounts, passkeys, ann, key, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function register(passkeys: Passkeys, account: Account, key: Authenticator): Promise<void> {
  const options = await passkeys.beginRegistration(account)
  await passkeys.finishRegistration(account.id, { name: 'My phone', response: key.create(options) })
}

const invalid = { code: 'PASSKEY_INVALID' }

for (const algorithm of ['ES256', 'EdDSA'] as const) {
  test(`a passkey (${algorithm}) is registered and opens its account, which nobody has named`, async () => {
    await using scene = await openScene(algorithm)
    const { passkeys, accounts, ann, key, clock } = scene
    const [kept] = await accounts.passkeys(ann.id)
    assert.equal(kept?.name, 'My phone')
    assert.deepEqual(kept.transports, ['internal', 'hybrid'])
    assert.equal(kept.lastUsedMs, undefined)
    assert.equal((await accounts.logins(ann.id))[0]?.kind, 'passkey')
    clock.advance(1000)
    const options = await passkeys.beginLogin()
    assert.deepEqual((options as { allowCredentials?: unknown }).allowCredentials, undefined)
    assert.equal((await passkeys.finishLogin(key.get(options), from)).id, ann.id)
    const [used] = await accounts.passkeys(ann.id)
    assert.equal(used!.lastUsedMs, clock.nowMs())
    assert.equal(used!.counter, 2)
  })
}

test('options ask for a verified person and a key that the browser finds, and leave out keys that are there', async () => {
  await using scene = await openScene()
  const options = (await scene.passkeys.beginRegistration(scene.ann)) as Record<string, unknown>
  const id = (await scene.accounts.passkeys(scene.ann.id))[0]!.id
  assert.deepEqual(options.rp, { name: 'pods.example.org', id: 'pods.example.org' })
  assert.deepEqual(options.authenticatorSelection, {
    residentKey: 'required',
    requireResidentKey: true,
    userVerification: 'required',
  })
  assert.equal(options.attestation, 'none')
  assert.equal((options.user as { name: string }).name, 'ann')
  assert.deepEqual(
    (options.excludeCredentials as { id: string }[]).map((one) => one.id),
    [id],
  )
  const login = (await scene.passkeys.beginLogin()) as Record<string, unknown>
  assert.equal(login.userVerification, 'required')
  assert.equal(login.rpId, 'pods.example.org')
})

testOnEach('an answer works once, over two servers too', async (database) => {
  await using scene = await openScene('ES256', database)
  const { passkeys, key, accounts, db, sealer, clock } = scene
  const other = createPasskeys({ accounts, db, sealer, baseUrl, clock })!
  const answer = key.get(await passkeys.beginLogin())
  const tries = await Promise.allSettled([passkeys, other, passkeys, other].map((one) => one.finishLogin(answer, from)))
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  await assert.rejects(other.finishLogin(answer, from), invalid)
  // What one server gave out another one takes.
  await other.finishLogin(key.get(await passkeys.beginLogin()), from)
})

testOnEach('a registration works once', async (database) => {
  await using scene = await openScene('ES256', database)
  const { passkeys, accounts, ann } = scene
  const response = createAuthenticator(origin).create(await passkeys.beginRegistration(ann))
  const made = { name: 'b', response }
  const tries = await Promise.allSettled([1, 2, 3].map(() => passkeys.finishRegistration(ann.id, made)))
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal((await accounts.passkeys(ann.id)).length, 2)
})

test('a challenge ends after five minutes', async () => {
  await using scene = await openScene()
  const { passkeys, key, clock, ann } = scene
  const late = await passkeys.beginLogin()
  const lateNew = await passkeys.beginRegistration(ann)
  const inTime = await passkeys.beginLogin()
  clock.advance(4 * 60_000)
  await passkeys.finishLogin(key.get(inTime), from)
  clock.advance(61_000)
  await assert.rejects(passkeys.finishLogin(key.get(late), from), invalid)
  const response = createAuthenticator(origin).create(lateNew)
  await assert.rejects(passkeys.finishRegistration(ann.id, { name: 'x', response }), invalid)
})

test('a challenge is for one purpose and one account', async () => {
  await using scene = await openScene()
  const { passkeys, accounts, ann, key } = scene
  const bob = await accounts.create({ name: 'bob' })
  const registration = await passkeys.beginRegistration(ann)
  const login = (await passkeys.beginLogin()) as { challenge: string }
  await assert.rejects(passkeys.finishLogin(key.get(registration), from), invalid)
  const mallory = createAuthenticator(origin)
  const forAnn = { name: 'x', response: mallory.create(registration) }
  await assert.rejects(passkeys.finishRegistration(bob.id, forAnn), invalid)
  const byLogin = { name: 'x', response: mallory.create(registration, { challenge: login.challenge }) }
  await assert.rejects(passkeys.finishRegistration(ann.id, byLogin), invalid)
  assert.equal((await accounts.passkeys(bob.id)).length, 0)
})

test('only what this server gave out is a challenge', async () => {
  await using scene = await openScene()
  const { passkeys, key, sealer, clock } = scene
  const options = (await passkeys.beginLogin()) as { challenge: string }
  const otherText = `${options.challenge}==`
  const sealed = (content: object): string =>
    Buffer.from(sealer.seal(Buffer.from(JSON.stringify(content)))).toString('base64url')
  const forged = [
    'AAAA',
    '',
    otherText,
    Buffer.from(JSON.stringify({ purpose: 'login', expiresMs: clock.nowMs() + 1e6 })).toString('base64url'),
    // Sealed here, for something else.
    sealed({ purpose: 'login', expiresMs: clock.nowMs() + 1000 }),
  ]
  for (const challenge of forged) {
    await assert.rejects(passkeys.finishLogin(key.get(options, { challenge }), from), invalid, challenge)
  }
})

for (const [lie, behaviour] of [
  ['another site', { origin: 'https://evil.example' }],
  ['a pod of this server', { origin: 'https://alice.pods.example.org' }],
  ['the same host without TLS', { origin: 'http://pods.example.org' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['nobody verified', { isVerified: false }],
  ['the other ceremony', { type: 'webauthn.create' }],
  ['a copied key, whose counter stands still', { isCloned: true }],
  ['the handle of another account', { userHandle: 'Ym9i' }],
] as const) {
  test(`a login is refused from: ${lie}`, async () => {
    await using scene = await openScene()
    const { passkeys, key } = scene
    await assert.rejects(passkeys.finishLogin(key.get(await passkeys.beginLogin(), behaviour), from), invalid)
    await passkeys.finishLogin(key.get(await passkeys.beginLogin()), from)
  })
}

for (const [lie, behaviour] of [
  ['another site', { origin: 'https://evil.example' }],
  ['a pod of this server', { origin: 'https://alice.pods.example.org' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['nobody verified', { isVerified: false }],
] as const) {
  test(`a registration is refused from: ${lie}`, async () => {
    await using scene = await openScene()
    const { passkeys, ann, accounts } = scene
    const response = createAuthenticator(origin).create(await passkeys.beginRegistration(ann), behaviour)
    await assert.rejects(passkeys.finishRegistration(ann.id, { name: 'x', response }), invalid)
    assert.equal((await accounts.passkeys(ann.id)).length, 1)
  })
}

test('a signature by another key is refused', async () => {
  await using scene = await openScene()
  const { passkeys, key } = scene
  const mallory = createAuthenticator(origin)
  mallory.create(await passkeys.beginRegistration(scene.ann))
  const options = await passkeys.beginLogin()
  const theirs = mallory.get(options)
  await assert.rejects(passkeys.finishLogin(theirs, from), invalid)
  const { id, rawId } = key.get(options)
  await assert.rejects(passkeys.finishLogin({ ...theirs, id, rawId }, from), invalid)
})

test('a statement of the maker is not looked at, and nothing it points to is fetched', async (t) => {
  await using scene = await openScene()
  const fetched = t.mock.method(globalThis, 'fetch', async () => new Response(''))
  const attStmt = new Map<string, never>([
    ['alg', -7 as never],
    ['sig', new Uint8Array(70) as never],
    ['x5c', [new Uint8Array([0x30, 0x00])] as never],
  ])
  for (const fmt of ['packed', 'tpm', 'android-safetynet', 'whatever']) {
    const options = await scene.passkeys.beginRegistration(scene.ann)
    const response = createAuthenticator(origin).create(options, { attestation: { fmt, attStmt } })
    await scene.passkeys.finishRegistration(scene.ann.id, { name: fmt, response })
  }
  assert.equal(fetched.mock.callCount(), 0)
})

test('what is no answer of a browser is refused as such', async () => {
  await using scene = await openScene()
  const { passkeys, key, ann } = scene
  const good = key.get(await passkeys.beginLogin())
  const wrong: unknown[] = [
    undefined,
    null,
    1,
    'x',
    [],
    {},
    { ...good, id: 'a b' },
    { ...good, id: 'A'.repeat(2000), rawId: 'A'.repeat(2000) },
    { ...good, response: null },
    { ...good, response: {} },
    { ...good, response: { ...good.response, clientDataJSON: 'e30' } },
    { ...good, response: { ...good.response, clientDataJSON: 5 } },
    { ...good, response: { ...good.response, signature: [] } },
    { ...good, response: { ...good.response, authenticatorData: 'AA' } },
    { ...good, type: 'password' },
  ]
  for (const response of wrong) {
    await assert.rejects(passkeys.finishLogin(response, from), invalid)
    await assert.rejects(passkeys.finishRegistration(ann.id, { name: 'x', response }), invalid)
  }
  await passkeys.finishLogin(good, from)
})

testOnEach('whoever only asks leaves no row behind', async (database) => {
  await using scene = await openScene('ES256', database)
  const count = async (): Promise<number> =>
    (await scene.db.read<Row & { n: number }>('SELECT COUNT(*) AS n FROM replay', []))[0]!.n
  const before = await count()
  for (let n = 0; n < 20; n++) await scene.passkeys.beginLogin()
  const stranger = createAuthenticator(origin)
  stranger.create(await scene.passkeys.beginRegistration(scene.ann))
  await assert.rejects(scene.passkeys.finishLogin(stranger.get(await scene.passkeys.beginLogin()), from), invalid)
  assert.equal(await count(), before)
})

test('guessing is throttled by address; a right passkey is not counted', async () => {
  await using scene = await openScene()
  const { passkeys, key } = scene
  for (let n = 0; n < 80; n++) await passkeys.finishLogin(key.get(await passkeys.beginLogin()), from)
  const stranger = createAuthenticator(origin)
  const guess = async (): Promise<unknown> => {
    stranger.create(await passkeys.beginRegistration(scene.ann))
    return passkeys.finishLogin(stranger.get(await passkeys.beginLogin()), from).catch((error: unknown) => error)
  }
  let refused: unknown
  for (let n = 0; n < 100 && (refused as { code?: string })?.code !== 'TOO_MANY_ATTEMPTS'; n++) refused = await guess()
  assert.equal((refused as { code: string }).code, 'TOO_MANY_ATTEMPTS')
  await passkeys.finishLogin(key.get(await passkeys.beginLogin()), { address: '192.0.2.99' })
})

testOnEach('a removed passkey opens nothing, and the last way to log in stays', async (database) => {
  await using scene = await openScene('ES256', database)
  const { passkeys, accounts, ann, key } = scene
  const id = (await accounts.passkeys(ann.id))[0]!.id
  await assert.rejects(accounts.removeLogin(ann.id, id), { code: 'LOGIN_LAST' })
  await register(passkeys, ann, createAuthenticator(origin))
  await accounts.removeLogin(ann.id, id)
  await assert.rejects(passkeys.finishLogin(key.get(await passkeys.beginLogin()), from), invalid)
})

test('there are passkeys where browsers have them', () => {
  const isThere = (url: string): boolean =>
    createPasskeys({
      accounts: {} as Accounts,
      db: {} as Database,
      sealer: {} as Sealer,
      baseUrl: url,
      clock: createFakeClock(),
    }) !== undefined
  for (const url of [baseUrl, 'http://localhost:3000/', 'https://localhost/']) assert.ok(isThere(url), url)
  for (const url of ['http://pods.example.org/', 'http://127.0.0.1:3000/', 'https://192.0.2.1/', 'https://[::1]/'])
    assert.ok(!isThere(url), url)
})

test('the routes register for who is logged in, log in whoever has the key, and tell the owner', async () => {
  await using scene = await openScene()
  const { passkeys, ann } = scene
  const told: string[] = []
  const parts = { passkeys, mail: { passkeyAdded: (id: string) => void told.push(id) } }
  const run = (path: string, who: object, body: unknown): ReturnType<(typeof passkeyRoutes)[number]['run']> =>
    passkeyRoutes.find((route) => route.path === path)!.run(parts, { ...from, ...who }, body)
  const phone = createAuthenticator(origin)
  const response = phone.create((await run('passkey/options', { account: ann }, {})).reply)
  const { reply } = await run('passkey', { account: ann }, { response, name: ' ' })
  assert.equal((reply as { name: string }).name, 'Passkey')
  assert.deepEqual(told, [ann.id])
  const answer = phone.get((await run('login/passkey/options', {}, {})).reply)
  assert.equal((await run('login/passkey', {}, { response: answer })).loggedIn?.id, ann.id)
  await assert.rejects(run('passkey/options', {}, {}), { code: 'LOGIN_REQUIRED' })
  await assert.rejects(run('passkey', {}, { response }), { code: 'LOGIN_REQUIRED' })
})

test('the script of the pages is small, its hash is that of its text, and it can stand inline', () => {
  assert.equal(passkeyScriptHash, `'sha256-${createHash('sha256').update(passkeyScript).digest('base64')}'`)
  assert.ok(passkeyScript.length < 3000, String(passkeyScript.length))
  assert.doesNotMatch(passkeyScript, /<\/|<!--|eval|innerHTML/)
})
