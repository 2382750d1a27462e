// The storage description at {pod}.well-known/solid (Solid Protocol, Storage Resource; solid.md row 20): readable by anyone,
// written by nobody. Notification services will add their statements here.

import type { PodRecord } from '../store/resource.ts'

const storage = 'http://www.w3.org/ns/pim/space#Storage'

/** The media types it can be had in, the default first. */
export const descriptionTypes = ['text/turtle', 'application/ld+json'] as const

export function storageDescription(pod: PodRecord, mediaType: string): string {
  if (mediaType === 'application/ld+json') return `${JSON.stringify({ '@id': pod.base, '@type': [storage] })}\n`
  return `<${pod.base}> a <${storage}>.\n`
}
