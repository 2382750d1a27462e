// `/.notifications/…` at the root of the base URL: one address a type for all pods, for clients that do not look for the one of
// a pod (rule 22). It describes the type and takes subscriptions, whose topic says which pod they are for; the channels lie in
// that pod. Also the document of the WebID that webhooks are signed by.

import { toXpodError, XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import type { RoutingTable } from '../../core/routing/table.ts'
import { isPreflight, preflight, vary } from '../../pod/answer/cors.ts'
import { withOrigin } from '../../pod/answer/headers.ts'
import { problemResponse } from '../../pod/answer/problem.ts'
import { type Agent, anonymous, type Authenticator } from '../../pod/auth/agent.ts'
import { challenge } from '../../pod/auth/challenge.ts'
import { type ChannelType, channelMediaTypes } from '../../pod/notify/channel.ts'
import { type Notifications, wantedType } from '../../pod/notify/notifications.ts'
import { placeOf } from '../../pod/notify/places.ts'
import { contexts, offerOf, offerTurtle } from '../../pod/notify/subscription/offers.ts'
import { invalid, readSubscription } from '../../pod/notify/subscription/request.ts'
import { canonicalPath, type Path } from '../../pod/path.ts'
import type { RdfWorkers } from '../../pod/rdf/workers.ts'
import { urlOf } from '../../pod/resource/links.ts'
import type { PodRecord } from '../../pod/store/resource.ts'
import { canonicalUrl } from '../../pod/url.ts'

export interface AtRootParts {
  readonly baseUrl: string
  readonly routes: RoutingTable<PodRecord>
  readonly authenticator: Authenticator
  readonly notifications: Pick<Notifications, 'accept'>
  readonly rdf: Pick<RdfWorkers, 'parse'>
  /** WebID that webhooks are signed by; its document lies here. */
  readonly sender: string
  readonly log: Log
}

const typeMethods = 'GET, HEAD, OPTIONS, POST'
const readMethods = 'GET, HEAD, OPTIONS'
const oidcIssuer = 'http://www.w3.org/ns/solid/terms#oidcIssuer'

/** Never throws; `path` is canonical and lies below `/.notifications/`. */
export async function answerAtRoot(parts: AtRootParts, request: HttpRequest, path: Path): Promise<HttpAnswer> {
  try {
    if (isPreflight(request.headers)) return preflight(request.headers)
    return withOrigin(await answer(parts, request, path), request.headers.origin)
  } catch (cause) {
    const error = toXpodError(cause)
    if (error.code === 'INTERNAL') parts.log.error('request.failed', { method: request.method, path, error: cause })
    const logins = error.status === 401 ? challenge(error.code).flatMap((value) => ['WWW-Authenticate', value]) : []
    return problemResponse(error, request, logins)
  }
}

function answer(parts: AtRootParts, request: HttpRequest, path: Path): HttpAnswer | Promise<HttpAnswer> {
  if (path === new URL(parts.sender).pathname) return show(request, readMethods, senderTexts(parts))
  const place = placeOf(path)
  if (place?.kind !== 'type') throw new XpodError('NOT_FOUND')
  if (request.method === 'POST') return subscribe(parts, request, path, place.type)
  const offer = offerOf(parts.baseUrl, place.type)
  const json = JSON.stringify({ '@context': [contexts[0]], ...offer })
  return show(request, typeMethods, { 'application/ld+json': json, 'text/turtle': offerTurtle(offer) })
}

type Texts = Readonly<Record<(typeof channelMediaTypes)[number], string>>

function senderTexts({ sender, baseUrl }: AtRootParts): Texts {
  const document = { '@id': sender, [oidcIssuer]: { '@id': baseUrl } }
  return { 'application/ld+json': JSON.stringify(document), 'text/turtle': `<${sender}> <${oidcIssuer}> <${baseUrl}>.` }
}

function show(request: HttpRequest, allow: string, texts: Texts): HttpAnswer {
  const { method, headers } = request
  const common = ['Allow', allow, 'Vary', vary, 'X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-cache']
  if (allow.includes('POST')) common.push('Accept-Post', channelMediaTypes.join(', '))
  if (method === 'OPTIONS') return { status: 204, headers: common, body: undefined }
  if (method !== 'GET' && method !== 'HEAD')
    throw new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', allow] })
  const mediaType = wantedType({ headers }, channelMediaTypes[0])
  const body = Buffer.from(`${texts[mediaType]}\n`)
  const own = ['Content-Type', mediaType, 'Content-Length', String(body.length)]
  return { status: 200, headers: [...own, ...common], body: method === 'HEAD' ? undefined : body }
}

async function subscribe(parts: AtRootParts, request: HttpRequest, path: Path, type: ChannelType): Promise<HttpAnswer> {
  const { baseUrl, rdf, routes, notifications } = parts
  const agent = await identify(parts, request, path)
  const asked = await readSubscription(request, { rdf, base: baseUrl })
  if (asked.type !== type) throw invalid(`this is the address of ${type}`)
  const topic = canonicalUrl(asked.topic)
  if (topic !== undefined && !topic.bare) throw invalid('the topic has a query or a fragment')
  const found = topic && findPod(routes, topic.url)
  if (found === undefined) throw invalid('the topic is in no pod of this server')
  const { method, headers, signal, remoteAddress } = request
  const about = {
    method,
    headers,
    signal,
    path,
    pod: found.pod,
    body: undefined,
    clientAddress: remoteAddress,
    continue: () => {},
  }
  return notifications.accept({ ...asked, topic: urlOf(found.pod, found.path) }, about, agent)
}

function identify(
  { authenticator, baseUrl }: AtRootParts,
  { method, headers }: HttpRequest,
  path: Path,
): Agent | Promise<Agent> {
  const { authorization, dpop, origin } = headers
  if (authorization === undefined) return origin === undefined ? anonymous : { origin }
  return authenticator.authenticate({
    method,
    url: baseUrl + path.slice(1),
    authorization,
    dpop: dpop as string,
    origin,
  })
}

/** Also by a former base of the pod and by other loopback names. */
function findPod(
  routes: RoutingTable<PodRecord>,
  url: string,
  mayFollow = true,
): { readonly pod: PodRecord; readonly path: Path } | undefined {
  const { host, origin } = new URL(url)
  const found = routes.find(host, url.slice(origin.length))
  if (found === undefined || 'origin' in found) return undefined
  if ('pod' in found) return { pod: found.pod, path: canonicalPath(found.rawPath) }
  return mayFollow ? findPod(routes, found.redirect, false) : undefined
}
