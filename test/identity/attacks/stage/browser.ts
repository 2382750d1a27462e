// A browser as far as attacks on it go: a cookie jar, redirects that are followed on purpose, forms read from live pages, and the
// headers that tell a server which page a request comes from. Everything can be sent wrong. Keeps nothing but cookies.

import { type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { type Form, formsOf } from './forms.ts'

export interface Answer {
  readonly url: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  json<T = Record<string, unknown>>(): T
}

export interface Sending {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Without the cookies of the jar, and without keeping new ones. */
  readonly bare?: boolean
}

export interface Cookie {
  readonly value: string
  /** Lower case but for the path itself: `httponly`, `path=/`. */
  readonly attributes: readonly string[]
}

export class Browser {
  readonly jar = new Map<string, Cookie>()
  readonly base: string
  /** Where the server listens, whatever its base URL says. */
  readonly port: number

  constructor(base: string, port = Number(new URL(base).port)) {
    this.base = base
    this.port = port
  }

  async send(method: string, path: string, { headers = {}, body, bare = false }: Sending = {}): Promise<Answer> {
    const url = new URL(path, this.base)
    const cookie = bare ? '' : this.#cookies(url.pathname)
    const outgoing = request({
      host: '127.0.0.1',
      port: this.port,
      method,
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        ...(cookie !== '' && { cookie }),
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        ...headers,
      },
      agent: false,
    })
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    outgoing.on('error', reject)
    outgoing.on('response', (answer) => {
      if (!bare) this.#keep(answer.headers['set-cookie'] ?? [])
      buffer(answer).then((bytes) => {
        const text = bytes.toString()
        const json = <T>(): T => JSON.parse(text) as T
        resolve({ url: url.href, status: answer.statusCode!, headers: answer.headers, text, json })
      }, reject)
    })
    outgoing.end(body)
    return promise
  }

  /** A page as a person opens it. */
  page(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', ...headers } })
  }

  /** JSON as a page of this origin, or a script with this jar, sends it. */
  json(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const all = { accept: 'application/json', ...type, ...headers }
    return this.send(method, path, { headers: all, ...(body !== undefined && { body: JSON.stringify(body) }) })
  }

  /** The form as the page sends it; `changes` replace fields, undefined leaves one out. */
  submit(
    form: Pick<Form, 'action' | 'fields'>,
    changes: Readonly<Record<string, string | undefined>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const fields = Object.entries({ ...form.fields, ...changes }).filter(([, value]) => value !== undefined)
    return this.send('POST', form.action, {
      headers: {
        accept: 'text/html',
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(this.base).origin,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body: new URLSearchParams(fields as [string, string][]).toString(),
    })
  }

  async forms(path: string): Promise<readonly Form[]> {
    const page = await this.page(path)
    return formsOf(page.text, page.url)
  }

  /** Goes where answers send it while that is this server. */
  async follow(answer: Answer, maxHops = 10): Promise<Answer> {
    let at = answer
    for (let hop = 0; hop < maxHops; hop++) {
      const { location } = at.headers
      if (at.status < 300 || at.status >= 400 || location === undefined) return at
      const target = new URL(location, at.url)
      if (target.origin !== new URL(this.base).origin) return at
      at = await this.page(target.pathname + target.search)
    }
    throw new Error(`more than ${maxHops} redirects, the last to ${at.headers.location}`)
  }

  #cookies(path: string): string {
    return [...this.jar]
      .filter(([, { attributes }]) => {
        const scope = attributes.find((one) => one.startsWith('path='))?.slice(5) ?? '/'
        return path === scope || path.startsWith(scope.endsWith('/') ? scope : `${scope}/`)
      })
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
      const name = pair.slice(0, pair.indexOf('='))
      const value = pair.slice(pair.indexOf('=') + 1)
      const attributes = rest.map((one) => (/^path=/i.test(one) ? one.replace(/^path/i, 'path') : one.toLowerCase()))
      const expires = attributes.find((one) => one.startsWith('expires='))?.slice(8)
      const isOver = attributes.includes('max-age=0') || (expires !== undefined && Date.parse(expires) < Date.now())
      if (isOver || value === '') this.jar.delete(name)
      else this.jar.set(name, { value, attributes })
    }
  }
}
