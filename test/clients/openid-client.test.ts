// openid-client, a strict and certified OpenID Connect client: discovery, dynamic registration, code flow with PKCE and
// DPoP, refreshing, client credentials, and a silent login. It checks `iss`, `state`, `nonce`, signatures and times itself.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import * as oidc from 'openid-client'

import { createCredentials, register, type Registered } from './account-script.ts'
import { CookieClient, walkLogin } from './login-script.ts'
import { startServer, uniqueName } from './world.ts'

const redirectUri = 'http://localhost:9/callback'
const scope = 'openid webid offline_access'

let server: Awaited<ReturnType<typeof startServer>>
let alice: Registered
before(async () => {
  server = await startServer()
  alice = await register(server.baseUrl, uniqueName('alice'))
})
after(() => server[Symbol.asyncDispose]())

interface LoginWish {
  readonly browser?: CookieClient
  readonly remember?: boolean
  readonly prompt?: string
}

interface Flow {
  readonly tokens: Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>
  readonly prompts: readonly string[]
  readonly dpop: oidc.DPoPHandle
}

async function registerApp(): Promise<oidc.Configuration> {
  const metadata = {
    client_name: 'openid-client',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    scope,
  }
  const options = { execute: [oidc.allowInsecureRequests] }
  return oidc.dynamicClientRegistration(new URL(server.baseUrl), metadata, undefined, options)
}

async function logIn(app: oidc.Configuration, wish: LoginWish = {}): Promise<Flow> {
  const { browser = new CookieClient(), remember = true, prompt = 'consent' } = wish
  const dpop = oidc.getDPoPHandle(app, await oidc.randomDPoPKeyPair('ES256'))
  const [verifier, state, nonce] = [oidc.randomPKCECodeVerifier(), oidc.randomState(), oidc.randomNonce()]
  const from = oidc.buildAuthorizationUrl(app, {
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    prompt,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const { answer, prompts } = await walkLogin(browser, { from, to: redirectUri }, { account: alice, remember })
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
  const tokens = await oidc.authorizationCodeGrant(app, answer, checks, undefined, { DPoP: dpop })
  return { tokens, prompts, dpop }
}

/** Nobody but the owner may read it. */
const ownersOnly = ({ pod }: Registered): string => `${pod}.acl`

async function statusWith(app: oidc.Configuration, flow: Flow, token = flow.tokens.access_token): Promise<number> {
  const answer = await oidc.fetchProtectedResource(app, token, new URL(ownersOnly(alice)), 'GET', null, undefined, {
    DPoP: flow.dpop,
  })
  return answer.status
}

test('discovery says what a Solid app looks for', async () => {
  const options = { execute: [oidc.allowInsecureRequests] }
  const app = await oidc.discovery(new URL(server.baseUrl), 'https://app.example/id', undefined, undefined, options)
  const metadata = app.serverMetadata()
  assert.equal(metadata.issuer, server.baseUrl)
  assert.ok(metadata.supportsPKCE())
  assert.ok(metadata.scopes_supported?.includes('webid'))
  assert.ok(metadata.scopes_supported?.includes('offline_access'))
  assert.equal(metadata.authorization_response_iss_parameter_supported, true)
  for (const grant of ['authorization_code', 'refresh_token', 'client_credentials']) {
    assert.ok(metadata.grant_types_supported?.includes(grant), grant)
  }
  for (const algorithm of ['ES256', 'RS256']) {
    assert.ok(metadata.dpop_signing_alg_values_supported?.includes(algorithm), algorithm)
  }
})

test('a code becomes tokens that read a private pod, with the claims that Solid asks for', async () => {
  const app = await registerApp()
  const flow = await logIn(app)
  assert.deepEqual(flow.prompts, ['account', 'login', 'consent'])
  assert.equal(flow.tokens.token_type, 'dpop')
  const claims = flow.tokens.claims()!
  const { client_id: clientId } = app.clientMetadata()
  assert.equal(claims.webid, alice.webId)
  assert.equal(claims.azp, clientId)
  assert.deepEqual([claims.aud].flat().sort(), [clientId, 'solid'].sort())
  assert.equal(await statusWith(app, flow), 200)
})

test('a refresh token gives a new access token and a new ID token', async () => {
  const app = await registerApp()
  const flow = await logIn(app)
  const renewed = await oidc.refreshTokenGrant(app, flow.tokens.refresh_token!, undefined, { DPoP: flow.dpop })
  assert.notEqual(renewed.access_token, flow.tokens.access_token)
  assert.equal(renewed.claims()?.webid, alice.webId)
  assert.equal(await statusWith(app, flow, renewed.access_token), 200)
})

test('a refresh token does not work with another key', async () => {
  const app = await registerApp()
  const flow = await logIn(app)
  const other = oidc.getDPoPHandle(app, await oidc.randomDPoPKeyPair('ES256'))
  await assert.rejects(oidc.refreshTokenGrant(app, flow.tokens.refresh_token!, undefined, { DPoP: other }), {
    error: 'invalid_grant',
  })
})

test('who does not let the app stay connected gives no refresh token', async () => {
  const app = await registerApp()
  const flow = await logIn(app, { remember: false })
  assert.equal(flow.tokens.refresh_token, undefined)
  assert.equal(await statusWith(app, flow), 200)
})

test('a second login is silent, and yields a refresh token too', async () => {
  const app = await registerApp()
  const browser = new CookieClient()
  await logIn(app, { browser })
  const silent = await logIn(app, { browser, prompt: 'none' })
  assert.deepEqual(silent.prompts, [])
  assert.notEqual(silent.tokens.refresh_token, undefined)
  assert.equal(await statusWith(app, silent), 200)
})

test('a silent login of somebody unknown comes back with an error, not with a page', async () => {
  const app = await registerApp()
  await assert.rejects(logIn(app, { prompt: 'none' }), { error: 'login_required' })
})

test('client credentials give a token for their WebID', async () => {
  const { id, secret } = await createCredentials(alice, 'strict')
  const options = { execute: [oidc.allowInsecureRequests] }
  const how = oidc.ClientSecretBasic(secret)
  const app = await oidc.discovery(new URL(server.baseUrl), id, undefined, how, options)
  const dpop = oidc.getDPoPHandle(app, await oidc.randomDPoPKeyPair('ES256'))
  const tokens = await oidc.clientCredentialsGrant(app, { scope: 'webid' }, { DPoP: dpop })
  const answer = await oidc.fetchProtectedResource(
    app,
    tokens.access_token,
    new URL(alice.pod),
    'GET',
    null,
    undefined,
    {
      DPoP: dpop,
    },
  )
  assert.equal(answer.status, 200)
})
