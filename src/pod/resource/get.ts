// GET and HEAD (Solid Protocol, Reading Resources): may the agent read it, is it there, which representation fits, does the
// client have it already, which part of it is asked for. Synchronous from end to end when everything is in memory, which is
// what a hot public read is: a handful of lookups and an answer that was prepared before.

import { XpodError } from '../../base/errors.ts'
import { answersOf, forOrigin, representationHeaders, withOrigin } from '../answer/headers.ts'
import type { PodRequest, PodResponse } from '../exchange.ts'
import type { Entry, PodHome } from '../home.ts'
import type { Operation, PodParts } from '../operation.ts'
import { containerVariant, type Shown, streamListing } from '../representation/container.ts'
import { documentVariant } from '../representation/document.ts'
import { parseRange } from '../representation/ranges.ts'
import type { Source } from '../representation/source.ts'
import { begun } from '../store/body-streams.ts'
import type { ByteRange } from '../store/pod-store.ts'
import { allowOf } from './allow.ts'
import { ifRangeHolds, isNotModified } from './conditions.ts'
import { requireRead, type Rights, rightsOf, wacAllowOf } from './rights.ts'

export interface ReadParts extends Source {
  readonly authorizer: PodParts['authorizer']
}

/** Throws LOGIN_REQUIRED, FORBIDDEN, NOT_FOUND, NOT_ACCEPTABLE, PRECONDITION_FAILED, RANGE_UNSATISFIABLE. */
export function getResource(parts: ReadParts, op: Operation): PodResponse | Promise<PodResponse> {
  const rights = rightsOf(parts.authorizer, op.home, op.request.path, op.agent)
  return typeof rights === 'number' ? readable(parts, op, rights) : rights.then((known) => readable(parts, op, known))
}

function readable(parts: ReadParts, op: Operation, rights: Rights): PodResponse | Promise<PodResponse> {
  requireRead(rights, op.agent)
  const { path } = op.request
  const entry = op.home.peek(path)
  if (entry !== undefined) return represent(parts, op, rights, entry)
  return op.home.load(path).then((loaded) => {
    if (loaded.damage !== undefined) throw loaded.damage
    return represent(parts, op, rights, loaded)
  })
}

function represent(
  parts: ReadParts,
  { request, home }: Operation,
  rights: Rights,
  entry: Entry,
): PodResponse | Promise<PodResponse> {
  const { resource } = entry
  if (resource === undefined || resource.path !== request.path) throw notFound(request, rights)
  if (resource.kind !== 'container') {
    const variant = documentVariant(parts, home, entry, request)
    if (variant instanceof Promise)
      return variant.then((ready) => answer(parts, home, request, { entry, variant: ready, rights }))
    return answer(parts, home, request, { entry, variant, rights })
  }
  const shown = containerVariant(parts, home, entry, request)
  if (shown instanceof Promise) return shown.then((ready) => answer(parts, home, request, { ...ready, rights }))
  return answer(parts, home, request, { ...shown, rights })
}

/** Who may read the name may know that nothing is there, and what could be done about it (clients-and-operators.md G 15). */
function notFound({ path }: PodRequest, rights: Rights): XpodError {
  const headers = [...allowOf({ path, resource: undefined }).headers, 'WAC-Allow', wacAllowOf(rights)]
  if (!path.endsWith('/')) headers.push('MS-Author-Via', 'SPARQL')
  return new XpodError('NOT_FOUND', '', { headers })
}

interface Chosen extends Shown {
  readonly rights: Rights
}

function answer(
  parts: ReadParts,
  home: PodHome,
  request: PodRequest,
  chosen: Chosen,
): PodResponse | Promise<PodResponse> {
  const { entry, variant, rights } = chosen
  const { headers } = request
  const resource = entry.resource!
  const answers = answersOf(variant, home.pod, resource, rights)
  const { origin } = headers
  const validators = { etag: variant.etag, modifiedMs: resource.modifiedMs, datesCount: resource.kind !== 'container' }
  if (isNotModified(headers, entry, validators)) {
    if (origin === undefined) return answers.notModified
    return { status: 304, headers: forOrigin(answers.notModifiedHole, origin), body: undefined }
  }
  const isHead = request.method === 'HEAD'
  if (headers.range !== undefined && variant.stored && !isHead && ifRangeHolds(headers['if-range'], validators)) {
    const range = parseRange(headers.range, resource.size)
    if (range !== undefined) return partial(parts, home, request, { ...chosen, range })
  }
  if (origin === undefined && (isHead || variant.bytes !== undefined)) return isHead ? answers.head : answers.ok
  const ok = origin === undefined ? answers.ok.headers : forOrigin(answers.okHole, origin)
  if (isHead || variant.bytes !== undefined)
    return { status: 200, headers: ok, body: isHead ? undefined : variant.bytes }
  return begun(stream(parts, home, request, chosen)).then((body) => ({ status: 200, headers: ok, body }))
}

interface Partial extends Chosen {
  readonly range: ByteRange | 'unsatisfiable'
}

function partial(
  parts: ReadParts,
  home: PodHome,
  request: PodRequest,
  chosen: Partial,
): PodResponse | Promise<PodResponse> {
  const { entry, variant, rights, range } = chosen
  const { origin } = request.headers
  const resource = entry.resource!
  if (range === 'unsatisfiable') {
    throw new XpodError('RANGE_UNSATISFIABLE', '', { headers: ['Content-Range', `bytes */${resource.size}`] })
  }
  const size = range.end - range.start + 1
  const headers = representationHeaders({ ...variant, size }, { pod: home.pod, resource, rights })
  headers.push('Content-Range', `bytes ${range.start}-${range.end}/${resource.size}`)
  const bytes = variant.bytes?.subarray(range.start, range.end + 1)
  if (bytes !== undefined) return withOrigin({ status: 206, headers, body: bytes }, origin)
  const stream = parts.store.streamBody(home.pod.id, resource, range, request.signal)
  return begun(stream).then((body) => withOrigin({ status: 206, headers, body }, origin))
}

function stream(parts: ReadParts, home: PodHome, request: PodRequest, { entry }: Chosen): AsyncIterable<Uint8Array> {
  const resource = entry.resource!
  if (resource.kind === 'container') return streamListing(parts, home, entry)
  return parts.store.streamBody(home.pod.id, resource, undefined, request.signal)
}
