// A channel as its owner sees it (Solid Notifications Protocol, Notification Channel Data Model), as JSON-LD; the Turtle is that
// document converted. Holds the address to receive from, so it is shown to its owner only; who controls the topic sees who
// listens to what, and nothing by which to receive it or to reach where a webhook sends.

import type { PodRecord } from '../../store/resource.ts'
import { urlOf } from '../../resource/links.ts'
import type { Channel } from '../channel.ts'
import { channelPath, receiveUrl } from '../places.ts'
import { contexts, type NotificationContext, notifyNamespace } from './offers.ts'
import { formatDateTime, formatDuration } from './times.ts'

interface Described {
  readonly pod: PodRecord
  /** IRI that webhooks are signed by. */
  readonly sender: string
  readonly context: NotificationContext
}

/** One channel as a document of its own. */
export function channelDocument(channel: Channel, described: Described): object {
  return { '@context': [described.context], ...channelNode(channel, described) }
}

/** One channel, to be put into a document. `endAt` is always said: every channel ends. */
export function channelNode(channel: Channel, { pod, sender }: Omit<Described, 'context'>): object {
  const { sendTo, startMs, endMs, rateMs, mediaType, state, createdMs } = channel
  const receiveFrom = receiveUrl(pod, channel)
  return {
    ...nameOf(channel, pod),
    ...(receiveFrom === undefined ? {} : { receiveFrom }),
    ...(sendTo === undefined ? {} : { sendTo, sender }),
    accept: mediaType,
    ...(startMs === createdMs ? {} : { startAt: formatDateTime(startMs) }),
    endAt: formatDateTime(endMs),
    ...(rateMs === 0 ? {} : { rate: formatDuration(rateMs) }),
    ...(state === undefined ? {} : { state }),
  }
}

/** A channel of somebody else. */
export function strangerDocument(channel: Channel, pod: PodRecord): object {
  return { '@context': [contexts[0]], ...strangerNode(channel, pod) }
}

export function strangerNode(channel: Channel, pod: PodRecord): object {
  const { webId } = channel.subscriber
  const creator = webId === undefined ? {} : { 'http://purl.org/dc/terms/creator': { '@id': webId } }
  return { ...nameOf(channel, pod), ...creator, endAt: formatDateTime(channel.endMs) }
}

function nameOf(channel: Channel, pod: PodRecord): object {
  const { type, topic } = channel
  return { id: urlOf(pod, channelPath(channel)), type: notifyNamespace + type, topic: urlOf(pod, topic) }
}
