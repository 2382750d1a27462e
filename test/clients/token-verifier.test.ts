// @solid/access-token-verifier, the verifier of other servers, judges tokens that this server issues: what it accepts works
// at resource servers elsewhere. It brings its own fetching of WebIDs and keys.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'

import { createSolidTokenVerifier } from '@solid/access-token-verifier'
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'

import { createCredentials, type Credentials, register, type Registered } from './account-script.ts'
import { startServer, uniqueName } from './world.ts'

let server: Awaited<ReturnType<typeof startServer>>
let alice: Registered
let credentials: Credentials
before(async () => {
  server = await startServer()
  alice = await register(server.baseUrl, uniqueName('alice'))
  credentials = await createCredentials(alice)
})
after(() => server[Symbol.asyncDispose]())

interface Key {
  readonly thumbprint: string
  prove(method: string, url: string): Promise<string>
}

async function createKey(alg: 'ES256' | 'RS256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk = { ...(await exportJWK(publicKey)), alg }
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: (htm, htu) =>
      new SignJWT({ htm, htu, jti: randomUUID() })
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey),
  }
}

async function askForToken(key: Key): Promise<string> {
  const discovered = await fetch(`${server.baseUrl}.well-known/openid-configuration`)
  const { token_endpoint: endpoint } = (await discovered.json()) as { token_endpoint: string }
  const both = `${encodeURIComponent(credentials.id)}:${encodeURIComponent(credentials.secret)}`
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(both).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      dpop: await key.prove('POST', endpoint),
    },
    body: 'grant_type=client_credentials',
  })
  assert.equal(answer.status, 200)
  return ((await answer.json()) as { access_token: string }).access_token
}

for (const alg of ['ES256', 'RS256'] as const) {
  test(`a token bound to an ${alg} key is accepted elsewhere`, async () => {
    const key = await createKey(alg)
    const token = await askForToken(key)
    const url = 'https://elsewhere.example/data'
    const proof = { header: await key.prove('GET', url), method: 'GET' as const, url }
    const claims = await createSolidTokenVerifier()(`DPoP ${token}`, proof)
    assert.equal(claims.webid, alice.webId)
    assert.equal(claims.client_id, credentials.id)
    assert.equal(claims.iss, server.baseUrl)
    assert.ok([claims.aud].flat().includes('solid'))
    assert.equal(claims.cnf?.jkt, key.thumbprint)
  })
}

test('an access token is a JWT of type at+jwt signed with ES256, valid for ten minutes', async () => {
  const token = await askForToken(await createKey('ES256'))
  const { typ, alg } = decodeProtectedHeader(token)
  assert.deepEqual([typ, alg], ['at+jwt', 'ES256'])
  const { iat, exp } = decodeJwt(token)
  assert.equal(exp! - iat!, 600)
})

test('a token is refused elsewhere with the proof of another key', async () => {
  const token = await askForToken(await createKey('ES256'))
  const url = 'https://elsewhere.example/data'
  const header = await (await createKey('ES256')).prove('GET', url)
  await assert.rejects(createSolidTokenVerifier()(`DPoP ${token}`, { header, method: 'GET', url }))
})

test('a token is refused elsewhere once its text is changed', async () => {
  const key = await createKey('ES256')
  const [head, body, signature] = (await askForToken(key)).split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  const changed = Buffer.from(JSON.stringify({ ...claims, exp: (claims.exp as number) + 60 })).toString('base64url')
  const url = 'https://elsewhere.example/data'
  const proof = { header: await key.prove('GET', url), method: 'GET' as const, url }
  await assert.rejects(createSolidTokenVerifier()(`DPoP ${head}.${changed}.${signature}`, proof))
})
