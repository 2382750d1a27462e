// The account pages and API on a real database, asked as browsers and programs ask: requests as values, so that a test says
// exactly which headers are sent. The provider is a stand-in that holds one app's login; pods are names in a map.

import { createHash } from 'node:crypto'

import { systemRandom } from '../../../src/base/random.ts'
import { silentLog } from '../../../src/base/log.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { HttpAnswer, HttpRequest } from '../../../src/core/http/message.ts'
import type { Mail } from '../../../src/identity/mail/mail.ts'
import { createPasskeys } from '../../../src/identity/passkey/passkeys.ts'
import type { ConnectedApp, Interaction, InteractionResult, Provider } from '../../../src/identity/provider/contract.ts'
import { openSealer } from '../../../src/identity/sealing.ts'
import { createThrottle } from '../../../src/identity/throttle.ts'
import type { IdentityParts, PodState } from '../../../src/identity/use/parts.ts'
import { createIdentityRoutes } from '../../../src/identity/web/router.ts'
import { openRdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import type { StoredDocument } from '../../../src/pod/access/modes.ts'
import { openWorld, type World } from '../account/world.ts'

export interface Site extends AsyncDisposable {
  readonly world: World
  readonly parts: IdentityParts
  readonly baseUrl: string
  readonly pods: Map<string, PodState>
  /** What letters were asked for, in order. */
  readonly letters: string[]
  /** What the provider was told, in order. */
  readonly finished: InteractionResult[]
  readonly apps: ConnectedApp[]
  /** Documents that WebIDs lie in, by URL. */
  readonly documents: Map<string, string>
  /** Those whose pods are deleted. */
  readonly withdrawnWebIds: Set<string>
  /** The app that waits; undefined for none. */
  interaction: Interaction | undefined
  ask(wish: Wish): Promise<Answer>
  browser(options?: { readonly address?: string }): Browser
  program(): Program
}

export interface Wish {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly address?: string
}

export interface Answer {
  readonly status: number
  header(name: string): string | undefined
  readonly cookies: readonly string[]
  readonly text: string
  // Any shape: tests look into what they expect
  readonly json: any
}

export interface SiteOptions extends Partial<Pick<IdentityParts, 'registration' | 'maxPods' | 'baseUrl'>> {
  readonly hasMail?: boolean
  readonly hasPasskeys?: boolean
  readonly perAddressHour?: number
}

export async function openSite(options: SiteOptions = {}): Promise<Site> {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await openWorld())
  const rdf = stack.use(openRdfWorkers({ log: silentLog, metrics: createMetrics() }))
  const { db, clock, accounts } = world
  const baseUrl = options.baseUrl ?? 'http://localhost:3000/'
  const sealer = await openSealer(`${world.dir}/secret.key`, { db, clock, random: systemRandom })
  const state = { letters: [] as string[], finished: [] as InteractionResult[], apps: [] as ConnectedApp[] }
  const documents = new Map<string, string>()
  const pods = new Map<string, PodState>()
  const withdrawnWebIds = new Set<string>()
  const held: { interaction: Interaction | undefined } = { interaction: undefined }
  const parts: IdentityParts = {
    baseUrl,
    podAddress: 'path',
    registration: options.registration ?? 'open',
    maxPods: options.maxPods ?? 3,
    accounts,
    isWithdrawnWebId: (webId) => withdrawnWebIds.has(webId),
    throttle: createThrottle({ clock, perAddressHour: options.perAddressHour }),
    mail: options.hasMail === false ? undefined : mailTo(state.letters),
    passkeys: options.hasPasskeys ? createPasskeys({ accounts, db, sealer, baseUrl, clock }) : undefined,
    provider: providerOf(held, state, baseUrl),
    sealer,
    pods: podsOf(pods, baseUrl),
    readers: {
      door: { fetch: () => Promise.reject(new XpodError('FETCH_REFUSED')) },
      local: (url) => documentOf(documents.get(url.replace(/#.*/, ''))),
    },
    rdf,
    clock,
    random: systemRandom,
    log: silentLog,
  }
  const routes = createIdentityRoutes(parts)
  const ask = async (wish: Wish): Promise<Answer> => {
    const path = wish.path.split('?')[0]!
    const answer = await routes.handle(requestOf(wish, baseUrl), path)
    return readAnswer(answer ?? { status: 0, headers: [], body: undefined })
  }
  const owned = stack.move()
  return {
    world,
    parts,
    baseUrl,
    pods,
    documents,
    withdrawnWebIds,
    ...state,
    get interaction() {
      return held.interaction
    },
    set interaction(interaction) {
      held.interaction = interaction
    },
    ask,
    browser: ({ address } = {}) => new Browser(ask, baseUrl, address),
    program: () => new Program(ask, baseUrl),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function requestOf({ method = 'GET', path, headers = {}, body, address }: Wish, baseUrl: string): HttpRequest {
  const bytes = body === undefined ? undefined : Buffer.from(body)
  return {
    method,
    target: path,
    headers: { host: new URL(baseUrl).host, ...headers },
    body: bytes && once(bytes),
    signal: new AbortController().signal,
    remoteAddress: address ?? '203.0.113.1',
    continue: () => undefined,
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function readAnswer({ status, headers, body }: HttpAnswer): Answer {
  const text = body instanceof Uint8Array ? Buffer.from(body).toString() : ''
  const valuesOf = (name: string): string[] =>
    headers.filter((_, index) => index % 2 === 1 && headers[index - 1]!.toLowerCase() === name)
  const isJson = valuesOf('content-type')[0] === 'application/json'
  return {
    status,
    header: (name) => valuesOf(name)[0],
    cookies: valuesOf('set-cookie'),
    text,
    json: isJson ? JSON.parse(text) : undefined,
  }
}

function mailTo(letters: string[]): Mail {
  return {
    resetLink: (login) => void letters.push(`reset ${login}`),
    passwordChanged: () => void letters.push('passwordChanged'),
    emailChanged: (_account, old) => void letters.push(`emailChanged ${old}`),
    passkeyAdded: () => void letters.push('passkeyAdded'),
  }
}

function documentOf(turtle: string | undefined): StoredDocument | null {
  return turtle === undefined ? null : { bytes: Buffer.from(turtle), mediaType: 'text/turtle', version: '1' }
}

function providerOf(
  held: { readonly interaction: Interaction | undefined },
  { finished, apps }: { readonly finished: InteractionResult[]; readonly apps: ConnectedApp[] },
  baseUrl: string,
): Pick<Provider, 'interaction' | 'finish' | 'apps' | 'revokeApp' | 'revokeWebId'> {
  return {
    interaction: async (request) => (request.headers.cookie?.includes('xpod-login=1') ? held.interaction : undefined),
    async finish(_interaction, result) {
      finished.push(result)
      return { location: `${baseUrl}.oidc/auth/uid` }
    },
    apps: async () => apps,
    async revokeApp(_account, clientId) {
      const at = apps.findIndex(({ client }) => client.id === clientId)
      if (at >= 0) apps.splice(at, 1)
      return at >= 0
    },
    revokeWebId: async () => undefined,
  }
}

function podsOf(pods: Map<string, PodState>, baseUrl: string): IdentityParts['pods'] {
  const find = (pod: string): PodState | undefined =>
    pods.get(pod) ?? [...pods.values()].find(({ name }) => name === pod)
  return {
    async create({ id = 'drawn', name, webId }) {
      if (find(name) !== undefined) throw new XpodError('POD_EXISTS', name)
      const base = `${baseUrl}${name}/`
      const owners = [webId ?? `${base}profile/card#me`]
      const counts = { bytes: 100, resources: 3, quotaBytes: 1e9, created: new Date(0).toISOString() }
      const pod = { id, name, base, owners, shownOwners: [], ...counts }
      pods.set(id, pod)
      return pod
    },
    async show(pod) {
      const found = find(pod)
      if (found === undefined) throw new XpodError('POD_UNKNOWN')
      return found
    },
    async setOwners(podId, owners) {
      pods.set(podId, { ...pods.get(podId)!, ...owners })
    },
  }
}

/** A login that an app waits for. */
export function interactionOf(wish: Partial<Interaction> = {}): Interaction {
  return {
    uid: 'uid',
    prompt: 'login',
    client: {
      id: 'https://app.example/id',
      name: 'An app',
      logoUri: undefined,
      uri: 'https://app.example/',
      redirectOrigin: 'https://app.example',
      isDocument: true,
    },
    scopes: ['openid', 'webid', 'offline_access'],
    webId: undefined,
    chosenBy: undefined,
    mustLogIn: false,
    startedMs: 0,
    ...wish,
  }
}

/** Keeps cookies, sends what browsers send, and takes the form token from the page it has seen. */
export class Browser {
  readonly #ask: Site['ask']
  readonly #baseUrl: string
  readonly #address: string | undefined
  readonly jar = new Map<string, string>()

  constructor(ask: Site['ask'], baseUrl: string, address: string | undefined) {
    this.#ask = ask
    this.#baseUrl = baseUrl
    this.#address = address
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#send({ path, headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', ...headers } })
  }

  /** Loads the page, fills its form and sends it; `to` when the form goes elsewhere. */
  async submit(page: string, fields: Readonly<Record<string, string>>, to = page): Promise<Answer> {
    const shown = await this.get(page)
    return this.post(to.split('?')[0]!, { csrf: tokenIn(shown.text), ...fields })
  }

  async post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.#send({
      method: 'POST',
      path,
      headers: {
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'content-type': 'application/x-www-form-urlencoded',
        origin: this.#baseUrl.slice(0, -1),
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body: new URLSearchParams(fields).toString(),
    })
  }

  async #send(wish: Wish): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...wish.headers, ...(cookie === '' ? {} : { cookie }) }
    const answer = await this.#ask({
      ...wish,
      headers,
      ...(this.#address === undefined ? {} : { address: this.#address }),
    })
    for (const set of answer.cookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!
      if (value === '') this.jar.delete(name!)
      else this.jar.set(name!, value!)
    }
    return answer
  }
}

export function tokenIn(html: string): string {
  return /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
}

/** A script: follows controls, sends JSON, carries its token in Authorization. */
export class Program {
  readonly #ask: Site['ask']
  readonly #baseUrl: string
  token: string | undefined

  constructor(ask: Site['ask'], baseUrl: string) {
    this.#ask = ask
    this.#baseUrl = baseUrl
  }

  async send(
    method: string,
    url: string,
    json?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const path = url.startsWith(this.#baseUrl) ? url.slice(this.#baseUrl.length - 1) : url
    const authorization = this.token === undefined ? {} : { authorization: `CSS-Account-Token ${this.token}` }
    const type = json === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { accept: '*/*', ...authorization, ...type, ...more }
    return this.#ask({ method, path, headers, ...(json === undefined ? {} : { body: JSON.stringify(json) }) })
  }

  get = (url: string): Promise<Answer> => this.send('GET', url)
  post = (url: string, json?: unknown): Promise<Answer> => this.send('POST', url, json)
  delete = (url: string, json?: unknown): Promise<Answer> => this.send('DELETE', url, json)

  // Any shape, as above
  async controls(): Promise<any> {
    return (await this.get('/.account/')).json.controls
  }

  /** An account with a password, as scripts for Community Solid Server make it. */
  async signUp(email = 'alice@example.org', password = 'secret!'): Promise<void> {
    const { account } = await this.controls()
    this.token = (await this.post(account.create)).json.authorization
    await this.post((await this.controls()).password.create, { email, password })
  }
}

/** For texts that must not differ: what remains when what may differ is taken out. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
