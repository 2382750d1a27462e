// GET, HEAD and OPTIONS of the storage description (representation/storage-description.ts): readable by anyone, whatever the
// pod's rules say, because it holds nothing but the address of the storage and where to subscribe.

import { XpodError } from '../../base/errors.ts'
import { withOrigin } from '../answer/headers.ts'
import { vary } from '../answer/cors.ts'
import type { PodRequest, PodResponse } from '../exchange.ts'
import type { Negotiator, Offer } from '../representation/negotiation.ts'
import { descriptionTypes, storageDescription } from '../representation/storage-description.ts'
import { storageDescriptionPath, urlOf } from './links.ts'

const offer: Offer = { name: 'description', types: descriptionTypes }
const allow = 'GET, HEAD, OPTIONS'

export function getDescription(negotiator: Negotiator, request: PodRequest, notifies: boolean): PodResponse {
  const { pod, method, headers } = request
  const common = [
    'Allow',
    allow,
    'Link',
    `<${urlOf(pod, storageDescriptionPath)}>; rel="http://www.w3.org/ns/solid/terms#storageDescription"`,
    'Last-Modified',
    new Date(pod.createdMs).toUTCString(),
    'Cache-Control',
    'no-cache',
    'Vary',
    vary,
    'X-Content-Type-Options',
    'nosniff',
  ]
  if (method === 'OPTIONS') return withOrigin({ status: 204, headers: common, body: undefined }, headers.origin)
  const mediaType = negotiator.accept(headers.accept).choose(offer)
  if (mediaType === undefined) throw new XpodError('NOT_ACCEPTABLE', `available: ${descriptionTypes.join(', ')}`)
  const bytes = Buffer.from(storageDescription(pod, mediaType, notifies))
  const own = ['Content-Type', mediaType, 'Content-Length', String(bytes.length), ...common]
  return withOrigin({ status: 200, headers: own, body: method === 'HEAD' ? undefined : bytes }, headers.origin)
}
