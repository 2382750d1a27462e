// OPTIONS beyond preflights (solid.md row 11, pitfall 38): what the target supports, as precisely as the agent may know. Who
// may not read it learns what every name of its form supports, whether something is there or not.

import { allows, read } from '../access/modes.ts'
import { corsHeaders, vary } from '../answer/cors.ts'
import type { PodResponse } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import { isContainer, type Path } from '../path.ts'
import type { PodReader } from '../store/pod-store.ts'
import { allowHeaders, allowOf } from './allow.ts'
import { linkHeader } from './links.ts'
import { rightsOf, userModes } from './rights.ts'

export interface OptionsParts {
  readonly authorizer: PodParts['authorizer']
  readonly store: Pick<PodReader, 'children'>
}

export async function optionsResource(parts: OptionsParts, op: Operation): Promise<PodResponse> {
  const { request, home, agent } = op
  const rights = await rightsOf(parts.authorizer, home, request.path, agent)
  const known = allows(userModes(rights), read) ? await supported(parts, op) : supportedByName(request.path)
  const { origin } = request.headers
  return {
    status: 204,
    headers: [
      ...known.allow,
      'Link',
      linkHeader(home.pod, request.path, known.exists),
      'Vary',
      vary,
      'X-Content-Type-Options',
      'nosniff',
      ...(origin === undefined ? [] : corsHeaders(origin)),
    ],
    body: undefined,
  }
}

interface Supported {
  readonly allow: readonly string[]
  /** The agent may know that it exists, and it does. */
  readonly exists: boolean
}

function supportedByName(path: Path): Supported {
  const methods = isContainer(path) ? 'PUT, POST, DELETE' : 'PUT, PATCH, DELETE'
  return { allow: allowHeaders(`GET, HEAD, OPTIONS, ${methods}`), exists: false }
}

async function supported(parts: OptionsParts, { request, home }: Operation): Promise<Supported> {
  const { path } = request
  const { resource } = await home.load(path)
  if (resource?.path !== path) return { allow: allowOf({ path, resource: undefined }).headers, exists: false }
  if (resource.kind !== 'container') return { allow: allowOf({ path, resource }).headers, exists: true }
  const members = await parts.store.children(home.pod.id, path, undefined, 1)
  return { allow: allowOf({ path, resource, empty: members?.page.length === 0 }).headers, exists: true }
}
