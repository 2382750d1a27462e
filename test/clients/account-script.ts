// What a script does to get an account, a pod and client credentials, written for the account API of the Community Solid
// Server 7 and its documentation: it follows `controls`, sends JSON, and carries the value of `authorization`. Nothing here
// knows xpod: with XPOD_TEST_PEER=URL the tests of this folder run against another server, and what differs is a finding.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

export interface Controls {
  readonly main: { readonly index: string; readonly logins: string }
  readonly account: Readonly<Record<'create' | 'logout' | 'webId' | 'pod' | 'clientCredentials', string>>
  readonly password: Readonly<Record<'create' | 'login' | 'forgot' | 'reset', string>>
  readonly oidc?: Readonly<Record<'cancel' | 'prompt' | 'webId' | 'forgetWebId' | 'consent', string>>
}

export interface Credentials {
  readonly id: string
  readonly secret: string
  /** DELETE takes them back. */
  readonly resource: string
}

export interface Registered {
  readonly baseUrl: string
  readonly email: string
  readonly password: string
  /** With its slash. */
  readonly pod: string
  readonly webId: string
  readonly controls: Controls
  /** For further calls of the account API. */
  readonly headers: Readonly<Record<string, string>>
}

/** The JSON answer of a call that must succeed. */
async function call(url: string, init: RequestInit = {}): Promise<Record<string, any>> {
  const response = await fetch(url, init)
  const text = await response.text()
  assert.ok(response.ok, `${init.method ?? 'GET'} ${url}: ${response.status} ${text.slice(0, 500)}`)
  // Any shape: scripts look into what they expect.
  return JSON.parse(text) as Record<string, any>
}

function sending(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
}

export async function readControls(baseUrl: string, headers: Readonly<Record<string, string>> = {}): Promise<Controls> {
  return (await call(`${baseUrl}.account/`, { headers })).controls as Controls
}

/** A new account with a password, a pod of its own name and the WebID in it. */
export async function register(baseUrl: string, name: string): Promise<Registered> {
  const email = `${name}-${randomUUID().slice(0, 8)}@example.org`
  const password = `correct horse ${randomUUID()}`
  const before = await readControls(baseUrl)
  const { authorization } = await call(before.account.create, { method: 'POST' })
  const headers = { authorization: `CSS-Account-Token ${authorization as string}` }
  const controls = await readControls(baseUrl, headers)
  await call(controls.password.create, sending({ email, password }, headers))
  const made = await call(controls.account.pod, sending({ name }, headers))
  return { baseUrl, email, password, pod: made.pod as string, webId: made.webId as string, controls, headers }
}

/** Logs in with the password; gives the header and the controls of this log-in. */
export async function logInByPassword(account: Pick<Registered, 'baseUrl' | 'email' | 'password'>): Promise<{
  readonly headers: Readonly<Record<string, string>>
  readonly controls: Controls
}> {
  const { password } = await readControls(account.baseUrl)
  const answer = await call(password.login, sending({ email: account.email, password: account.password }))
  const headers = { authorization: `CSS-Account-Token ${answer.authorization as string}` }
  return { headers, controls: await readControls(account.baseUrl, headers) }
}

export async function createCredentials(account: Registered, name = 'test'): Promise<Credentials> {
  const { clientCredentials } = account.controls.account
  const { id, secret, resource } = await call(
    clientCredentials,
    sending({ name, webId: account.webId }, account.headers),
  )
  return { id, secret, resource } as Credentials
}
