// A subscription as somebody sends it (Solid Notifications Protocol, Subscription Request): JSON-LD or Turtle, read as triples, so
// short and full names, either context and any shape of the JSON mean the same. Exactly one thing has a topic; statements that
// are not of this protocol are passed over. Contexts come from the bundled copies, nothing is fetched.

import { KiB } from '../../../base/bytes.ts'
import { XpodError } from '../../../base/errors.ts'
import type { PodRequest } from '../../exchange.ts'
import type { ParsedRdf, Quad } from '../../rdf/graph.ts'
import { rdfTypeOf } from '../../rdf/media-types.ts'
import { rdf as rdfTerms } from '../../rdf/namespaces.ts'
import type { RdfWorkers } from '../../rdf/workers.ts'
import { Acceptance } from '../../representation/negotiation.ts'
import { neededMediaType, readBody, refuseEncoded } from '../../write/intake.ts'
import { type ChannelMediaType, channelMediaTypes, type ChannelType, channelTypes } from '../channel.ts'
import { contexts, type NotificationContext, notifyNamespace } from './offers.ts'
import { parseDateTime, parseDuration } from './times.ts'

export interface SubscriptionRequest {
  readonly type: ChannelType
  /** Absolute, as sent or resolved against the base. */
  readonly topic: string
  readonly sendTo: string | undefined
  readonly startMs: number | undefined
  readonly endMs: number | undefined
  readonly rateMs: number
  readonly mediaType: ChannelMediaType
  readonly state: string | undefined
  /** Of the body: the answer is of the same unless another is asked for, and names the same context. */
  readonly sentAs: ChannelMediaType
  readonly context: NotificationContext
}

/** The part of a request that is read. */
export type Sent = Pick<PodRequest, 'headers' | 'body' | 'signal'>

/** Anybody may send one, and JSON-LD of this size is read in some 10 ms. */
const maxSubscriptionBytes = 8 * KiB
const maxIriLength = 2048
const maxStateLength = 256
const maxAcceptLength = 256

/** Forms of JSON-LD are all understood; a profile beyond those promises something that is not known here. */
const knownProfiles: readonly string[] = [
  ...contexts,
  ...['expanded', 'compacted', 'flattened', 'context'].map((form) => `http://www.w3.org/ns/json-ld#${form}`),
]

/**
 * `base` is what a relative topic is relative to. Throws CONTENT_TYPE_MISSING, MEDIA_TYPE_UNSUPPORTED (also for a profile),
 * BODY_TOO_LARGE, SUBSCRIPTION_INVALID.
 */
export async function readSubscription(
  sent: Sent,
  { rdf, base }: { readonly rdf: Pick<RdfWorkers, 'parse'>; readonly base: string },
): Promise<SubscriptionRequest> {
  const sentAs = sentTypeOf(sent)
  const bytes = await readBody(sent, maxSubscriptionBytes)
  const { quads } = await parse(rdf, bytes, { mediaType: sentAs, base, signal: sent.signal })
  const about = statementsOf(quads)
  return {
    type: typeOf(about),
    topic: topicOf(about),
    sendTo: iriOf(about, 'sendTo'),
    startMs: timeOf(about, 'startAt'),
    endMs: timeOf(about, 'endAt'),
    rateMs: rateOf(about),
    mediaType: acceptedOf(about),
    state: textOf(about, 'state', maxStateLength),
    sentAs,
    context: sentAs === 'application/ld+json' ? contextOf(bytes) : contexts[0],
  }
}

function sentTypeOf({ headers }: Sent): ChannelMediaType {
  refuseEncoded(headers)
  const mediaType = neededMediaType(headers)
  const type = channelMediaTypes.find((one) => one === rdfTypeOf(mediaType))
  if (type === undefined) throw unsupported('send application/ld+json or text/turtle')
  const profile = /;\s*profile\s*=\s*(?:"([^"]*)"|([^\s;]*))/i.exec(mediaType)
  const profiles = (profile?.[1] ?? profile?.[2] ?? '').split(/\s+/).filter((one) => one !== '')
  if (!profiles.every((one) => knownProfiles.includes(one))) throw unsupported('this profile is not known here')
  return type
}

function unsupported(detail: string): XpodError {
  return new XpodError('MEDIA_TYPE_UNSUPPORTED', detail, { headers: ['Accept-Post', channelMediaTypes.join(', ')] })
}

