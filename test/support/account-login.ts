// Accounts and logins without a browser: an account with a pod is made through the center's own parts, and a client
// credential of it gets a real token at the token endpoint, with a fetch that proves possession on every request.

import { randomUUID } from 'node:crypto'

import type { TestCenter } from './center.ts'
import { createProofKey, type Login, loginWith, type ProofKey, sign } from './issuer.ts'

export interface Person {
  readonly account: string
  readonly webId: string
  /** Of the pod, with a slash at the end. */
  readonly base: string
}

/** An account with a pod of this name, whose profile is its WebID. */
export async function createPerson(center: Pick<TestCenter, 'center' | 'createPod'>, name: string): Promise<Person> {
  const { accounts } = center.center.identity
  const { id } = await accounts.create({ name, kept: true })
  const { base, webId } = await center.createPod(name)
  await accounts.linkPod(id, (await center.center.pods.show(name)).id)
  await accounts.linkWebId(id, webId)
  return { account: id, webId, base }
}

export interface CredentialLogin extends Login {
  readonly credential: { readonly id: string; readonly secret: string }
}

/** As a script of this person. */
export async function logInScript(
  center: Pick<TestCenter, 'center' | 'baseUrl'>,
  person: Person,
): Promise<CredentialLogin> {
  const { accounts } = center.center.identity
  const credential = await accounts.createCredential(person.account, { name: 'script', webId: person.webId })
  const key = await createProofKey()
  const answer = await askToken(center.baseUrl, { credential, key })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return { ...loginWith(person.webId, key, token), credential }
}

export async function askToken(
  baseUrl: string,
  { credential, key }: { readonly credential: { id: string; secret: string }; readonly key: ProofKey },
): Promise<Response> {
  const url = `${baseUrl}.oidc/token`
  const basic = [credential.id, credential.secret].map(encodeURIComponent).join(':')
  return await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}`, dpop: await tokenProof(key, url) },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
}

/** A proof for the token endpoint: there is no token yet whose hash it could carry. */
export async function tokenProof(key: ProofKey, url: string, claims: Record<string, unknown> = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const header = { alg: key.alg, typ: 'dpop+jwt', jwk: key.jwk }
  return await sign(key, header, { htm: 'POST', htu: url, iat, jti: randomUUID(), ...claims })
}
