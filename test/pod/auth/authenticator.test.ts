// Remembering, replays, keys that rotate, providers that are down: the authenticator over time.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { silentLog } from '../../../src/base/log.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { type FetchDoor, openFetchDoor } from '../../../src/core/http/fetch-door.ts'
import { type Agent, anonymous, type Authenticator, type Credentials } from '../../../src/pod/auth/agent.ts'
import { challenge } from '../../../src/pod/auth/challenge.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { type Login, loginWith, profile, startIssuer, type TestIssuer } from '../../support/issuer.ts'
import { testAuthenticator } from '../../support/login.ts'

const url = 'https://pods.example/alice/x'
let issuer: TestIssuer

before(async () => {
  issuer = await startIssuer()
})
after(() => issuer[Symbol.asyncDispose]())

function request(sent: Partial<Credentials>): Credentials {
  return { method: 'GET', url, authorization: undefined, dpop: undefined, origin: undefined, ...sent }
}

async function ask(authenticator: Authenticator, login: Login, nowMs?: number): Promise<Agent> {
  const dpop = await login.proof('GET', url, nowMs === undefined ? {} : { nowMs })
  return await authenticator.authenticate(request({ authorization: `DPoP ${login.token}`, dpop }))
}

const discovery = '/.well-known/openid-configuration'

test('a request without Authorization is anonymous, at once', () => {
  const authenticator = testAuthenticator()
  assert.equal(authenticator.authenticate(request({})), anonymous)
  assert.deepEqual(authenticator.authenticate(request({ origin: 'https://app.example' })), {
    origin: 'https://app.example',
  })
})

test('a DPoP header without Authorization is anonymous too', () => {
  assert.equal(testAuthenticator().authenticate(request({ dpop: 'x' })), anonymous)
})

test('a login gives WebID, client, issuer and origin', async () => {
  const login = await issuer.login('bob')
  const sent = await login.headers('GET', url)
  const agent = await testAuthenticator().authenticate(request({ ...sent, origin: 'https://app.example' }))
  assert.deepEqual(agent, {
    webId: issuer.webId('bob'),
    clientId: 'https://app.example/id',
    issuer: issuer.url,
    origin: 'https://app.example',
  })
})

test('the second request with a token asks nobody', async () => {
  const authenticator = testAuthenticator()
  const login = await issuer.login('bob')
  await ask(authenticator, login)
  const asked = issuer.requests.length
  await ask(authenticator, login)
  assert.equal(issuer.requests.length, asked)
})

test('a used proof is refused, also when it comes at the same time', async () => {
  const authenticator = testAuthenticator()
  const login = await issuer.login('bob')
  const sent = request(await login.headers('GET', url))
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, async () => await authenticator.authenticate(sent)),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 19)
  for (const { reason } of refused) assert.equal((reason as XpodError).code, 'PROOF_INVALID')
})

test('a refused proof is not used up', async () => {
  const authenticator = testAuthenticator()
  const login = await issuer.login('bob')
  const sent = await login.headers('GET', url)
  await assert.rejects(async () => await authenticator.authenticate(request({ ...sent, method: 'PUT' })))
  assert.equal((await authenticator.authenticate(request(sent))).webId, login.webId)
})

test('several DPoP headers are refused, in either form', async () => {
  const authenticator = testAuthenticator()
  const login = await issuer.login('bob')
  const { authorization, dpop } = await login.headers('GET', url)
  for (const several of [[dpop], [dpop, dpop], `${dpop}, ${dpop}`]) {
    const sent = request({ authorization, dpop: several })
    await assert.rejects(async () => await authenticator.authenticate(sent), { code: 'PROOF_INVALID' })
  }
})

test('a key that fills its share of the memory is told to slow down', async () => {
  const authenticator = testAuthenticator({ replays: { slots: 1024, share: 3 } })
  const login = await issuer.login('bob')
  for (let n = 0; n < 3; n++) await ask(authenticator, login)
  await assert.rejects(ask(authenticator, login), { code: 'REPLAY_FULL' })
  assert.equal((await ask(authenticator, await issuer.login('carol'))).webId, issuer.webId('carol'))
})

test('the window of a proof is 90 s back and 60 s ahead, to the second', async () => {
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const key = (await issuer.login('bob')).key
  const token = await issuer.token(issuer.webId('bob'), key.jkt, { nowMs: clock.nowMs() })
  const login = loginWith(issuer.webId('bob'), key, token)
  for (const [seconds, isAccepted] of [
    [-90, true],
    [-91, false],
    [60, true],
    [61, false],
  ] as const) {
    const asked = ask(authenticator, login, clock.nowMs() + seconds * 1000)
    if (isAccepted) await asked
    else await assert.rejects(asked, { code: 'PROOF_INVALID' }, `${seconds} s`)
  }
})

