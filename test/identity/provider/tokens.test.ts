// What apps get and how (solid.md section 1.14, rows 72 to 81), judged by what others wrote where there is something.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'

import { createSolidTokenVerifier } from '@solid/access-token-verifier'
import { allowInsecureRequests, discovery, None } from 'openid-client'

import { discoveryDocument } from '../../../src/identity/provider/discovery.ts'
import { askToken, logInScript, tokenProof } from '../../support/account-login.ts'
import { createProofKey } from '../../support/issuer.ts'
import { register } from './app.ts'
import { claimsOf, headerOf, openScene, type Scene } from './scene.ts'

let scene: Scene
before(async () => {
  scene = await openScene()
})
after(() => scene[Symbol.asyncDispose]())

const redirect = 'https://app.example/callback'

test('discovery is understood by a client, names webid and has the base URL as its issuer (row 72)', async () => {
  const { baseUrl } = scene
  const found = await discovery(new URL(baseUrl), 'anybody', undefined, None(), { execute: [allowInsecureRequests] })
  const server = found.serverMetadata()
  assert.equal(server.issuer, baseUrl)
  assert.ok(server.scopes_supported?.includes('webid'))
  assert.ok(server.grant_types_supported?.includes('client_credentials'))
  assert.equal(server['authorization_response_iss_parameter_supported'], true)
  assert.ok(server['dpop_signing_alg_values_supported']?.includes('RS256'))
  assert.equal((await fetch(server.jwks_uri!)).status, 200)
})

test('a login without a code challenge, or with a plain one, is refused (row 73)', async () => {
  const app = await scene.app()
  const refused = [
    await app.authorize({ code_challenge: undefined, code_challenge_method: undefined }),
    await app.authorize({ code_challenge_method: 'plain' }),
  ]
  for (const url of refused) {
    assert.equal(url.searchParams.get('error'), 'invalid_request')
    assert.equal(url.searchParams.get('state') !== null, true)
  }
})

test('a code is refused with another verifier, and then spent for nobody but its app (row 73)', async () => {
  const app = await scene.app()
  const code = await app.letIn(scene.provider, scene.alice)
  assert.equal((await app.exchange(code, { code_verifier: 'x'.repeat(43) })).status, 400)
  const other = await scene.app()
  assert.equal((await other.exchange(code)).status, 400)
})

test('registration gives a client that any page may make (row 75)', async () => {
  const answer = await register(scene.baseUrl, { redirect_uris: [redirect] })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  assert.equal(answer.headers.get('access-control-allow-credentials'), null)
  const client = (await answer.json()) as Record<string, unknown>
  assert.match(String(client['scope']), /webid/)
  assert.equal(typeof client['client_secret'], 'string')
})

test('registration refuses what is no app: no address, a script as address, fetches, 100 kB', async () => {
  const wrong = [
    { redirect_uris: [] },
    { redirect_uris: ['javascript:alert(1)'] },
    { redirect_uris: [redirect], sector_identifier_uri: 'https://internal.example/list' },
    { redirect_uris: [redirect], client_name: 'x'.repeat(100_000) },
  ]
  for (const metadata of wrong) {
    const answer = await register(scene.baseUrl, metadata)
    assert.ok(answer.status === 400 || answer.status === 413, `${answer.status}`)
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  }
})

test('an id token names the WebID, its app and solid, and is bound to the key (row 76)', async () => {
  const { app, tokens } = await scene.logIn()
  const claims = claimsOf(tokens.id_token)
  assert.deepEqual(claims['aud'], [app.clientId, 'solid'])
  assert.equal(claims['azp'], app.clientId)
  assert.equal(claims['webid'], scene.alice.webId)
  assert.equal(claims['iss'], scene.baseUrl)
  assert.deepEqual(claims['cnf'], { jkt: app.key.jkt })
  assert.equal(Number(claims['exp']) - Number(claims['iat']), 3600)
  assert.equal(headerOf(tokens.id_token)['alg'], 'ES256')
})

