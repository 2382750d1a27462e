// An app that wants a login: it registers, sends the browser away with PKCE and state, and takes the code home with a DPoP proof.
// Each step is a function of its own, so that an attack can change one.

import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'

import { createProofKey, loginWith, type Login, type ProofKey, proofOf, sign } from '../../../support/issuer.ts'
import type { Answer, Browser } from './browser.ts'
import { controlsOf, type Person } from './person.ts'

export interface Client {
  readonly id: string
  readonly secret: string | undefined
  readonly redirectUri: string
}

export interface Started {
  readonly url: string
  readonly verifier: string
  readonly state: string
}

export interface Tokens {
  readonly access_token: string
  readonly refresh_token?: string
  readonly id_token: string
}

export const redirectUri = 'https://app.example/callback'

export function registration(browser: Browser, metadata: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  return browser.send('POST', '/.oidc/reg', {
    bare: true,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'The App',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      ...metadata,
    }),
  })
}

export async function register(browser: Browser, metadata: Readonly<Record<string, unknown>> = {}): Promise<Client> {
  const answer = await registration(browser, metadata)
  assert.equal(answer.status, 201, answer.text)
  const {
    client_id: id,
    client_secret: secret,
    redirect_uris: uris,
  } = answer.json<{
    client_id: string
    client_secret?: string
    redirect_uris: string[]
  }>()
  return { id, secret, redirectUri: uris[0]! }
}

/** `changes` replace parameters; undefined leaves one out. */
export function begin(
  client: Pick<Client, 'id' | 'redirectUri'>,
  changes: Readonly<Record<string, string | undefined>> = {},
): Started {
  const verifier = randomBytes(32).toString('base64url')
  const state = randomUUID()
  const params = {
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUri,
    scope: 'openid webid offline_access',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state,
    ...changes,
  }
  const given = Object.entries(params).filter(([, value]) => value !== undefined) as [string, string][]
  return { url: `/.oidc/auth?${new URLSearchParams(given).toString()}`, verifier, state }
}

function wordsOf({ text }: Answer): string {
  return text.replace(/<style>.*?<\/style>|<[^>]*>/gs, ' ').replace(/\s+/g, ' ')
}

/** The browser of somebody who is logged in goes through the prompts; gives the address it is sent to at the app. */
export async function walk(
  browser: Browser,
  started: Started,
  { webId, remember = true }: { readonly webId: string; readonly remember?: boolean },
): Promise<URL> {
  let at = await browser.follow(await browser.page(started.url))
  for (let step = 0; step < 4; step++) {
    const { location } = at.headers
    if (at.status >= 300 && at.status < 400 && location !== undefined) return new URL(location)
    assert.equal(at.status, 200, `${at.url}: ${wordsOf(at)}`)
    const { oidc } = await controlsOf(browser)
    assert.ok(oidc, `no login of an app at ${at.url}`)
    const isConsent = new URL(at.url).pathname.includes('consent')
    const answer = isConsent
      ? await browser.json('POST', oidc['consent']!, { remember })
      : await browser.json('POST', oidc['webId']!, { webId, remember })
    assert.equal(answer.status, 200, `${at.url}: ${answer.text}`)
    at = await browser.follow(await browser.page(answer.json<{ location: string }>().location))
  }
  throw new Error(`the login does not end: ${at.url}`)
}

export interface Exchange {
  readonly key: ProofKey
  /** Replaces form fields; undefined leaves one out. */
  readonly form?: Readonly<Record<string, string | undefined>>
  readonly proof?: string
}

/** A proof for the token endpoint. */
export function tokenProof(browser: Browser, key: ProofKey, claims: Record<string, unknown> = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const all = { htm: 'POST', htu: new URL('/.oidc/token', browser.base).href, iat, jti: randomUUID(), ...claims }
  return sign(key, { alg: key.alg, typ: 'dpop+jwt', jwk: key.jwk }, all)
}

export async function tokenRequest(
  browser: Browser,
  client: Client,
  { key, form = {}, proof }: Exchange,
): Promise<Answer> {
  const fields = Object.entries({ client_id: client.id, ...form }).filter(([, value]) => value !== undefined)
  const basic = Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret ?? '')}`)
  return browser.send('POST', '/.oidc/token', {
    bare: true,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(client.secret !== undefined && { authorization: `Basic ${basic.toString('base64')}` }),
      dpop: proof ?? (await tokenProof(browser, key)),
    },
    body: new URLSearchParams(fields as [string, string][]).toString(),
  })
}

export function codeForm(client: Client, started: Started, code: string): Record<string, string> {
  return { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri, code_verifier: started.verifier }
}

export function refreshForm(tokens: Tokens): Record<string, string> {
  return { grant_type: 'refresh_token', refresh_token: tokens.refresh_token! }
}

export interface Connected {
  readonly client: Client
  readonly key: ProofKey
  readonly tokens: Tokens
  readonly login: Login
}

/** A whole login of a person to an app. */
export async function connect(person: Person, given?: Client, browser: Browser = person.browser): Promise<Connected> {
  const client = given ?? (await register(browser))
  const started = begin(client, { prompt: 'consent' })
  const back = await walk(browser, started, person)
  const code = back.searchParams.get('code')
  assert.ok(code, back.href)
  const key = await createProofKey()
  const answer = await tokenRequest(browser, client, { key, form: codeForm(client, started, code) })
  assert.equal(answer.status, 200, answer.text)
  const tokens = answer.json<Tokens>()
  return { client, key, tokens, login: loginWith(person.webId, key, tokens.access_token) }
}

/** What the app gets for a private resource. */
export async function read(
  browser: Browser,
  { key, token }: { readonly key: ProofKey; readonly token: string },
  url: string,
): Promise<Answer> {
  const dpop = await proofOf(key, { method: 'GET', url, token })
  return browser.send('GET', new URL(url).pathname, { bare: true, headers: { authorization: `DPoP ${token}`, dpop } })
}
