// A plain Solid client for tests that judge the server from outside: node:http with the exact path, method and headers
// that the test wrote (fetch would resolve dot segments, drop headers and follow redirects). Answers keep every header
// line apart, so that a test can tell one joined header from several.
//
// It deliberately retries nothing, follows nothing and decodes nothing.

import assert from 'node:assert/strict'
import { Agent, request as httpRequest } from 'node:http'
import { connect, type LookupFunction } from 'node:net'
import { type Quad, Parser } from 'n3'

export type Headers = Readonly<Record<string, string | readonly string[]>>
export type Body = string | Uint8Array

/** What proves who is asking: the headers for one request. */
export type Sign = (method: string, url: string) => Promise<Record<string, string>>

export interface Link {
  readonly uri: string
  readonly rel: string
}

export class Answer {
  readonly status: number
  /** Names in lower case; one entry per header line, in order. */
  readonly lines: readonly (readonly [string, string])[]
  readonly bytes: Buffer
  readonly url: string

  constructor(url: string, status: number, rawHeaders: readonly string[], bytes: Buffer) {
    this.url = url
    this.status = status
    this.bytes = bytes
    const lines: [string, string][] = []
    for (let i = 0; i < rawHeaders.length; i += 2) lines.push([rawHeaders[i]!.toLowerCase(), rawHeaders[i + 1]!])
    this.lines = lines
  }

  /** All lines of a header, joined as RFC 9110 section 5.3 allows; undefined when there is none. */
  header(name: string): string | undefined {
    const values = this.lines.filter((line) => line[0] === name.toLowerCase()).map((line) => line[1])
    return values.length === 0 ? undefined : values.join(', ')
  }

  /** The elements of a list header, trimmed: `allow` → ['GET', 'HEAD']. */
  list(name: string): string[] {
    return (this.header(name) ?? '')
      .split(',')
      .map((element) => element.trim())
      .filter((element) => element !== '')
  }

  get text(): string {
    return this.bytes.toString('utf8')
  }

  get links(): Link[] {
    return [...(this.header('link') ?? '').matchAll(/<([^>]*)>\s*;\s*rel="?([^",;]+)"?/g)].map((match) => ({
      uri: match[1]!,
      rel: match[2]!,
    }))
  }

  link(rel: string): string | undefined {
    return this.links.find((link) => link.rel === rel)?.uri
  }

  /** The body read as Turtle (N-Triples, N-Quads and TriG work too) against the URL that was asked. */
  quads(baseIRI = this.url): Quad[] {
    return parseTurtle(this.text, baseIRI)
  }

  /** WAC-Allow as { user: [...], public: [...] }. */
  get wacAllow(): Record<string, string[]> {
    const groups: Record<string, string[]> = {}
    for (const match of (this.header('wac-allow') ?? '').matchAll(/(\w+)\s*=\s*"([^"]*)"/g)) {
      groups[match[1]!] = match[2]!.split(/\s+/).filter((mode) => mode !== '')
    }
    return groups
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })
/** Every name is this machine, `alice.localhost` included, whatever the resolver thinks. */
const lookup: LookupFunction = (_, options, found) =>
  options.all === true ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4)
const urlParts = /^http:\/\/([^/:]+|\[[^\]]+\]):(\d+)(\/.*)?$/

export interface Ask {
  readonly headers?: Headers | undefined
  readonly body?: Body | undefined
}

/** One request, exactly as written. Content-Length is set when there is a body. */
export async function send(method: string, url: string, ask: Ask = {}): Promise<Answer> {
  const parts = urlParts.exec(url)
  assert.ok(parts, `not a URL of a test server: ${url}`)
  const body = ask.body === undefined ? undefined : Buffer.from(ask.body)
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(ask.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value]
  }
  if (body !== undefined) headers['Content-Length'] = String(body.length)
  return await new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { agent, lookup, method, host: parts[1], port: Number(parts[2]), path: parts[3] ?? '/', headers },
      (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve(new Answer(url, incoming.statusCode!, incoming.rawHeaders, Buffer.concat(chunks))),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.setTimeout(20_000, () => outgoing.destroy(new Error(`${method} ${url}: no answer within 20 s`)))
    outgoing.end(body)
  })
}

/** Somebody who sends requests; `webId` is undefined for the public. */
export class Client {
  readonly webId: string | undefined
  readonly #sign: Sign | undefined

  constructor(webId?: string, sign?: Sign) {
    this.webId = webId
    this.#sign = sign
  }

  async send(method: string, url: string, ask: Ask = {}): Promise<Answer> {
    const proof = this.#sign === undefined ? {} : await this.#sign(method, url)
    return await send(method, url, { ...ask, headers: { ...proof, ...ask.headers } })
  }