test('an answer to the app names the issuer byte for byte (row 77)', async () => {
  const app = await scene.app()
  await app.letIn(scene.provider, scene.alice)
  const granted = await app.authorize({ prompt: 'none' })
  const refused = await (await scene.app()).authorize({ prompt: 'none' })
  for (const url of [granted, refused]) assert.equal(url.searchParams.get('iss'), scene.baseUrl)
  assert.equal(granted.searchParams.get('state'), app.state)
  assert.equal(refused.searchParams.get('error'), 'login_required')
})

test('an access token is one for Solid and opens what its WebID may read (row 78)', async () => {
  const { app, tokens } = await scene.logIn()
  const claims = claimsOf(tokens.access_token)
  assert.equal(claims['aud'], 'solid')
  assert.equal(claims['client_id'], app.clientId)
  assert.equal(Number(claims['exp']) - Number(claims['iat']), 3600)
  const me = app.as(scene.alice.webId, tokens)
  const url = `${scene.alice.base}private.txt`
  const put = await me.fetch(url, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'hello' })
  assert.equal(put.status, 201)
  assert.equal((await fetch(url)).status, 401)
  assert.equal(await (await me.fetch(url)).text(), 'hello')
})

test('the verifier that other servers use accepts our tokens', async () => {
  const { app, tokens } = await scene.logIn()
  const verify = createSolidTokenVerifier()
  const url = `${scene.alice.base}anything`
  const proof = await app.as(scene.alice.webId, tokens).proof('GET', url)
  const verified = await verify(`DPoP ${tokens.access_token}`, { header: proof, method: 'GET', url })
  assert.equal(verified.webid, scene.alice.webId)
  assert.equal(verified.client_id, app.clientId)
  assert.equal(verified.iss, scene.baseUrl)
})

test('codes are not given out without a proof, with a used one, or one for elsewhere (row 79)', async () => {
  const { baseUrl, provider, alice } = scene
  const url = `${baseUrl}.oidc/token`
  const app = await scene.app()
  const used = await tokenProof(app.key, url)
  assert.equal((await app.exchange(await app.letIn(provider, alice), {}, used)).status, 200)
  const wrong = [
    used,
    '',
    await tokenProof(app.key, `${baseUrl}elsewhere`),
    await tokenProof(app.key, url, { htm: 'GET' }),
    await tokenProof(app.key, url, { iat: Math.floor(Date.now() / 1000) - 3600 }),
  ]
  for (const proof of wrong) {
    const answer = await app.exchange(await app.letIn(provider, alice), {}, proof)
    assert.equal(answer.status, 400)
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  }
})

test('a clock that is a minute wrong is tolerated, at the token endpoint and on pods', async () => {
  const url = `${scene.baseUrl}.oidc/token`
  for (const skew of [-60, 55]) {
    const iat = Math.floor(Date.now() / 1000) + skew
    const app = await scene.app()
    const code = await app.letIn(scene.provider, scene.alice)
    const answer = await app.exchange(code, {}, await tokenProof(app.key, url, { iat }))
    assert.equal(answer.status, 200)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const target = `${scene.alice.base}profile/card`
    const me = app.as(scene.alice.webId, { access_token: token } as never)
    const dpop = await me.proof('GET', target, { claims: { iat } })
    const read = await fetch(target, { headers: { authorization: `DPoP ${token}`, dpop } })
    assert.equal(read.status, 200)
  }
})

test('a 401 sends nobody to another authorization server: tokens of the provider are taken as they are (row 80)', async () => {
  const target = `${scene.alice.base}private-by-default`
  const refused = await fetch(target, { method: 'PUT', body: 'x', headers: { 'content-type': 'text/plain' } })
  assert.equal(refused.status, 401)
  const challenge = refused.headers.get('www-authenticate')!
  assert.match(challenge, /DPoP algs="[^"]*ES256[^"]*"/)
  assert.doesNotMatch(challenge, /as_uri|UMA|ticket|nonce/i)
  const { app, tokens } = await scene.logIn()
  assert.equal((await app.as(scene.alice.webId, tokens).fetch(scene.alice.base)).status, 200)
})

