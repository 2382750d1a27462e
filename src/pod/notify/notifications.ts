// Everything below `{pod}.notifications/` (Solid Notifications Protocol, Subscription Server; rule 22): addresses that describe
// and make channels, the channels themselves, shown and deleted by who made them and by who controls their topic, and where they
// are received from. Which path is what stands in places.ts; what is sent, and when, is the business of live/ and webhooks/.

import { XpodError } from '../../base/errors.ts'
import { problemAnswer } from '../../core/http/problem.ts'
import type { UpgradeAnswer, UpgradeRequest } from '../../core/http/websocket.ts'
import { vary } from '../answer/cors.ts'
import { withOrigin } from '../answer/headers.ts'
import type { Agent } from '../auth/agent.ts'
import type { PodRequest, PodResponse } from '../exchange.ts'
import { aclOf, type Path, subjectOf } from '../path.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import { Acceptance } from '../representation/negotiation.ts'
import { storageDescriptionPath, urlOf } from '../resource/links.ts'
import type { PodRecord } from '../store/resource.ts'
import { type Channel, type ChannelMediaType, channelMediaTypes, type ChannelType } from './channel.ts'
import type { ChannelStore } from './channels.ts'
import { type Place, placeOf } from './places.ts'
import { channelDocument, channelNode, strangerDocument, strangerNode } from './subscription/description.ts'
import { contexts, offerOf } from './subscription/offers.ts'
import { invalid, readSubscription, type SubscriptionRequest } from './subscription/request.ts'
import { subscribe, type SubscribeParts } from './subscription/subscribe.ts'

/** Who holds the open ends of channels. */
export interface Receivers {
  /** WebSocketChannel2023: opens it, or refuses it with an ordinary answer. */
  upgrade(pod: PodRecord, secret: string): UpgradeAnswer | Promise<UpgradeAnswer>
  /** StreamingHTTPChannel2023, in any method. */
  stream(request: PodRequest, secret: string): PodResponse | Promise<PodResponse>
  /** Closes what is open on a channel. */
  removed(id: string): void
}

/** Who sends for webhooks. */
export interface WebhookSenders {
  added(channel: Channel): void
  removed(id: string): void
}

export interface NotificationParts extends SubscribeParts {
  readonly channels: ChannelStore
  readonly rdf: Pick<RdfWorkers, 'parse' | 'convert'>
  readonly receivers: Receivers
  readonly webhooks: WebhookSenders
  /** IRI that webhooks are signed by. */
  readonly sender: string
}

export interface Notifications {
  /** All methods below `{pod}.notifications/`, after authentication. Throws what becomes a problem document. */
  handle(request: PodRequest, agent: Agent): PodResponse | Promise<PodResponse>
  /** For a subscription that was sent elsewhere, once its topic told which pod it is for. */
  accept(asked: SubscriptionRequest, request: PodRequest, agent: Agent): Promise<PodResponse>
  upgrade(pod: PodRecord, path: Path, request: UpgradeRequest): UpgradeAnswer | Promise<UpgradeAnswer>
}

const typeMethods = 'GET, HEAD, OPTIONS, POST'
const channelMethods = 'GET, HEAD, OPTIONS, DELETE'
const readMethods = 'GET, HEAD, OPTIONS'
/** Channels that a description lists. */
const maxListed = 500
/** Relative to nothing: IRIs in Turtle are written in full, because a subscription may have come to another address. */
const noBase = 'https://none.invalid/'

export function createNotifications(parts: NotificationParts): Notifications {
  return {
    handle(request, agent) {
      const place = placeOf(request.path)
      if (place === undefined) throw nothingThere(request)
      const answer = answerAt(parts, place, request, agent)
      const { origin } = request.headers
      return answer instanceof Promise ? answer.then((made) => withOrigin(made, origin)) : withOrigin(answer, origin)
    },
    async accept(asked, request, agent) {
      return withOrigin(await make(parts, asked, request, agent), request.headers.origin)
    },
    upgrade(pod, path) {
      const place = placeOf(path)
      if (place?.kind !== 'receive' || place.type !== 'WebSocketChannel2023') {
        return problemAnswer(new XpodError('NOT_FOUND'))
      }
      return parts.receivers.upgrade(pod, place.secret)
    },
  }
}

