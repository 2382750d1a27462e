// From a subscription that was read to a channel that is kept: its topic is a resource of the pod, whoever asks may read it, its
// times make sense and a webhook goes somewhere else. The position in the feed is taken before Read is judged, so nothing that
// happens from then on is missed. What is at the topic, or whether anything is, does not matter: it may be made later.

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Random } from '../../../base/random.ts'
import type { AddressRules } from '../../../core/http/address-list.ts'
import { networkOf } from '../../../core/http/forwarded.ts'
import type { Agent } from '../../auth/agent.ts'
import { hasAuxiliaryAncestor, type Path } from '../../path.ts'
import type { PodReader } from '../../store/pod-store.ts'
import type { PodRecord } from '../../store/resource.ts'
import { pathInPod } from '../../url.ts'
import { isReserved } from '../../write/target.ts'
import type { Channel, Subscriber } from '../channel.ts'
import type { ChannelCaps, ChannelStore } from '../channels.ts'
import type { Judge } from '../judge.ts'
import { sendToProblem } from '../webhooks/send-to.ts'
import { invalid, type SubscriptionRequest } from './request.ts'

export interface SubscribeParts {
  readonly channels: Pick<ChannelStore, 'add'>
  readonly store: Pick<PodReader, 'head'>
  readonly judge: Pick<Judge, 'mayRead'>
  readonly caps: ChannelCaps
  /** Where webhooks may go. */
  readonly addresses: AddressRules
  /** Whether a URL leads back to this service: its changes would notify it of themselves without end. */
  readonly isHere: (url: string) => boolean
  readonly clock: Clock
  readonly random: Random
}

export interface Asking {
  readonly pod: PodRecord
  readonly agent: Agent
  /** Network address of who asks. */
  readonly address: string
}

/** A channel ends at the latest this long after it was made, and then unless it says otherwise. */
const maxLifeMs = 14 * 24 * 60 * 60_000
const secretBytes = 24
/** Owners have this many beyond the cap of their pod, so that strangers who fill it do not shut them out. */
const ownersRoom = 1000

/** Durable when it resolves. Throws SUBSCRIPTION_INVALID, LOGIN_REQUIRED, FORBIDDEN, CHANNELS_FULL, POD_UNKNOWN. */
export async function subscribe(parts: SubscribeParts, asked: SubscriptionRequest, asking: Asking): Promise<Channel> {
  const { channels, store, judge, caps, clock, random } = parts
  const { pod, agent, address } = asking
  const topic = topicIn(pod, asked.topic)
  const nowMs = clock.nowMs()
  const times = timesOf(asked, nowMs)
  const sendTo = sendToOf(parts, asked)
  const head = await store.head(pod.id)
  if (head === undefined) throw new XpodError('POD_UNKNOWN')
  const subscriber: Subscriber = agent
  if (!(await judge.mayRead(pod, topic, subscriber))) {
    throw new XpodError(agent.webId === undefined ? 'LOGIN_REQUIRED' : 'FORBIDDEN')
  }
  const channel: Channel = {
    id: random.uuid7(nowMs),
    pod: pod.id,
    type: asked.type,
    topic,
    subscriber,
    address: networkOf(address),
    secret: asked.type === 'WebhookChannel2023' ? '' : Buffer.from(random.bytes(secretBytes)).toString('base64url'),
    sendTo,
    ...times,
    rateMs: Math.min(asked.rateMs, maxLifeMs),
    mediaType: asked.mediaType,
    state: asked.state,
    createdMs: nowMs,
    position: head.version,
  }
  const isOwner = agent.webId !== undefined && pod.owners.includes(agent.webId)
  await channels.add(channel, isOwner ? { ...caps, perPod: caps.perPod + ownersRoom } : caps)
  return channel
}

function topicIn(pod: PodRecord, iri: string): Path {
  const path = pathInPod(pod, iri)
  if (path === undefined) {
    throw invalid(/[?#]/.test(iri) ? 'the topic has a query or a fragment' : `the topic is not in ${pod.base}`)
  }
  if (isReserved(pod, path) || hasAuxiliaryAncestor(path)) throw invalid('the topic is no resource of the pod')
  return path
}

function timesOf({ startMs, endMs }: SubscriptionRequest, nowMs: number): { startMs: number; endMs: number } {
  const times = { startMs: startMs ?? nowMs, endMs: Math.min(endMs ?? Number.POSITIVE_INFINITY, nowMs + maxLifeMs) }
  if (times.endMs <= nowMs) throw invalid('endAt has passed')
  if (times.startMs >= times.endMs) throw invalid('startAt does not lie before endAt, which is at most 14 days ahead')
  return times
}

function sendToOf({ addresses, isHere }: SubscribeParts, { type, sendTo }: SubscriptionRequest): string | undefined {
  if (type !== 'WebhookChannel2023') return undefined
  if (sendTo === undefined) throw invalid('there is no sendTo, where the webhook sends')
  const problem = isHere(sendTo) ? 'sendTo leads back to this server' : sendToProblem(sendTo, addresses)
  if (problem !== undefined) throw invalid(problem)
  return sendTo
}
