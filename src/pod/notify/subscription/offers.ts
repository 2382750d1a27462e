// What a pod offers to those who want to be told: for each type of channel an address and the features it takes (Solid
// Notifications Protocol, Discovery and Subscription Services). Clients find it in the storage description and at the address
// itself. Types are written in full, because old contexts do not know their short names; features as every client spells them.

import { type ChannelType, channelTypes } from '../channel.ts'
import { typePath } from '../places.ts'

export const notifyNamespace = 'http://www.w3.org/ns/solid/notifications#'
/** The one that clients of today send, and the one of the specification. */
export const contexts = [
  'https://www.w3.org/ns/solid/notification/v1',
  'https://www.w3.org/ns/solid/notifications-context/v1',
] as const
export type NotificationContext = (typeof contexts)[number]

const features = ['accept', 'endAt', 'rate', 'startAt', 'state'] as const

interface Offer {
  readonly id: string
  readonly channelType: string
  readonly feature: readonly string[]
}

/** `base` ends with a slash: of a pod, or of the server for its alias. */
export function offerOf(base: string, type: ChannelType): Offer {
  return { id: base + typePath(type).slice(1), channelType: notifyNamespace + type, feature: features }
}

export function offersOf(base: string): readonly Offer[] {
  return channelTypes.map((type) => offerOf(base, type))
}

/** Statements about an offer, as Turtle. */
export function offerTurtle({ id, channelType, feature }: Offer): string {
  const names = feature.map((name) => `<${notifyNamespace}${name}>`).join(', ')
  return `<${id}> <${notifyNamespace}channelType> <${channelType}>;\n  <${notifyNamespace}feature> ${names}.\n`
}