test('a script gets a ten-minute token with id and secret, no scope, and either kind of key (row 81)', async () => {
  const script = await logInScript(scene.center, scene.alice)
  const claims = claimsOf(script.token)
  assert.equal(claims['webid'], scene.alice.webId)
  assert.equal(claims['client_id'], script.credential.id)
  assert.equal(Number(claims['exp']) - Number(claims['iat']), 600)
  assert.equal((await script.fetch(scene.alice.base)).status, 200)
  const rsa = await askToken(scene.baseUrl, { credential: script.credential, key: await createProofKey('RS256') })
  assert.equal(rsa.status, 200)
})

test('a script is refused with a wrong secret, without a proof, and with a used one (row 81)', async () => {
  const { credential } = await logInScript(scene.center, scene.alice)
  const url = `${scene.baseUrl}.oidc/token`
  const key = await createProofKey()
  const wrong = await askToken(scene.baseUrl, { credential: { ...credential, secret: 'wrong' }, key })
  assert.equal(wrong.status, 401)
  const form = { grant_type: 'client_credentials', client_id: credential.id, client_secret: credential.secret }
  const ask = (dpop?: string): Promise<Response> =>
    fetch(url, { method: 'POST', body: new URLSearchParams(form), ...(dpop !== undefined && { headers: { dpop } }) })
  assert.equal((await ask()).status, 400)
  const proof = await tokenProof(key, url)
  assert.deepEqual([(await ask(proof)).status, (await ask(proof)).status], [200, 400])
})

test('no answer for apps lets a page use the cookies of a person (rule 14)', async () => {
  const paths = ['.oidc/token', '.oidc/reg', '.oidc/jwks', '.well-known/openid-configuration', '.oidc/auth']
  for (const path of paths) {
    for (const method of ['OPTIONS', 'GET', 'POST']) {
      const answer = await fetch(`${scene.baseUrl}${path}`, {
        method,
        headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
      })
      assert.equal(answer.headers.get('access-control-allow-credentials'), null, `${method} ${path}`)
      const allowed = answer.headers.get('access-control-allow-origin')
      assert.equal(allowed, path === '.oidc/auth' ? null : '*', `${method} ${path}`)
    }
  }
})

test('the discovery document says what the library would', async () => {
  const { default: OidcProvider } = await import('oidc-provider')
  const { librarySettings } = await import('../../../src/identity/provider/library/settings.ts')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = { current: () => [{ privateJwk: privateKey.export({ format: 'jwk' }) }] }
  const parts = { issuer: scene.baseUrl, keys, cookies: { session: 's', interaction: 'i', resume: 'r' } }
  const library = new OidcProvider(scene.baseUrl, librarySettings(parts as never))
  const { callNodeApplication } = await import('../../../src/core/http/node-application.ts')
  const request = { method: 'GET', headers: {}, remoteAddress: '', body: undefined }
  const target = '/.well-known/openid-configuration'
  const call = { request: request as never, target, origin: scene.baseUrl, body: new Uint8Array() }
  const { body } = await callNodeApplication(library.callback(), call)
  const theirs = JSON.parse(Buffer.from(body as Uint8Array).toString()) as Record<string, unknown>
  const ours = discoveryDocument(scene.baseUrl)
  for (const name of Object.keys(ours)) {
    const value = theirs[name]
    // Client credentials and a few remarks are our own.
    if (value === undefined || name === 'grant_types_supported' || name === 'claims_supported') continue
    assert.deepEqual([ours[name]].flat().toSorted(), [value].flat().toSorted(), name)
  }
})