test('a proof cannot be used again at the last moment of its window', async () => {
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const key = (await issuer.login('bob')).key
  const token = await issuer.token(issuer.webId('bob'), key.jkt, { nowMs: clock.nowMs() })
  const dpop = await loginWith(issuer.webId('bob'), key, token).proof('GET', url, { nowMs: clock.nowMs() })
  const sent = request({ authorization: `DPoP ${token}`, dpop })
  await authenticator.authenticate(sent)
  clock.advance(90_000)
  await assert.rejects(async () => await authenticator.authenticate(sent), { code: 'PROOF_INVALID' })
})

test('a remembered token is refused when it expires', async () => {
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const key = (await issuer.login('bob')).key
  const exp = Math.floor(clock.nowMs() / 1000) + 100
  const token = await issuer.token(issuer.webId('bob'), key.jkt, { nowMs: clock.nowMs(), claims: { exp } })
  const login = loginWith(issuer.webId('bob'), key, token)
  await ask(authenticator, login, clock.nowMs())
  clock.jump(101_000)
  await assert.rejects(ask(authenticator, login, clock.nowMs()), { code: 'TOKEN_INVALID' })
})

test('a token is verified again after 5 minutes: a WebID that no longer trusts its issuer ends', async () => {
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const webId = `${issuer.url}leaver/card#me`
  const key = (await issuer.login('bob')).key
  const token = await issuer.token(webId, key.jkt, { nowMs: clock.nowMs() })
  const login = loginWith(webId, key, token)
  await ask(authenticator, login, clock.nowMs())
  issuer.documents.set('/leaver/card', { body: profile(webId, 'https://other.example/'), type: 'text/turtle' })
  clock.advance(299_000)
  await ask(authenticator, login, clock.nowMs())
  clock.advance(2000)
  await assert.rejects(ask(authenticator, login, clock.nowMs()), { code: 'TOKEN_INVALID' })
})

test('an issuer that was just added to a WebID works after 30 s', async () => {
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const webId = `${issuer.url}joiner/card#me`
  issuer.documents.set('/joiner/card', { body: profile(webId, 'https://other.example/'), type: 'text/turtle' })
  const key = (await issuer.login('bob')).key
  const token = await issuer.token(webId, key.jkt, { nowMs: clock.nowMs() })
  const login = loginWith(webId, key, token)
  await assert.rejects(ask(authenticator, login, clock.nowMs()), { code: 'TOKEN_INVALID' })
  issuer.documents.set('/joiner/card', { body: profile(webId, issuer.url), type: 'text/turtle' })
  await assert.rejects(ask(authenticator, login, clock.nowMs()), { code: 'TOKEN_INVALID' })
  clock.advance(30_000)
  assert.equal((await ask(authenticator, login, clock.nowMs())).webId, webId)
})

test('a WebID in JSON-LD works, and one slash more or less of its issuer is tolerated', async () => {
  const webId = `${issuer.url}json/card#me`
  const body = JSON.stringify({
    '@id': '#me',
    'http://www.w3.org/ns/solid/terms#oidcIssuer': { '@id': issuer.url.slice(0, -1) },
  })
  issuer.documents.set('/json/card', { body, type: 'application/ld+json' })
  assert.equal((await ask(testAuthenticator(), await issuer.login('json', { webId }))).webId, webId)
})

test('a new signing key is found at once, then unknown key ids are looked up every 30 s at most', async () => {
  await using own = await startIssuer()
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const key = (await own.login('bob')).key
  const tokenBy = async (signer: (typeof own.keys)[number] | undefined, kid?: string): Promise<Login> => {
    const given = { nowMs: clock.nowMs(), ...(signer && { key: signer }), ...(kid && { header: { kid } }) }
    return loginWith(own.webId('bob'), key, await own.token(own.webId('bob'), key.jkt, given))
  }
  await ask(authenticator, await tokenBy(undefined), clock.nowMs())
  clock.advance(31_000)
  const fresh = await own.addKey()
  await ask(authenticator, await tokenBy(fresh), clock.nowMs())
  const asked = own.requests.length
  for (let n = 0; n < 5; n++) {
    const unknown = await tokenBy(undefined, `unknown ${n}`)
    await assert.rejects(ask(authenticator, unknown, clock.nowMs()), { code: 'TOKEN_INVALID' })
  }
  assert.equal(own.requests.length, asked)
})

test('a provider that fails while it is asked for a new key keeps the keys it had', async () => {
  await using own = await startIssuer()
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const login = async (header?: Record<string, unknown>): Promise<Login> => {
    const key = (await own.login('bob')).key
    const token = await own.token(own.webId('bob'), key.jkt, { nowMs: clock.nowMs(), ...(header && { header }) })
    return loginWith(own.webId('bob'), key, token)
  }
  await ask(authenticator, await login(), clock.nowMs())
  own.documents.set(discovery, { body: 'down', type: 'text/plain', status: 503 })
  clock.advance(31_000)
  await assert.rejects(ask(authenticator, await login({ kid: 'new' }), clock.nowMs()), { code: 'TOKEN_INVALID' })
  assert.equal((await ask(authenticator, await login(), clock.nowMs())).webId, own.webId('bob'))
})

