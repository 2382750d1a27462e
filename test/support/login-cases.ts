// Tokens and proofs that are right, or wrong in one point, as a table that every verifier can be asked about.

import { randomUUID } from 'node:crypto'

import { createProofKey, type Login, type ProofKey, proofOf, sign, type TestIssuer } from './issuer.ts'

export interface Sent {
  readonly authorization: string
  readonly dpop: string
}

export interface LoginScene {
  readonly issuer: TestIssuer
  readonly login: Login
  readonly method: string
  readonly url: string
}

export interface LoginCase {
  readonly name: string
  readonly isAccepted: boolean
  /** Set where the outside judge decides otherwise, with the reason. */
  readonly judge?: { readonly isAccepted: boolean; readonly why: string }
  readonly send: (scene: LoginScene) => Promise<Sent>
}

type Claims = Record<string, unknown>

const now = (): number => Math.floor(Date.now() / 1000)
const laxer = (why: string) => ({ judge: { isAccepted: true, why } })
const stricter = (why: string) => ({ judge: { isAccepted: false, why } })

async function withToken(
  { issuer, login, method, url }: LoginScene,
  claims: Claims,
  header: Claims = {},
): Promise<Sent> {
  const token = await issuer.token(login.webId, login.key.jkt, { claims, header })
  return { authorization: `DPoP ${token}`, dpop: await proofOf(login.key, { method, url, token }) }
}

async function withProof({ login, method, url }: LoginScene, claims: Claims, header: Claims = {}): Promise<Sent> {
  const dpop = await proofOf(login.key, { method, url, token: login.token }, { claims, header })
  return { authorization: `DPoP ${login.token}`, dpop }
}

async function withKey({ issuer, login, method, url }: LoginScene, key: ProofKey): Promise<Sent> {
  const token = await issuer.token(login.webId, key.jkt)
  return { authorization: `DPoP ${token}`, dpop: await proofOf(key, { method, url, token }) }
}

function token(name: string, claims: (scene: LoginScene) => Claims, more: Partial<LoginCase> = {}): LoginCase {
  return { name, isAccepted: false, send: (scene) => withToken(scene, claims(scene)), ...more }
}

function proof(name: string, claims: (scene: LoginScene) => Claims, more: Partial<LoginCase> = {}): LoginCase {
  return { name, isAccepted: false, send: (scene) => withProof(scene, claims(scene)), ...more }
}

const accepted = { isAccepted: true }

const tokens: readonly LoginCase[] = [
  token('a good token', () => ({}), accepted),
  token('a token with several audiences, solid among them', () => ({ aud: ['https://x.example/', 'solid'] }), accepted),
  token('a token without a client id', () => ({ client_id: undefined }), accepted),
  token('a token that says 30 s too early when it was made', () => ({ iat: now() + 30 }), accepted),
  token('a token for another audience', () => ({ aud: 'https://x.example/' })),
  token('a token without an audience', () => ({ aud: undefined })),
  token('a token whose audience contains the word', () => ({ aud: 'solidarity' })),
  token('an expired token', () => ({ iat: now() - 900, exp: now() - 300 })),
  token('a token that expired a second ago', () => ({ exp: now() - 1 }), laxer('it tolerates 120 s')),
  token('a token without exp', () => ({ exp: undefined })),
  token('a token whose exp is no number', () => ({ exp: 'never' })),
  token('a token without iat', () => ({ iat: undefined })),
  token('a token from 5 minutes ahead', () => ({ iat: now() + 300 })),
  token('a token from 90 seconds ahead', () => ({ iat: now() + 90 }), laxer('it tolerates 120 s')),
  token('a token that is not valid yet', () => ({ nbf: now() + 300 })),
  token('a token without a WebID', () => ({ webid: undefined })),
  token('a token whose WebID is no URL', () => ({ webid: 'alice' })),
  token('a token whose WebID is a file', () => ({ webid: 'file:///etc/passwd' })),
  token('a token whose WebID does not exist', ({ issuer }) => ({ webid: `${issuer.url}nobody/at/all#me` })),
  token('a token whose WebID cannot be reached', () => ({ webid: 'http://localhost:1/card#me' })),
  token('a token whose WebID trusts another issuer', ({ issuer }) => ({ webid: `${issuer.url}stranger/card#me` })),
  token('a token of an issuer that cannot be reached', () => ({ iss: 'http://localhost:1/' })),
  token('a token without an issuer', () => ({ iss: undefined })),
  token('a token whose issuer has a query', ({ issuer }) => ({ iss: `${issuer.url}?x` })),
  token('a token with the issuer without its slash', ({ issuer }) => ({ iss: issuer.url.slice(0, -1) }), {
    ...accepted,
    ...stricter('it compares issuers exactly'),
  }),
  token('a token that is bound to another key', () => ({ cnf: { jkt: 'A'.repeat(43) } })),
  token('a token that is bound to no key', () => ({ cnf: undefined })),
  token('a token whose cnf is a string', () => ({ cnf: 'key' })),
]

