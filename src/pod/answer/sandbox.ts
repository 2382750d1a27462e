// Documents of strangers in a browser (rule 15). Where pods share an origin with the server's own pages, everything that a
// browser might run is sandboxed without allow-same-origin, and service workers cannot be installed. Types that browsers
// never run are left alone. Pods with an origin of their own are not sandboxed, unless the operator says always.

import type { PodRecord } from '../store/resource.ts'
import { essenceOf } from '../rdf/media-types.ts'

export type SandboxMode = 'path-pods' | 'always'

export const sandboxPolicy = 'sandbox allow-scripts allow-forms allow-popups allow-downloads'

const inert = new Set([
  'text/plain',
  'text/turtle',
  'text/n3',
  'application/n-triples',
  'application/n-quads',
  'application/trig',
  'application/ld+json',
  'application/json',
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
])

/** RDF/XML is not inert: browsers treat any XML as a document that may hold scripts. */
export function isInert(mediaType: string): boolean {
  const essence = essenceOf(mediaType)
  return essence !== undefined && (inert.has(essence) || /^(?:audio|video)\//.test(essence))
}

/** Whether documents of this pod that a browser might run are sandboxed. */
export function isSandboxed(pod: PodRecord, mode: SandboxMode): boolean {
  return mode === 'always' || new URL(pod.base).pathname !== '/'
}
