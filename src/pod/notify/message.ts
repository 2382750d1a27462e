// An activity as its receiver reads it (Solid Notifications Protocol, Notification Message Data Model): JSON-LD with the
// Activity Streams and the notification context, or Turtle of the same triples. One message is one line of JSON, or one
// Turtle document that declares its own prefixes, so that messages can follow each other in one stream. Pure.

import { urlOf } from '../resource/links.ts'
import type { PodRecord } from '../store/resource.ts'
import type { Activity } from './activity.ts'
import type { ChannelMediaType } from './channel.ts'

/** The older notification context is the one that clients in use know (solid.md, section 1.15). */
const contexts = ['https://www.w3.org/ns/activitystreams', 'https://www.w3.org/ns/solid/notification/v1']

const prefixes = `@prefix as: <https://www.w3.org/ns/activitystreams#>.
@prefix notify: <http://www.w3.org/ns/solid/notifications#>.
@prefix xsd: <http://www.w3.org/2001/XMLSchema#>.
`

/** `state`: the ETag of the topic now, with its quotes; absent when it is gone. */
export function renderMessage(
  pod: PodRecord,
  activity: Activity,
  state: string | undefined,
  mediaType: ChannelMediaType,
): string {
  const { id, type, target } = activity
  const message = {
    '@context': contexts,
    id,
    type,
    object: urlOf(pod, activity.object),
    ...(target === undefined ? {} : { target: urlOf(pod, target) }),
    ...(state === undefined || type === 'Delete' ? {} : { state }),
    published: new Date(activity.atMs).toISOString(),
  }
  return mediaType === 'text/turtle' ? turtleOf(message) : JSON.stringify(message)
}

interface Message {
  readonly id: string
  readonly type: string
  readonly object: string
  readonly target?: string
  readonly state?: string
  readonly published: string
}

function turtleOf({ id, type, object, target, state, published }: Message): string {
  const lines = [`<${id}> a as:${type}`, `as:object <${object}>`]
  if (target !== undefined) lines.push(`as:target <${target}>`)
  if (state !== undefined) lines.push(`notify:state ${JSON.stringify(state)}`)
  lines.push(`as:published "${published}"^^xsd:dateTime`)
  return `${prefixes}${lines.join(' ;\n  ')} .\n`
}