const tokenForms: readonly LoginCase[] = [
  {
    name: 'a token with an unknown key id',
    isAccepted: false,
    send: (scene) => withToken(scene, {}, { kid: randomUUID() }),
  },
  {
    name: 'a token without a key id',
    isAccepted: true,
    judge: { isAccepted: false, why: 'it demands kid' },
    send: (scene) => withToken(scene, {}, { kid: undefined }),
  },
  {
    name: 'a token signed by somebody else with the key id of the issuer',
    isAccepted: false,
    send: async ({ issuer, login, method, url }) => {
      const forger = { ...(await createProofKey()), kid: issuer.keys[0]!.kid }
      const token = await issuer.token(login.webId, login.key.jkt, { key: forger })
      return { authorization: `DPoP ${token}`, dpop: await proofOf(login.key, { method, url, token }) }
    },
  },
  {
    name: 'a token whose payload was changed',
    isAccepted: false,
    send: async ({ login, method, url }) => {
      const [header, payload, signature] = login.token.split('.') as [string, string, string]
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
      const other = Buffer.from(JSON.stringify({ ...claims, client_id: 'x' })).toString('base64url')
      const token = `${header}.${other}.${signature}`
      return { authorization: `DPoP ${token}`, dpop: await proofOf(login.key, { method, url, token }) }
    },
  },
  ...['none', 'HS256'].map((alg) => ({
    name: `a token with the algorithm ${alg}`,
    isAccepted: false,
    send: async ({ login, method, url }: LoginScene) => {
      const [, payload, signature] = login.token.split('.') as [string, string, string]
      const token = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.${payload}.${signature}`
      return { authorization: `DPoP ${token}`, dpop: await proofOf(login.key, { method, url, token }) }
    },
  })),
  {
    name: 'a token as Bearer, with its proof',
    isAccepted: false,
    ...laxer('it goes by cnf, not by the scheme'),
    send: async ({ login, method, url }) => {
      return { authorization: `Bearer ${login.token}`, dpop: await login.proof(method, url) }
    },
  },
  {
    name: 'a token after an unknown scheme',
    isAccepted: false,
    send: async ({ login, method, url }) => {
      return { authorization: `Negotiate ${login.token}`, dpop: await login.proof(method, url) }
    },
  },
  ...['DPoP', 'DPoP ', 'DPoP a b', 'DPoP a.b.c', 'DPoP ..', 'x', ''].map((authorization) => ({
    name: `the Authorization "${authorization}"`,
    isAccepted: false,
    send: async ({ login, method, url }: LoginScene) => ({ authorization, dpop: await login.proof(method, url) }),
  })),
  {
    name: 'the scheme in capitals',
    isAccepted: true,
    send: async ({ login, method, url }) => {
      return { authorization: `DPOP ${login.token}`, dpop: await login.proof(method, url) }
    },
  },
]

const proofs: readonly LoginCase[] = [
  proof('a proof without ath', () => ({ ath: undefined }), accepted),
  proof('a proof with the ath of another token', () => ({ ath: 'A'.repeat(43) })),
  proof('a proof with an empty ath', () => ({ ath: '' }), laxer('it takes an empty ath for none')),
  proof('a proof for another method', () => ({ htm: 'PUT' })),
  proof('a proof for the method in small letters', () => ({ htm: 'get' })),
  proof('a proof without htm', () => ({ htm: undefined })),
  proof('a proof for another path', ({ url }) => ({ htu: `${url}x` })),
  proof('a proof for the slash form of the path', ({ url }) => ({ htu: `${url}/` })),
  proof('a proof for another host', ({ url }) => ({ htu: url.replace('pods.example', 'pod.example') })),
  proof('a proof for another port', ({ url }) => ({ htu: url.replace('pods.example', 'pods.example:8443') })),
  proof('a proof for another scheme', ({ url }) => ({ htu: url.replace('https', 'http') })),
  proof('a proof for a URL with credentials', ({ url }) => ({ htu: url.replace('https://', 'https://a@') })),
  proof('a proof for a path that only means the same', ({ url }) => ({ htu: url.replace('/alice/', '/x/../alice/') })),
  proof('a proof without htu', () => ({ htu: undefined })),
  proof('a proof whose htu is no URL', () => ({ htu: '/alice/x' })),
  ...[
    ['the query and fragment', (url: string) => `${url}?q=1#f`],
    ['the default port', (url: string) => url.replace('pods.example', 'pods.example:443')],
    ['the host in capitals', (url: string) => url.replace('pods.example', 'PODS.EXAMPLE')],
    ['an encoded letter', (url: string) => url.replace('/alice/', '/%61lice/')],
  ].map(([what, change]) =>
    proof(`a proof whose htu has ${what as string}`, ({ url }) => ({ htu: (change as (url: string) => string)(url) }), {
      ...accepted,
      ...stricter('it compares htu exactly'),
    }),
  ),
  proof('a proof 80 s old', () => ({ iat: now() - 80 }), accepted),
  proof('a proof 100 s old', () => ({ iat: now() - 100 }), laxer('it takes 240 s')),
  proof('a proof an hour old', () => ({ iat: now() - 3600 })),
  proof('a proof 50 s ahead', () => ({ iat: now() + 50 }), accepted),
  proof('a proof 70 s ahead', () => ({ iat: now() + 70 }), laxer('it takes 120 s')),
  proof('a proof without iat', () => ({ iat: undefined })),
  proof('a proof whose iat is a string', () => ({ iat: String(now()) })),
  proof('a proof without jti', () => ({ jti: undefined })),
  proof('a proof whose jti is a number', () => ({ jti: 1 })),
  proof('a proof whose jti is empty', () => ({ jti: '' }), laxer('it takes any string')),
]

const proofForms: readonly LoginCase[] = [
  ...['ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'].map((alg) => ({
    name: `a proof signed with ${alg}`,
    isAccepted: true,
    ...(alg === 'EdDSA' && stricter('it does not know EdDSA')),
    ...(/^[RP]S/.test(alg) && stricter('it demands alg in RSA keys')),
    send: async (scene: LoginScene) => withKey(scene, await createProofKey(alg)),
  })),
  {
    name: 'a proof of the type JWT',
    isAccepted: false,
    send: (scene) => withProof(scene, {}, { typ: 'JWT' }),
  },
  {
    name: 'a proof without a type',
    isAccepted: false,
    send: (scene) => withProof(scene, {}, { typ: undefined }),
  },
  {
    name: 'a proof without its key',
    isAccepted: false,
    send: (scene) => withProof(scene, {}, { jwk: undefined }),
  },
  {
    name: 'a proof that shows its private key',
    isAccepted: false,
    send: (scene) => withProof(scene, {}, { jwk: { ...scene.login.key.jwk, d: 'A'.repeat(43) } }),
  },
  {
    name: 'a proof with a symmetric key',
    isAccepted: false,
    send: (scene) => withProof(scene, {}, { jwk: { kty: 'oct', k: 'AAAA' } }),
  },
  {
    name: 'a proof with the key of somebody else',
    isAccepted: false,
    send: async (scene) => withProof(scene, {}, { jwk: (await createProofKey()).jwk }),
  },
  {
    name: 'a proof by a key that the token is not bound to',
    isAccepted: false,
    send: async ({ login, method, url }) => {
      const dpop = await proofOf(await createProofKey(), { method, url, token: login.token })
      return { authorization: `DPoP ${login.token}`, dpop }
    },
  },
  {
    name: 'a proof whose point is not on the curve',
    isAccepted: false,
    send: (scene) => withProof(scene, {}, { jwk: { ...scene.login.key.jwk, x: 'A'.repeat(43) } }),
  },
  {
    name: 'a proof whose signature was cut',
    isAccepted: false,
    send: async ({ login, method, url }) => {
      const dpop = (await login.proof(method, url)).slice(0, -8)
      return { authorization: `DPoP ${login.token}`, dpop }
    },
  },
  {
    name: 'a proof with an extension that must be understood',
    isAccepted: false,
    send: async ({ login, method, url }) => {
      const [, payload] = (await login.proof(method, url)).split('.') as [string, string]
      const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: login.key.jwk }
      const dpop = await sign(login.key, header, JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims)
      const [, ...rest] = dpop.split('.')
      const critical = Buffer.from(JSON.stringify({ ...header, crit: ['x'], x: 1 })).toString('base64url')
      return { authorization: `DPoP ${login.token}`, dpop: [critical, ...rest].join('.') }
    },
  },
  ...['', 'a', 'a.b', 'a.b.c', '....', 'é.é.é', `${'a'.repeat(9000)}.a.a`].map((dpop) => ({
    name: `the proof "${dpop.slice(0, 20)}"`,
    isAccepted: false,
    send: async ({ login }: LoginScene) => ({ authorization: `DPoP ${login.token}`, dpop }),
  })),
]

export const loginCases: readonly LoginCase[] = [...tokens, ...tokenForms, ...proofs, ...proofForms]
