// OPTIONS beyond preflights (solid.md row 11, pitfall 38): what the target supports, as precisely as the agent may know. Who
// may not read it learns what every name of its form supports, whether something is there or not.

import { corsHeaders, vary } from '../answer/cors.ts'
import type { PodResponse } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import { isContainer } from '../path.ts'
import { allows, read } from '../access/modes.ts'
import type { PodReader } from '../store/pod-store.ts'
import { allowHeaders, allowOf } from './allow.ts'
import { linkHeader } from './links.ts'
import { rightsOf, userModes } from './rights.ts'

export interface OptionsParts {
  readonly authorizer: PodParts['authorizer']
  readonly store: Pick<PodReader, 'children'>
}

const anyDocument = 'GET, HEAD, OPTIONS, PUT, PATCH, DELETE'
const anyContainer = 'GET, HEAD, OPTIONS, PUT, POST, DELETE'

export async function optionsResource(parts: OptionsParts, op: Operation): Promise<PodResponse> {
  const { request, home, agent } = op
  const rights = await rightsOf(parts.authorizer, home, request.path, agent)
  const mayKnow = allows(userModes(rights), read)
  const { origin } = request.headers
  return {
    status: 204,
    headers: [
      ...(mayKnow ? await supported(parts, op) : allowHeaders(isContainer(request.path) ? anyContainer : anyDocument)),
      'Link',
      linkHeader(home.pod, request.path, false),
      'Accept-Ranges',
      'bytes',
      'Vary',
      vary,
      'X-Content-Type-Options',
      'nosniff',
      ...(origin === undefined ? [] : corsHeaders(origin)),
    ],
    body: undefined,
  }
}

async function supported(parts: OptionsParts, { request, home }: Operation): Promise<readonly string[]> {
  const { path } = request
  const { resource } = await home.load(path)
  if (resource?.path !== path) return allowOf({ path, resource: undefined }).headers
  if (resource.kind !== 'container') return allowOf({ path, resource }).headers
  const members = await parts.store.children(home.pod.id, path, undefined, 1)
  return allowOf({ path, resource, empty: members?.page.length === 0 }).headers
}
