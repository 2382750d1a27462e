// The body of a PUT or POST that makes a container: RDF that describes it. It becomes the container's .meta, rewritten as
// Turtle relative to that .meta, because it was written relative to the container. Protected triples are 409 (pitfall 2).

import type { Operation, PodParts } from '../operation.ts'
import { writeTurtle } from '../rdf/turtle-writer.ts'
import { hasContent, neededRdfType, readBody, readTriples } from './intake.ts'
import { refuseProtected } from './protected-triples.ts'

/** Turtle for the .meta of the container at this URL; undefined when the request says nothing about it. */
export async function describeContainer(
  parts: Pick<PodParts, 'rdf' | 'limits'>,
  op: Operation,
  containerUrl: string,
): Promise<Uint8Array | undefined> {
  const { request } = op
  if (!hasContent(request)) return undefined
  if (request.headers['content-length'] !== undefined) neededRdfType(request.headers)
  const bytes = await readBody(request, parts.limits.maxPatchTargetBytes)
  if (bytes.length === 0) return undefined
  const mediaType = neededRdfType(request.headers)
  const source = { mediaType, base: containerUrl }
  const { quads, prefixes } = await readTriples(parts, bytes, source, request.signal)
  refuseProtected(quads, containerUrl)
  if (quads.length === 0) return undefined
  return Buffer.from(writeTurtle(quads, { prefixes, base: `${containerUrl}.meta` }))
}