function nothingThere({ method }: PodRequest): XpodError {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return new XpodError('NOT_FOUND')
  return new XpodError('METHOD_NOT_ALLOWED', 'this path belongs to the server', { headers: ['Allow', readMethods] })
}

function answerAt(
  parts: NotificationParts,
  place: Place,
  request: PodRequest,
  agent: Agent,
): PodResponse | Promise<PodResponse> {
  if (place.kind === 'type') return answerType(parts, place.type, request, agent)
  if (place.kind === 'channel') return answerChannel(parts, place, request, agent)
  if (place.type === 'StreamingHTTPChannel2023') return parts.receivers.stream(request, place.secret)
  if (place.type === 'WebhookChannel2023') throw new XpodError('NOT_FOUND')
  // Whether there is such a channel is told to who opens a WebSocket.
  throw new XpodError('UPGRADE_REQUIRED', '', { headers: ['Upgrade', 'websocket'] })
}

// One type of channels

async function answerType(
  parts: NotificationParts,
  type: ChannelType,
  request: PodRequest,
  agent: Agent,
): Promise<PodResponse> {
  switch (request.method) {
    case 'OPTIONS':
      return optionsOf(request.pod, typeMethods)
    case 'GET':
    case 'HEAD':
      return describe(parts, request, {
        allow: typeMethods,
        document: await typeDocument(parts, type, request.pod, agent),
      })
    case 'POST': {
      const asked = await readSubscription(request, { rdf: parts.rdf, base: request.pod.base })
      if (asked.type !== type) throw invalid(`this is the address of ${type}`)
      return make(parts, asked, request, agent)
    }
    default:
      throw new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', typeMethods] })
  }
}

/** The offer, to somebody the channels that are theirs, and behind them to whom the pod belongs those of others. */
async function typeDocument(
  parts: NotificationParts,
  type: ChannelType,
  pod: PodRecord,
  agent: Agent,
): Promise<object> {
  const { webId } = agent
  const own = webId === undefined ? [] : await parts.channels.list({ pod: pod.id, webId, type }, undefined, maxListed)
  const described = { pod, sender: parts.sender }
  const others = await ofOthers(parts, type, pod, agent)
  const nodes = [
    ...own.map((channel) => channelNode(channel, described)),
    ...others.slice(0, maxListed - own.length).map((channel) => strangerNode(channel, pod)),
  ]
  return { '@context': [contexts[0]], ...offerOf(pod.base, type), ...(nodes.length === 0 ? {} : { channel: nodes }) }
}

async function ofOthers(
  parts: NotificationParts,
  type: ChannelType,
  pod: PodRecord,
  agent: Agent,
): Promise<readonly Channel[]> {
  const { webId } = agent
  if (webId === undefined || !(await controls(parts, { pod, topic: '/', agent }))) return []
  const others: Channel[] = []
  for (const channel of await parts.channels.list({ pod: pod.id, type }, undefined, maxListed)) {
    const { topic, subscriber } = channel
    if (subscriber.webId !== webId && (await controls(parts, { pod, topic, agent }))) others.push(channel)
  }
  return others
}

/** Who may read its ACL has Control: may say who reads it, and so who listens. */
function controls(
  { judge }: NotificationParts,
  { pod, topic, agent }: { readonly pod: PodRecord; readonly topic: Path; readonly agent: Agent },
): boolean | Promise<boolean> {
  return judge.mayRead(pod, aclOf(subjectOf(topic)), agent)
}

async function make(
  parts: NotificationParts,
  asked: SubscriptionRequest,
  request: PodRequest,
  agent: Agent,
): Promise<PodResponse> {
  const { pod, clientAddress } = request
  const mediaType = wantedType(request, asked.sentAs)
  const channel = await subscribe(parts, asked, { pod, agent, address: clientAddress })
  if (channel.type === 'WebhookChannel2023') parts.webhooks.added(channel)
  const document = channelDocument(channel, { pod, sender: parts.sender, context: asked.context })
  return represent(parts, request, { allow: typeMethods, document, mediaType })
}

