// Stolen DPoP proofs (RFC 9449 section 11.1): a proof that somebody saw opens nothing else, nothing later and nothing twice, at
// pods and at the token endpoint, and a token without its key is worth nothing.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'

import { createProofKey, type ProofKey, proofOf, sign } from '../../support/issuer.ts'
import { type Connected, connect, refreshForm, tokenProof, tokenRequest } from './stage/app.ts'
import type { Answer } from './stage/browser.ts'
import type { Person } from './stage/person.ts'
import { openStage } from './stage/stage.ts'

const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

let person: Person
let connected: Connected
before(async () => {
  person = await stage.person()
  connected = await connect(person)
})

const now = (): number => Math.floor(Date.now() / 1000)

describe('at a pod', () => {
  const get = (dpop: string | undefined, { scheme = 'DPoP', method = 'GET' } = {}): Promise<Answer> =>
    person.browser.send(method, new URL(person.pod).pathname, {
      bare: true,
      headers: { authorization: `${scheme} ${connected.tokens.access_token}`, ...(dpop !== undefined && { dpop }) },
    })
  const proof = (claims: Record<string, unknown> = {}, key = connected.key): Promise<string> =>
    proofOf(key, { method: 'GET', url: person.pod, token: connected.tokens.access_token }, { claims })

  test('the right proof opens it', async () => assert.equal((await get(await proof())).status, 200))

  const wrong: Readonly<Record<string, () => Promise<string | undefined>>> = {
    'for another method': () => proof({ htm: 'PUT' }),
    'for another resource': () => proof({ htu: `${person.pod}profile/` }),
    'for another server': () => proof({ htu: person.pod.replace(/\/\/[^/]+/, '//evil.example') }),
    'for the token endpoint': () => proof({ htu: `${stage.baseUrl}.oidc/token`, htm: 'POST' }),
    'from two minutes ago': () => proof({ iat: now() - 120 }),
    'from two minutes ahead': () => proof({ iat: now() + 120 }),
    'without a time': () => proof({ iat: undefined }),
    'without an id': () => proof({ jti: undefined }),
    'of another token': () => proof({ ath: 'A'.repeat(43) }),
    'of another key': async () => proof({}, await createProofKey()),
    missing: async () => undefined,
    'that is no JWT': async () => 'x.y.z',
  }
  for (const [name, make] of Object.entries(wrong)) {
    test(`a proof ${name} is refused`, async () => assert.equal((await get(await make())).status, 401))
  }

  test('the same proof a second time is refused', async () => {
    const once = await proof()
    assert.equal((await get(once)).status, 200)
    assert.equal((await get(once)).status, 401)
  })

  test('twenty uses of one proof at the same moment: one is answered', async () => {
    const once = await proof()
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(once)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  })

  test('a proof that holds the public key of the victim and is signed by another is refused', async () => {
    const forger = await createProofKey()
    const forged = await sign(
      forger,
      { alg: 'ES256', typ: 'dpop+jwt', jwk: connected.key.jwk },
      { htm: 'GET', htu: person.pod, iat: now(), jti: randomUUID() },
    )
    assert.equal((await get(forged)).status, 401)
  })

  test('the token as Bearer is refused, with a proof and without', async () => {
    assert.equal((await get(undefined, { scheme: 'Bearer' })).status, 401)
    assert.equal((await get(await proof(), { scheme: 'Bearer' })).status, 401)
  })

  test('an id token is not an access token', async () => {
    const dpop = await proofOf(connected.key, { method: 'GET', url: person.pod, token: connected.tokens.id_token })
    const headers = { authorization: `DPoP ${connected.tokens.id_token}`, dpop }
    const path = new URL(person.pod).pathname
    assert.equal((await person.browser.send('GET', path, { bare: true, headers })).status, 401)
  })
})

describe('at the token endpoint', () => {
  const refresh = async (claims: Record<string, unknown>, key: ProofKey = connected.key): Promise<Answer> =>
    tokenRequest(person.browser, connected.client, {
      key,
      form: refreshForm(connected.tokens),
      proof: await tokenProof(person.browser, key, claims),
    })

  test('the right proof is taken', async () => assert.equal((await refresh({})).status, 200))

  const wrong: Readonly<Record<string, () => Record<string, unknown>>> = {
    'for another method': () => ({ htm: 'GET' }),
    'for a pod': () => ({ htu: person.pod }),
    'for another server': () => ({ htu: 'https://evil.example/.oidc/token' }),
    'from ten minutes ago': () => ({ iat: now() - 600 }),
    'from ten minutes ahead': () => ({ iat: now() + 600 }),
    'without an id': () => ({ jti: undefined }),
  }
  for (const [name, claims] of Object.entries(wrong)) {
    test(`a proof ${name} is refused`, async () => assert.equal((await refresh(claims())).status, 400))
  }

  test('the same proof a second time is refused, also when both come at once', async () => {
    const jti = randomUUID()
    const answers = await Promise.all([refresh({ jti }), refresh({ jti })])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400])
    assert.equal((await refresh({ jti })).status, 400)
  })

  test('another key gets nothing for the refresh token', async () => {
    assert.equal((await refresh({}, await createProofKey())).status, 400)
  })

  test('a proof with a private key in it, or of an algorithm that is not offered, is refused', async () => {
    const { exportJWK } = await import('jose')
    const claims = (): Record<string, unknown> => ({
      htm: 'POST',
      htu: `${stage.baseUrl}.oidc/token`,
      iat: now(),
      jti: randomUUID(),
    })
    const { key } = connected
    const withPrivate = await sign(
      key,
      { alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(key.privateKey) },
      claims(),
    )
    const ed = await createProofKey('EdDSA')
    const unoffered = await sign(ed, { alg: 'EdDSA', typ: 'dpop+jwt', jwk: ed.jwk }, claims())
    for (const proof of [withPrivate, unoffered]) {
      const form = refreshForm(connected.tokens)
      assert.equal((await tokenRequest(person.browser, connected.client, { key, form, proof })).status, 400)
    }
  })
})
