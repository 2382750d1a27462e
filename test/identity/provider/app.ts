// An app with a browser that has no screen: it registers, asks for logins, keeps cookies by path, exchanges codes and refreshes.
// What people would click on account pages is said to the provider directly.

import { createHash, randomBytes, randomUUID } from 'node:crypto'

import type { Member, Provider } from '../../../src/identity/provider/contract.ts'
import type { HttpRequest } from '../../../src/core/http/message.ts'
import { type Person, tokenProof } from '../../support/account-login.ts'
import { createProofKey, type Login, loginWith, type ProofKey } from '../../support/issuer.ts'

export interface AppOptions {
  /** Undefined: it registers. */
  readonly clientId?: string
  readonly redirectUri?: string
  readonly metadata?: Record<string, unknown>
  readonly cookies?: CookieJar
}

export interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token?: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope: string
}

export type CookieJar = Map<string, { readonly value: string; readonly path: string }>

export class App {
  readonly baseUrl: string
  readonly clientId: string
  readonly secret: string | undefined
  readonly redirectUri: string
  readonly cookies: CookieJar
  readonly key: ProofKey
  verifier = ''
  state = ''

  constructor(given: {
    baseUrl: string
    clientId: string
    secret: string | undefined
    redirectUri: string
    cookies: CookieJar
    key: ProofKey
  }) {
    this.baseUrl = given.baseUrl
    this.clientId = given.clientId
    this.secret = given.secret
    this.redirectUri = given.redirectUri
    this.cookies = given.cookies
    this.key = given.key
  }

  /** Where the browser is sent; redirects within the provider are followed. */
  async authorize(extra: Record<string, string | undefined> = {}): Promise<URL> {
    return await this.follow(this.authorizationUrl(extra))
  }

  authorizationUrl(extra: Record<string, string | undefined> = {}): URL {
    this.verifier = randomBytes(32).toString('base64url')
    this.state = randomUUID()
    const params = {
      client_id: this.clientId,
      redirect_uri: this.redirectUri,
      response_type: 'code',
      scope: 'openid offline_access webid',
      state: this.state,
      code_challenge: createHash('sha256').update(this.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      prompt: 'consent',
      ...extra,
    }
    const url = new URL('/.oidc/auth', this.baseUrl)
    for (const [name, value] of Object.entries(params)) if (value !== undefined) url.searchParams.set(name, value)
    return url
  }

  /** One request of the browser, with its cookies. */
  async visit(url: URL | string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url)
    const sent = [...this.cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
    const answer = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: new Headers([...new Headers(init.headers), ['cookie', sent.join('; ')]]),
    })
    for (const text of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(text) ?? []
      const [, path = '/'] = /; *path=([^;]*)/i.exec(text) ?? []
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(text) || value === '') this.cookies.delete(name)
      else this.cookies.set(name, { value, path })
    }
    return answer
  }

  async follow(start: URL | string): Promise<URL> {
    let url = new URL(start)
    while (url.href.startsWith(`${this.baseUrl}.oidc/`)) {
      const answer = await this.visit(url)
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`no redirect but ${answer.status}: ${await answer.text()}`)
      url = new URL(location, url)
    }
    return url
  }

  /** A request of this browser to an account page, as far as the provider looks at it. */
  request(): HttpRequest {
    const cookie = [...this.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ')
    return { headers: { cookie } } as HttpRequest
  }

  /** Says yes to every prompt; gives the code. */
  async letIn(provider: Provider, person: Person & Member, remember = true): Promise<string> {
    let url = await this.authorize()
    for (let prompts = 0; url.pathname.startsWith('/.account/'); prompts++) {
      if (prompts > 3) throw new Error('it asks again and again')
      const interaction = (await provider.interaction(this.request()))!
      const who = { account: person.account, session: person.session }
      const { location } = await provider.finish(
        interaction,
        interaction.prompt === 'login'
          ? { kind: 'webId', who, webId: person.webId, remember: true }
          : { kind: 'consent', who, remember },
      )
      url = await this.follow(location)
    }
    return codeOf(url)
  }

  async exchange(code: string, extra: Record<string, string> = {}, dpop?: string): Promise<Response> {
    return await this.askToken(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: this.redirectUri,
        code_verifier: this.verifier,
        ...extra,
      },
      dpop,
    )
  }

  async refresh(refreshToken: string): Promise<Response> {
    return await this.askToken({ grant_type: 'refresh_token', refresh_token: refreshToken })
  }

  async askToken(form: Record<string, string>, dpop?: string): Promise<Response> {
    const url = `${this.baseUrl}.oidc/token`
    const basic = `Basic ${Buffer.from(`${this.clientId}:${this.secret}`).toString('base64')}`
    return await fetch(url, {
      method: 'POST',
      headers: {
        dpop: dpop ?? (await tokenProof(this.key, url)),
        ...(this.secret !== undefined && { authorization: basic }),
      },
      body: new URLSearchParams({ ...(this.secret === undefined && { client_id: this.clientId }), ...form }),
    })
  }

  as(webId: string, { access_token: token }: Tokens): Login {
    return loginWith(webId, this.key, token)
  }
}

export async function registerApp(baseUrl: string, options: AppOptions = {}): Promise<App> {
  const redirectUri = options.redirectUri ?? 'https://app.example/callback'
  const common = { baseUrl, redirectUri, cookies: options.cookies ?? new Map(), key: await createProofKey() }
  if (options.clientId !== undefined) return new App({ ...common, clientId: options.clientId, secret: undefined })
  const answer = await register(baseUrl, { redirect_uris: [redirectUri], ...options.metadata })
  const { client_id: clientId, client_secret: secret } = (await answer.json()) as {
    client_id: string
    client_secret?: string
  }
  return new App({ ...common, clientId, secret })
}

export async function register(baseUrl: string, metadata: Record<string, unknown>): Promise<Response> {
  const standard = {
    client_name: 'Notes',
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access webid',
  }
  return await fetch(`${baseUrl}.oidc/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://app.example' },
    body: JSON.stringify({ ...standard, ...metadata }),
  })
}

export function codeOf(url: URL): string {
  const code = url.searchParams.get('code')
  if (code === null) throw new Error(`no code in ${url.href}`)
  return code
}
