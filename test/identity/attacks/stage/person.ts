// A person with an account, made over the account API as scripts of others make it (CSS 7): by following its controls.

import assert from 'node:assert/strict'

import { Browser } from './browser.ts'

export type Controls = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface Person {
  readonly name: string
  readonly email: string
  readonly password: string
  readonly webId: string
  readonly pod: string
  /** `CSS-Account-Token …` */
  readonly authorization: string
  readonly browser: Browser
  /** As they are when logged in. */
  readonly controls: Controls
  /** Sends the account token instead of cookies. */
  call(method: string, url: string, body?: unknown): ReturnType<Browser['json']>
}

export async function controlsOf(browser: Browser, headers: Readonly<Record<string, string>> = {}): Promise<Controls> {
  const answer = await browser.json('GET', '/.account/', undefined, headers)
  assert.equal(answer.status, 200, answer.text)
  return answer.json<{ controls: Controls }>().controls
}

export async function signUp(browser: Browser, name: string): Promise<Person> {
  const [email, password] = [`${name}@example.org`, `correct horse ${name} battery`]
  const created = await browser.json('POST', (await controlsOf(browser))['account']!['create']!, {})
  assert.equal(created.status, 200, created.text)
  const { authorization: token } = created.json<{ authorization: string }>()
  const authorization = `CSS-Account-Token ${token}`
  const call: Person['call'] = (method, url, body) =>
    new Browser(browser.base, browser.port).json(method, url, body, { authorization })
  const controls = await controlsOf(browser, { authorization })
  const login = await call('POST', controls['password']!['create']!, { email, password })
  assert.equal(login.status, 200, login.text)
  const made = await call('POST', controls['account']!['pod']!, { name })
  assert.equal(made.status, 200, made.text)
  const { pod, webId } = made.json<{ pod: string; webId: string }>()
  return { name, email, password, webId, pod, authorization, browser, controls, call }
}

/** In another browser. */
export async function logIn(browser: Browser, { email, password }: Pick<Person, 'email' | 'password'>): Promise<void> {
  const controls = await controlsOf(browser)
  const answer = await browser.json('POST', controls['password']!['login']!, { email, password })
  assert.equal(answer.status, 200, answer.text)
}