// A channel

async function answerChannel(
  parts: NotificationParts,
  place: Extract<Place, { kind: 'channel' }>,
  request: PodRequest,
  agent: Agent,
): Promise<PodResponse> {
  const { pod, method } = request
  if (method === 'OPTIONS') return optionsOf(pod, channelMethods)
  if (method !== 'GET' && method !== 'HEAD' && method !== 'DELETE') {
    throw new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', channelMethods] })
  }
  const channel = await parts.channels.find(pod.id, place.id)
  if (channel?.type !== place.type) throw new XpodError('NOT_FOUND')
  const isOwn = isMaker(channel, agent)
  if (!isOwn && !(await controls(parts, { pod, topic: channel.topic, agent }))) {
    throw new XpodError(agent.webId === undefined ? 'LOGIN_REQUIRED' : 'FORBIDDEN')
  }
  if (method === 'DELETE') return remove(parts, channel)
  const document = isOwn
    ? channelDocument(channel, { pod, sender: parts.sender, context: contexts[0] })
    : strangerDocument(channel, pod)
  return describe(parts, request, { allow: channelMethods, document })
}

/** What nobody in particular made belongs to whoever knows its id, which is told to its maker and to who controls the pod. */
function isMaker({ subscriber }: Channel, { webId }: Agent): boolean {
  return subscriber.webId === undefined || subscriber.webId === webId
}

async function remove({ channels, webhooks, receivers }: NotificationParts, channel: Channel): Promise<PodResponse> {
  await channels.remove(channel.pod, channel.id)
  if (channel.type === 'WebhookChannel2023') webhooks.removed(channel.id)
  else receivers.removed(channel.id)
  return { status: 205, headers: ['Content-Length', '0', ...always], body: undefined }
}

// Answers

const always = ['Vary', vary, 'X-Content-Type-Options', 'nosniff', 'Cache-Control', 'private, no-store']

function standing(pod: PodRecord, allow: string): string[] {
  const description = urlOf(pod, storageDescriptionPath)
  return [
    'Allow',
    allow,
    ...(allow.includes('POST') ? ['Accept-Post', channelMediaTypes.join(', ')] : []),
    'Link',
    `<${description}>; rel="http://www.w3.org/ns/solid/terms#storageDescription"`,
    ...always,
  ]
}

function optionsOf(pod: PodRecord, allow: string): PodResponse {
  return { status: 204, headers: standing(pod, allow), body: undefined }
}

function describe(
  parts: NotificationParts,
  request: PodRequest,
  made: { readonly allow: string; readonly document: object },
): Promise<PodResponse> {
  return represent(parts, request, { ...made, mediaType: wantedType(request, channelMediaTypes[0]) })
}

/** Throws NOT_ACCEPTABLE. */
export function wantedType({ headers }: Pick<PodRequest, 'headers'>, first: ChannelMediaType): ChannelMediaType {
  const types = [first, ...channelMediaTypes.filter((type) => type !== first)]
  const wanted = new Acceptance(headers.accept ?? '').choose({ name: 'channel', types })
  if (wanted === undefined) throw new XpodError('NOT_ACCEPTABLE', `available: ${channelMediaTypes.join(', ')}`)
  return wanted as ChannelMediaType
}

async function represent(
  { rdf }: Pick<NotificationParts, 'rdf'>,
  { pod, method, signal }: Pick<PodRequest, 'pod' | 'method' | 'signal'>,
  { document, mediaType, allow }: { document: object; mediaType: ChannelMediaType; allow: string },
): Promise<PodResponse> {
  const json = Buffer.from(`${JSON.stringify(document)}\n`)
  const conversion = { from: 'application/ld+json', to: mediaType, base: noBase }
  const body = mediaType === 'application/ld+json' ? json : await rdf.convert(json, conversion, signal)
  const headers = ['Content-Type', mediaType, 'Content-Length', String(body.length), ...standing(pod, allow)]
  return { status: 200, headers, body: method === 'HEAD' ? undefined : body }
}
