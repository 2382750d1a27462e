// The storage description at {pod}.well-known/solid (Solid Protocol, Storage Resource; solid.md row 20): readable by anyone,
// written by nobody. Names the storage and, for each type of notification channel, where to subscribe (Solid Notifications
// Protocol, Discovery).

import { contexts, notifyNamespace, offersOf, offerTurtle } from '../notify/subscription/offers.ts'
import type { PodRecord } from '../store/resource.ts'

const storage = 'http://www.w3.org/ns/pim/space#Storage'

/** The media types it can be had in, the default first. */
export const descriptionTypes = ['text/turtle', 'application/ld+json'] as const

/** `notifies`: whether somebody answers where it says that one can subscribe. */
export function storageDescription({ base }: PodRecord, mediaType: string, notifies: boolean): string {
  const offers = notifies ? offersOf(base) : []
  if (mediaType === 'application/ld+json') {
    const subscription = offers.length === 0 ? {} : { subscription: offers }
    return `${JSON.stringify({ '@context': [contexts[0]], id: base, type: [storage], ...subscription })}\n`
  }
  const places = offers.map(({ id }) => `<${id}>`).join(', ')
  const subscription = offers.length === 0 ? '' : `;\n  <${notifyNamespace}subscription> ${places}`
  return [`<${base}> a <${storage}>${subscription}.\n`, ...offers.map(offerTurtle)].join('')
}