/** What cannot be read as RDF, for whatever reason of its own, is a subscription that is not valid. */
async function parse(
  rdf: Pick<RdfWorkers, 'parse'>,
  bytes: Uint8Array,
  { mediaType, base, signal }: { mediaType: string; base: string; signal: AbortSignal },
): Promise<ParsedRdf> {
  try {
    return await rdf.parse(bytes, { mediaType, base }, signal)
  } catch (error) {
    const isTheirs = error instanceof XpodError && (error.code === 'BODY_INVALID' || error.code === 'NOT_ACCEPTABLE')
    throw isTheirs ? invalid(error.detail) : error
  }
}

export function invalid(detail: string): XpodError {
  return new XpodError('SUBSCRIPTION_INVALID', detail)
}

/** All statements about the one thing that has a topic. */
function statementsOf(quads: readonly Quad[]): readonly Quad[] {
  const topics = quads.filter((one) => one.predicate.value === `${notifyNamespace}topic`)
  if (topics.length === 0) {
    throw invalid(`there is no topic that is a URL; name one, with the JSON-LD context ${contexts[0]}`)
  }
  const [{ subject }] = topics as [Quad]
  if (topics.some((one) => !one.subject.equals(subject))) throw invalid('there are two subscriptions in it')
  return quads.filter((one) => one.subject.equals(subject))
}

function valueOf(about: readonly Quad[], name: string): Quad['object'] | undefined {
  const found = about.filter((one) => one.predicate.value === notifyNamespace + name)
  if (found.length > 1) throw invalid(`there is more than one ${name}`)
  return found[0]?.object
}

function typeOf(about: readonly Quad[]): ChannelType {
  const named = about.filter((one) => one.predicate.value === rdfTerms.type).map((one) => one.object.value)
  const types = channelTypes.filter((type) => named.includes(notifyNamespace + type))
  if (types.length === 1 && named.length === 1) return types[0]!
  if (named.length > 1) throw invalid('there is more than one type')
  throw invalid(`the type is one of ${channelTypes.map((type) => notifyNamespace + type).join(', ')}`)
}

function topicOf(about: readonly Quad[]): string {
  return iriOf(about, 'topic')!
}

function iriOf(about: readonly Quad[], name: 'topic' | 'sendTo'): string | undefined {
  const term = valueOf(about, name)
  if (term === undefined) return undefined
  // A sendTo as a text is what scripts without the context send; it is judged like any other.
  const isIri = term.termType === 'NamedNode' || (name === 'sendTo' && term.termType === 'Literal')
  if (!isIri) throw invalid(`${name} is a URL, not a text`)
  if (term.value.length > maxIriLength) throw invalid(`${name} is too long`)
  return term.value
}

function textOf(about: readonly Quad[], name: string, maxLength: number): string | undefined {
  const term = valueOf(about, name)
  if (term === undefined) return undefined
  if (term.termType !== 'Literal') throw invalid(`${name} is a text`)
  if (term.value.length > maxLength) throw invalid(`${name} is too long`)
  return term.value
}

function timeOf(about: readonly Quad[], name: 'startAt' | 'endAt'): number | undefined {
  const text = textOf(about, name, maxStateLength)
  if (text === undefined) return undefined
  const ms = parseDateTime(text)
  if (ms === undefined) throw invalid(`${name} is an xsd:dateTime, such as 2030-01-31T12:00:00Z`)
  return ms
}

function rateOf(about: readonly Quad[]): number {
  const text = textOf(about, 'rate', maxStateLength)
  if (text === undefined) return 0
  const ms = parseDuration(text)
  if (ms === undefined) throw invalid('rate is an xsd:duration, such as PT5S')
  return ms
}

function acceptedOf(about: readonly Quad[]): ChannelMediaType {
  const text = textOf(about, 'accept', maxAcceptLength)
  if (text === undefined) return channelMediaTypes[0]
  const isAccept = /^\s*[^\s/,;]+\/[^\s/,;]+/.test(text)
  const chosen = isAccept ? new Acceptance(text).choose({ name: 'message', types: channelMediaTypes }) : undefined
  if (chosen === undefined) throw invalid(`accept admits none of ${channelMediaTypes.join(', ')}`)
  return chosen as ChannelMediaType
}

/** The one that the body names; the old one when it names both or neither. */
function contextOf(bytes: Uint8Array): NotificationContext {
  const text = Buffer.from(bytes).toString('latin1')
  return contexts.find((context) => text.includes(context.slice('https'.length))) ?? contexts[0]
}
