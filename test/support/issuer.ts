// A login provider for tests: a real HTTP server on loopback with discovery document, key set and WebID documents, which signs
// real tokens. `login` gives a fetch that proves possession of a fresh key on every request; the parts of it are exported
// so that tests can make tokens and proofs that are wrong in one point.

import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose'

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

export interface SigningKey {
  readonly alg: string
  readonly kid: string
  readonly privateKey: PrivateKey
  /** Public part, with kid and alg. */
  readonly jwk: JWK
}

/** A client's key for proofs; `jkt` is its thumbprint. */
export interface ProofKey extends SigningKey {
  readonly jkt: string
}

export interface TokenOptions {
  readonly key?: SigningKey
  readonly header?: Record<string, unknown>
  /** Replaces claims; undefined leaves one out. */
  readonly claims?: Record<string, unknown>
  readonly nowMs?: number
}

export interface ProofOptions {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly nowMs?: number
}

export interface Login {
  readonly webId: string
  readonly token: string
  readonly key: ProofKey
  readonly fetch: typeof fetch
  proof(method: string, url: string, options?: ProofOptions): Promise<string>
  /** Authorization and DPoP for one request. */
  headers(method: string, url: string): Promise<{ authorization: string; dpop: string }>
}

export interface TestIssuer extends AsyncDisposable {
  /** With a trailing slash, as issuers are in practice. */
  readonly url: string
  readonly keys: SigningKey[]
  /** Path → document; add or replace to serve anything. */
  readonly documents: Map<string, { body: string; type: string; status?: number; headers?: Record<string, string> }>
  /** Paths asked for, in order. */
  readonly requests: string[]
  webId(name: string): string
  login(name: string, options?: { webId?: string; alg?: string; claims?: Record<string, unknown> }): Promise<Login>
  token(webId: string, jkt: string, options?: TokenOptions): Promise<string>
  addKey(alg?: string): Promise<SigningKey>
}

export interface IssuerOptions {
  /** Algorithm of the first signing key. */
  readonly alg?: string
  /** Seconds that tokens live. */
  readonly lifeSeconds?: number
  /** Host in the issuer's URL. */
  readonly host?: string
}

export async function startIssuer(options: IssuerOptions = {}): Promise<TestIssuer> {
  const documents: TestIssuer['documents'] = new Map()
  const requests: string[] = []
  const keys: SigningKey[] = [await createSigningKey(options.alg ?? 'ES256')]
  const server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://${options.host ?? 'localhost'}:${(server.address() as AddressInfo).port}`
  const url = `${origin}/`
  const webId = (name: string): string => `${origin}/${name}/card#me`

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    requests.push(path)
    const found = documents.get(path) ?? standard(path)
    response.writeHead(found.status ?? 200, { 'content-type': found.type, ...found.headers }).end(found.body)
  }

  function standard(path: string): { body: string; type: string; status?: number; headers?: Record<string, string> } {
    const json = 'application/json'
    if (path === '/.well-known/openid-configuration') {
      return { body: JSON.stringify({ issuer: url, jwks_uri: `${origin}/jwks` }), type: json }
    }
    if (path === '/jwks') return { body: JSON.stringify({ keys: keys.map((key) => key.jwk) }), type: json }
    if (/^\/[^/]+\/card$/.test(path)) return { body: profile(`${origin}${path}#me`, url), type: 'text/turtle' }
    return { body: '', type: 'text/plain', status: 404 }
  }

  async function token(webId: string, jkt: string, given: TokenOptions = {}): Promise<string> {
    const now = Math.floor((given.nowMs ?? Date.now()) / 1000)
    const key = given.key ?? keys[0]!
    const claims = { iss: url, aud: 'solid', webid: webId, sub: webId, client_id: 'https://app.example/id', iat: now }
    return await sign(
      key,
      { alg: key.alg, kid: key.kid, typ: 'at+jwt', ...given.header },
      {
        ...claims,
        exp: now + (options.lifeSeconds ?? 600),
        cnf: { jkt },
        ...given.claims,
      },
    )
  }

  return {
    url,
    keys,
    documents,
    requests,
    webId,
    token,
    addKey: async (alg = 'ES256') => {
      const key = await createSigningKey(alg)
      keys.push(key)
      return key
    },
    login: async (name, given = {}) => {
      const key = await createProofKey(given.alg ?? 'ES256')
      const who = given.webId ?? webId(name)
      return loginWith(who, key, await token(who, key.jkt, { claims: given.claims ?? {} }))
    },
    [Symbol.asyncDispose]: () => close(server),
  }
}

export function profile(webId: string, issuer: string): string {
  return `<${webId}> a <http://xmlns.com/foaf/0.1/Person>; <http://www.w3.org/ns/solid/terms#oidcIssuer> <${issuer}>.`
}

export async function createSigningKey(alg: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const kid = randomUUID()
  return { alg, kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } }
}

export async function createProofKey(alg = 'ES256'): Promise<ProofKey> {
  const key = await createSigningKey(alg)
  const { kid: _, alg: __, ...jwk } = key.jwk
  const { kty, crv, x, y, n, e } = jwk as Record<string, string>
  const required = kty === 'RSA' ? { e, kty, n } : kty === 'OKP' ? { crv, kty, x } : { crv, kty, x, y }
  return { ...key, jwk, jkt: createHash('sha256').update(JSON.stringify(required)).digest('base64url') }
}

/** Signs whatever it is told to, right or wrong. */
export async function sign(
  key: SigningKey,
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
): Promise<string> {
  return await new SignJWT(withoutUndefined(claims))
    .setProtectedHeader(withoutUndefined(header) as unknown as JWTHeaderParameters)
    .sign(key.privateKey)
}

export async function proofOf(
  key: ProofKey,
  request: { method: string; url: string; token: string },
  options: ProofOptions = {},
): Promise<string> {
  const header = { alg: key.alg, typ: 'dpop+jwt', jwk: key.jwk, ...options.header }
  return await sign(key, header, {
    htm: request.method,
    htu: request.url.replace(/[?#].*$/, ''),
    iat: Math.floor((options.nowMs ?? Date.now()) / 1000),
    jti: randomUUID(),
    ath: createHash('sha256').update(request.token).digest('base64url'),
    ...options.claims,
  })
}

export function loginWith(webId: string, key: ProofKey, token: string): Login {
  const proof: Login['proof'] = (method, url, options) => proofOf(key, { method, url, token }, options)
  const headers: Login['headers'] = async (method, url) => ({
    authorization: `DPoP ${token}`,
    dpop: await proof(method, url),
  })
  return {
    webId,
    token,
    key,
    proof,
    headers,
    fetch: async (input, init = {}) => {
      const request = new Request(input, init)
      for (const [name, value] of Object.entries(await headers(request.method, request.url))) {
        request.headers.set(name, value)
      }
      return await fetch(request)
    },
  }
}

function withoutUndefined(claims: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
