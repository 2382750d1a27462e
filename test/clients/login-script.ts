// A browser without windows: it keeps cookies, follows redirects, and answers the prompts of a login through the account
// API as the Community Solid Server 7 has it: each POST is answered with 200 and the `location` to go on with.

import assert from 'node:assert/strict'

import type { Controls, Registered } from './account-script.ts'

const maxSteps = 20

interface Cookie {
  readonly value: string
  readonly path: string
}

interface Prompt {
  readonly prompt: 'account' | 'login' | 'consent'
  readonly controls: Controls
}

export class CookieClient {
  readonly #cookies = new Map<string, Cookie>()

  async send(url: string, body?: unknown): Promise<Response> {
    const { pathname } = new URL(url)
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
    const response = await fetch(url, {
      headers: {
        accept: 'application/json',
        cookie,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      redirect: 'manual',
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const at = pair.indexOf('=')
    const attribute = (name: string): string | undefined =>
      attributes.find((text) => text.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
    const name = pair.slice(0, at)
    const expires = attribute('expires')
    if (expires !== undefined && Date.parse(expires) < Date.now()) this.#cookies.delete(name)
    else this.#cookies.set(name, { value: pair.slice(at + 1), path: attribute('path') ?? '/' })
  }

  async json(url: string, body?: unknown): Promise<Record<string, any>> {
    const response = await this.send(url, body)
    const text = await response.text()
    assert.equal(response.status, 200, `${url}: ${text.slice(0, 300)}`)
    // Any shape: scripts look into what they expect.
    return JSON.parse(text) as Record<string, any>
  }
}

export interface LoginChoices {
  readonly account: Registered
  /** Stay connected: without it there is no refresh token. */
  readonly remember?: boolean
}

/** From the authorization request to the answer at the redirect URI. `prompts` are those that were answered. */
export async function walkLogin(
  client: CookieClient,
  { from, to }: { readonly from: URL; readonly to: string },
  choices: LoginChoices,
): Promise<{ readonly answer: URL; readonly prompts: readonly string[] }> {
  const prompts: string[] = []
  let next = from.href
  for (let step = 0; step < maxSteps; step++) {
    if (next.startsWith(to)) return { answer: new URL(next), prompts }
    const response = await client.send(next)
    if (response.status >= 300 && response.status < 400) {
      next = new URL(response.headers.get('location')!, next).href
      continue
    }
    const text = await response.text()
    assert.equal(response.status, 200, `${next}: ${text.slice(0, 300)}`)
    const found = JSON.parse(text) as { controls: Controls; prompt?: Prompt['prompt'] }
    if (found.prompt === undefined) {
      // CSS leads to its index first.
      next = found.controls.oidc!.prompt
      continue
    }
    const asked = { ...found, prompt: found.prompt }
    prompts.push(asked.prompt)
    next = new URL(await answerPrompt(client, asked, choices), next).href
  }
  throw new Error(`no end after ${maxSteps} steps, at ${next}`)
}

async function answerPrompt(client: CookieClient, asked: Prompt, choices: LoginChoices): Promise<string> {
  const { account, remember = true } = choices
  const { oidc, password } = asked.controls
  if (asked.prompt === 'account') {
    const { email, password: secret } = account
    return (await client.json(password.login, { email, password: secret })).location as string
  }
  if (asked.prompt === 'login') {
    const { webIds } = await client.json(oidc!.webId)
    assert.ok((webIds as string[]).includes(account.webId))
    return (await client.json(oidc!.webId, { webId: account.webId })).location as string
  }
  const { client: app } = await client.json(oidc!.consent)
  assert.equal(typeof app, 'object')
  return (await client.json(oidc!.consent, { remember })).location as string
}