for (const [what, path, document] of [
  [
    'says it is another issuer',
    discovery,
    JSON.stringify({ issuer: 'https://x.example', jwks_uri: 'http://localhost/jwks' }),
  ],
  ['names no key set', discovery, '{}'],
  ['is no JSON', discovery, 'hello'],
  ['has keys that are no list', '/jwks', '{"keys": 1}'],
  ['is a list', '/jwks', '[]'],
] as const) {
  test(`a provider whose document ${what} makes its tokens invalid, never a server error`, async () => {
    await using own = await startIssuer()
    own.documents.set(path, { body: document, type: 'application/json' })
    await assert.rejects(ask(testAuthenticator(), await own.login('bob')), { code: 'TOKEN_INVALID' })
  })
}

test('a failure is remembered for a moment only', async () => {
  await using own = await startIssuer()
  const clock = createFakeClock()
  const authenticator = testAuthenticator({ clock })
  const key = (await own.login('bob')).key
  const login = loginWith(own.webId('bob'), key, await own.token(own.webId('bob'), key.jkt, { nowMs: clock.nowMs() }))
  own.documents.set('/jwks', { body: '', type: 'text/plain', status: 500 })
  await assert.rejects(ask(authenticator, login, clock.nowMs()), { code: 'TOKEN_INVALID' })
  own.documents.delete('/jwks')
  const asked = own.requests.length
  await assert.rejects(ask(authenticator, login, clock.nowMs()), { code: 'TOKEN_INVALID' })
  assert.equal(own.requests.length, asked)
  clock.advance(5001)
  assert.equal((await ask(authenticator, login, clock.nowMs())).webId, own.webId('bob'))
})

test('why a provider cannot be reached is not in the answer', async () => {
  const login = await issuer.login('bob', { claims: { iss: 'https://10.0.0.1/' } })
  const error = await ask(testAuthenticator(), login).then(
    () => assert.fail('it was accepted'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof XpodError)
  assert.equal(error.code, 'TOKEN_INVALID')
  assert.ok(!/internal|10\.0/.test(error.message), error.message)
})

test('a WebID of this service is read from the store and never over HTTP', async () => {
  const webId = 'https://pods.example/alice/profile/card#me'
  let isListed = true
  const authenticator = testAuthenticator({
    local: (url) =>
      url === webId
        ? { bytes: Buffer.from(isListed ? profile(webId, issuer.url) : ''), mediaType: 'text/turtle', version: '1' }
        : undefined,
  })
  assert.equal((await ask(authenticator, await issuer.login('alice', { webId }))).webId, webId)
  isListed = false
  await assert.rejects(ask(authenticator, await issuer.login('alice', { webId })), { code: 'TOKEN_INVALID' })
})

test('a WebID of this service that the public may not read is refused', async () => {
  const authenticator = testAuthenticator({
    local: (url) => (url.startsWith('https://pods.example/') ? null : undefined),
  })
  const login = await issuer.login('alice', { webId: 'https://pods.example/alice/profile/card#me' })
  await assert.rejects(ask(authenticator, login), { code: 'TOKEN_INVALID' })
})

test('nothing is fetched for a token whose proof is wrong', async () => {
  const asked: string[] = []
  const real = openFetchDoor({ allowInternal: [], allowLoopback: true, clock: systemClock, log: silentLog })
  const door: Pick<FetchDoor, 'fetch'> = {
    fetch: (url, options, signal) => {
      asked.push(url)
      return real.fetch(url, options, signal)
    },
  }
  const authenticator = testAuthenticator({ door })
  const [bob, carol] = [await issuer.login('bob'), await issuer.login('carol')]
  const dpop = await carol.proof('GET', url, { claims: { ath: undefined } })
  const sent = request({ authorization: `DPoP ${bob.token}`, dpop })
  await assert.rejects(async () => await authenticator.authenticate(sent), { code: 'PROOF_INVALID' })
  assert.deepEqual(asked, [])
})

test('htu is compared in one normal form, also for names that are not ASCII', async () => {
  const authenticator = testAuthenticator()
  const login = await issuer.login('bob')
  const target = 'https://pods.example/alice/caf%C3%A9/a@b'
  for (const htu of ['https://pods.example/alice/café/a@b', 'https://pods.example/alice/caf%c3%a9/a%40b']) {
    const dpop = await login.proof('GET', target, { claims: { htu } })
    const asked = async () =>
      await authenticator.authenticate(request({ url: target, authorization: `DPoP ${login.token}`, dpop }))
    // %40 is not unreserved: it stays as it is and is another name than "@".
    if (htu.includes('%40')) await assert.rejects(asked, { code: 'PROOF_INVALID' })
    else assert.equal((await asked()).webId, login.webId)
  }
})

test('challenges offer both schemes and say what was wrong', () => {
  assert.deepEqual(challenge(), ['Bearer scope="openid webid"', 'DPoP algs="ES256 RS256"'])
  assert.match(challenge('TOKEN_INVALID').join(), /DPoP .*error="invalid_token"/)
  assert.match(challenge('PROOF_INVALID').join(), /DPoP .*error="invalid_dpop_proof"/)
})