  get(url: string, headers?: Headers): Promise<Answer> {
    return this.send('GET', url, { headers })
  }

  head(url: string, headers?: Headers): Promise<Answer> {
    return this.send('HEAD', url, { headers })
  }

  options(url: string, headers?: Headers): Promise<Answer> {
    return this.send('OPTIONS', url, { headers })
  }

  delete(url: string, headers?: Headers): Promise<Answer> {
    return this.send('DELETE', url, { headers })
  }

  put(url: string, type: string, body: Body, headers?: Headers): Promise<Answer> {
    return this.send('PUT', url, { body, headers: { 'Content-Type': type, ...headers } })
  }

  post(url: string, type: string, body: Body, headers?: Headers): Promise<Answer> {
    return this.send('POST', url, { body, headers: { 'Content-Type': type, ...headers } })
  }

  patch(url: string, type: string, body: Body, headers?: Headers): Promise<Answer> {
    return this.send('PATCH', url, { body, headers: { 'Content-Type': type, ...headers } })
  }

  /** Turtle, answered 2xx: for what a test needs before it begins. */
  async store(url: string, body: Body = turtle, type = 'text/turtle'): Promise<Answer> {
    return must(await this.put(url, type, body))
  }

  /** A container, made the way most clients make one. */
  async makeContainer(url: string): Promise<Answer> {
    const headers = { 'Content-Type': 'text/turtle', Link: containerLink }
    return must(await this.send('PUT', url, { headers }))
  }

  async triples(url: string): Promise<Quad[]> {
    return must(await this.get(url, { Accept: 'text/turtle' })).quads()
  }

  async members(url: string): Promise<string[]> {
    return membersOf(await this.triples(url), url)
  }
}

export const turtle = '<#it> <http://example.org/is> "here" .\n'
export const containerLink = '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'
export const n3 = 'text/n3'
export const sparql = 'application/sparql-update'

export function parseTurtle(text: string, baseIRI: string): Quad[] {
  return new Parser({ baseIRI }).parse(text)
}

/** Quads as sorted lines, for comparing without an order; blank nodes count as one name. */
export function lines(quads: readonly Quad[]): string[] {
  const term = (value: { termType: string; value: string }): string =>
    value.termType === 'BlankNode' ? '_:b' : value.value
  return quads.map((quad) => `${term(quad.subject)} ${quad.predicate.value} ${term(quad.object)}`).sort()
}

export function membersOf(quads: readonly Quad[], container: string): string[] {
  return quads
    .filter((quad) => quad.predicate.value === 'http://www.w3.org/ns/ldp#contains' && quad.subject.value === container)
    .map((quad) => quad.object.value)
    .sort()
}

/** Fails with the answer's body, which names the reason, unless the status is one of these. */
export function expectStatus(answer: Answer, ...allowed: readonly number[]): Answer {
  if (!allowed.includes(answer.status)) {
    assert.fail(`${answer.url}: got ${answer.status}, expected ${allowed.join(' or ')}: ${answer.text.slice(0, 400)}`)
  }
  return answer
}

/** A 2xx answer, or the test is not set up. */
export function must(answer: Answer): Answer {
  return expectStatus(answer, 200, 201, 202, 204, 205)
}

/** An N3 patch of these parts: `patchOf({ inserts: '<#a> <#b> <#c> .' })`. */
export function patchOf(parts: { inserts?: string; deletes?: string; where?: string }): string {
  const clauses = Object.entries(parts).map(([name, triples]) => `  solid:${name} { ${triples} }`)
  return `@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n_:patch a solid:InsertDeletePatch;\n${clauses.join(';\n')}.\n`
}

/** Bytes on a socket, and everything that comes back until the server closes it. For what node:http refuses to send. */
export async function sendRaw(baseUrl: string, bytes: Body): Promise<Answer> {
  const { hostname, port } = new URL(baseUrl)
  const received = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.setTimeout(10_000, () => socket.destroy(new Error('the server neither answered nor closed within 10 s')))
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => (chunks.length > 0 ? undefined : reject(error)))
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
  const end = received.indexOf('\r\n\r\n')
  assert.ok(end > 0, `no HTTP answer: ${received.toString('latin1').slice(0, 200)}`)
  const [statusLine, ...headerLines] = received.toString('latin1', 0, end).split('\r\n')
  const raw = headerLines.flatMap((line) => [
    line.slice(0, line.indexOf(':')),
    line.slice(line.indexOf(':') + 1).trim(),
  ])
  return new Answer(baseUrl, Number(statusLine!.split(' ')[1]), raw, received.subarray(end + 4))
}
