// The OpenID provider (solid.md section 1.14) at /.oidc/* and the discovery documents. Discovery, keys, client credentials and
// logging out are answered here; what people do in a browser and what apps do with codes goes to the library, which is
// loaded when somebody first needs it. Everything lies in SQL, so any process goes on where another stopped.

import { collect, KiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import { callNodeApplication, type NodeApplication } from '../../core/http/node-application.ts'
import { problemAnswer } from '../../core/http/problem.ts'
import type { Database } from '../../core/db/database.ts'
import type { DocumentReaders } from '../../pod/access/remote-document.ts'
import { isObject } from '../../pod/auth/jws.ts'
import type { Accounts } from '../account/accounts.ts'
import type { Revocations } from '../account/revocations.ts'
import type { Sealer } from '../sealing.ts'
import type { Throttle } from '../throttle.ts'
import { anyOriginPreflight, forAnyOrigin, jsonAnswer, oauthError } from './answers.ts'
import { createApps } from './apps.ts'
import { createClientCredentials } from './client-credentials.ts'
import { createClientDocuments } from './client-document.ts'
import { createFindClient } from './clients.ts'
import type { Provider } from './contract.ts'
import { cookieNames } from './cookies.ts'
import { discoveryDocument, paths } from './discovery.ts'
import { createEndSession } from './end-session.ts'
import { createInteractions, offlineParameter } from './interactions.ts'
import { plainPages, type ProviderPages } from './pages.ts'
import { createRecords } from './records.ts'
import type { LoadedParts } from './library/settings.ts'
import { openSigningKeys, type SigningKey } from './signing-keys.ts'
import { createWebhookSigner } from './webhooks/signer.ts'

export interface ProviderOptions extends DocumentReaders {
  /** The base URL: the issuer, byte for byte. */
  readonly issuer: string
  readonly db: Database
  readonly accounts: Accounts
  /** Whether its document is in a pod that is deleted: no login and no script gets a token for it. */
  readonly isWithdrawnWebId: (webId: string) => boolean
  readonly revocations: Revocations
  readonly sealer: Sealer
  readonly throttle: Throttle
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Asked for when one is to be shown; plain ones without. */
  readonly pages?: () => Promise<ProviderPages>
}

const maxFormBytes = 56 * KiB
const maxRegistrationBytes = 16 * KiB
/** Of anything a client may keep for a while: keys are published a day before they sign. */
const publicMaxAge = ['Cache-Control', 'public, max-age=300']

/** Throws SECRET_MISMATCH. */
export async function createProvider(options: ProviderOptions): Promise<Provider> {
  const { issuer, accounts, revocations, clock, random, pages = async () => plainPages } = options
  const records = createRecords(options)
  const keys = await openSigningKeys(options)
  const documents = createClientDocuments(options)
  const findClient = createFindClient({ records, documents })
  const cookies = cookieNames(issuer)
  const interactions = createInteractions({ issuer, records, findClient, accounts, cookies, clock, random })
  const tokenUrl = new URL(paths.token, issuer).href
  const endpoints: Endpoints = {
    options: { ...options, pages },
    discovery: discoveryDocument(issuer),
    keys: () => keys.current().map((key) => key.jwk),
    credentials: createClientCredentials({ ...options, tokenUrl, records, keys }),
    endSession: createEndSession({ issuer, accounts, records, findClient, keys, cookies, pages }),
    library: lazyLibrary({ ...options, records, documents, keys, cookies }),
  }
  return {
    handle: async (request) => withSafety(await route(endpoints, request).catch(refusal)),
    interaction: (request) => interactions.find(request),
    finish: (interaction, result) => interactions.finish(interaction, result),
    issuers: {
      isLocal: (one) => one === issuer,
      find: async (_, { kid }) => [...(await keys.find(kid))],
      isRevoked: (grantId) => revocations.isRevoked(grantId),
      isWithdrawnWebId: (webId) => options.isWithdrawnWebId(webId),
    },
    webhookSigner: createWebhookSigner({ issuer, keys, clock, random }),
    ...createApps(records),
    rotateKeys: () => keys.rotate(),
    [Symbol.asyncDispose]: () => keys[Symbol.asyncDispose](),
  }
}

interface Endpoints {
  readonly options: ProviderOptions & { readonly pages: () => Promise<ProviderPages> }
  readonly discovery: Readonly<Record<string, unknown>>
  readonly keys: () => readonly unknown[]
  readonly credentials: ReturnType<typeof createClientCredentials>
  readonly endSession: ReturnType<typeof createEndSession>
  readonly library: () => Promise<NodeApplication>
}

/** One for the keys of the moment: rotated keys get another. */
function lazyLibrary(parts: LoadedParts): Endpoints['library'] {
  let made: { readonly application: NodeApplication; readonly keys: readonly SigningKey[] } | undefined
  return async () => {
    const { createLibrary } = await import('./library/application.ts')
    const keys = parts.keys.current()
    if (made?.keys !== keys) made = { application: createLibrary(parts), keys }
    return made.application
  }
}

async function route(endpoints: Endpoints, request: HttpRequest): Promise<HttpAnswer> {
  const { pathname, searchParams } = new URL(request.target, endpoints.options.issuer)
  switch (pathname) {
    case '/.well-known/openid-configuration':
    case '/.well-known/oauth-authorization-server':
      return openTo(request, 'GET, HEAD', async () => jsonAnswer(endpoints.discovery, 200, publicMaxAge))
    case paths.keys:
      return openTo(request, 'GET, HEAD', async () => jsonAnswer({ keys: endpoints.keys() }, 200, publicMaxAge))
    case paths.token:
      return openTo(request, 'POST', () => token(endpoints, request))
    case paths.revocation:
      return openTo(request, 'POST', async () =>
        call(endpoints, request, { body: await readBody(request, maxFormBytes) }),
      )
    case paths.registration:
      return openTo(request, 'POST', () => register(endpoints, request))
    case paths.endSession:
      return asPage(endpoints, request, 'GET, HEAD, POST', async () => {
        const isForm = request.method === 'POST'
        return endpoints.endSession(request, isForm ? await readForm(request) : searchParams)
      })
    case paths.authorization:
      return asPage(endpoints, request, 'GET, HEAD', () => {
        return call(endpoints, request, { target: `${pathname}?${authorizationQuery(searchParams)}` })
      })
    default:
      if (!/^\/\.oidc\/auth\/[A-Za-z0-9_-]+$/.test(pathname)) throw new XpodError('NOT_FOUND')
      return asPage(endpoints, request, 'GET, HEAD', () => call(endpoints, request, {}))
  }
}

/** An endpoint that apps call from any page: OAuth errors as JSON, no credentials. */
async function openTo(request: HttpRequest, methods: string, run: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  if (request.method === 'OPTIONS') return anyOriginPreflight(request, `${methods}, OPTIONS`)
  try {
    if (!methods.includes(request.method))
      throw new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', methods] })
    const answer = patient(await run())
    return forAnyOrigin(request.method === 'HEAD' ? { ...answer, body: undefined } : answer)
  } catch (error) {
    if (!(error instanceof XpodError)) throw error
    const code = error.status === 429 || error.status === 503 ? 'temporarily_unavailable' : 'invalid_request'
    const { message: detail, status, headers } = error
    return forAnyOrigin(patient(oauthError(request, { error: code, detail, status, headers })))
  }
}

/** An endpoint that people come to: what goes wrong is a page, and no other origin reads it. */
async function asPage(
  { options: { pages } }: Endpoints,
  request: HttpRequest,
  methods: string,
  run: () => Promise<HttpAnswer>,
): Promise<HttpAnswer> {
  try {
    if (!methods.includes(request.method))
      throw new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', methods] })
    const answer = await run()
    return answer.status >= 400 ? patient((await pages()).problem(problemOf(answer), request)) : answer
  } catch (error) {
    if (!(error instanceof XpodError)) throw error
    const { status, code, message: detail } = error
    const page = (await pages()).problem({ status, code, detail }, request)
    return patient({ ...page, headers: [...page.headers, ...error.headers] })
  }
}

/** Whoever is told that it may pass is told when to come back. */
function patient(answer: HttpAnswer): HttpAnswer {
  if (answer.status !== 503 || answer.headers.includes('Retry-After')) return answer
  return { ...answer, headers: [...answer.headers, 'Retry-After', '1'] }
}

function problemOf({ status, body }: HttpAnswer): { status: number; code: string; detail: string } {
  const content: unknown =
    body instanceof Uint8Array && body[0] === 0x7b ? JSON.parse(Buffer.from(body).toString()) : {}
  const { error, error_description: detail } = isObject(content) ? content : {}
  return {
    status,
    code: typeof error === 'string' ? error : 'server_error',
    detail: typeof detail === 'string' ? detail : '',
  }
}

async function token(endpoints: Endpoints, request: HttpRequest): Promise<HttpAnswer> {
  const form = await readForm(request)
  if (form.get('grant_type') === 'client_credentials') return await endpoints.credentials(request, form)
  // Pods refuse tokens that are bound to no key, so none is made.
  if (!request.headers.dpop) {
    return oauthError(request, { error: 'invalid_dpop_proof', detail: 'there is no DPoP header' })
  }
  form.delete('resource')
  return await call(endpoints, request, { body: Buffer.from(form.toString()) })
}

async function register(endpoints: Endpoints, request: HttpRequest): Promise<HttpAnswer> {
  const body = await readBody(request, maxRegistrationBytes)
  endpoints.options.throttle.take('client', request.remoteAddress)
  return await call(endpoints, request, { body })
}

/** There is one resource, ours. The wish to stay connected goes its own way (see offlineParameter). */
function authorizationQuery(params: URLSearchParams): string {
  const query = new URLSearchParams(params)
  query.delete('resource')
  query.delete(offlineParameter)
  const scopes = params.get('scope')?.split(' ') ?? []
  if (scopes.includes('offline_access') && params.getAll('scope').length === 1) {
    query.set('scope', scopes.filter((scope) => scope !== 'offline_access').join(' '))
    query.set(offlineParameter, 'yes')
  }
  return query.toString()
}

async function call(
  { options, library }: Endpoints,
  request: HttpRequest,
  { target = request.target, body = new Uint8Array() }: { readonly target?: string; readonly body?: Uint8Array },
): Promise<HttpAnswer> {
  return await callNodeApplication(await library(), { request, target, origin: options.issuer, body })
}

function readForm(request: HttpRequest): Promise<URLSearchParams> {
  return readBody(request, maxFormBytes).then((body) => new URLSearchParams(body.toString()))
}

async function readBody({ body }: HttpRequest, maxBytes: number): Promise<Buffer> {
  return body === undefined ? Buffer.alloc(0) : await collect(body, maxBytes)
}

function refusal(error: unknown): HttpAnswer {
  if (error instanceof XpodError) return problemAnswer(error)
  throw error
}

/** Nothing here is framed or taken for another type. */
function withSafety(answer: HttpAnswer): HttpAnswer {
  return {
    ...answer,
    headers: [...answer.headers, 'X-Content-Type-Options', 'nosniff', 'Referrer-Policy', 'no-referrer'],
  }
}
