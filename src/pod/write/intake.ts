// From the headers and bytes of a request to a staged body. Everything known from headers is refused before 100 Continue
// (rule 18); bytes are kept as sent; RDF is parsed before a commit can name it, so nothing malformed is ever stored
// (pitfall 7). RDF above the limit of rule 19 is kept unvalidated. Who is given a staged body disposes it.

import { collect, MiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { PodRequest } from '../exchange.ts'
import type { Operation, PodParts } from '../operation.ts'
import type { ParsedRdf } from '../rdf/graph.ts'
import { essenceOf, rdfTypeOf } from '../rdf/media-types.ts'
import type { RdfSource } from '../rdf/parse.ts'
import type { Staged } from '../store/change.ts'
import { maxInlineBytes, stageInline } from '../store/inline.ts'

type Headers = PodRequest['headers']

const maxMediaTypeBytes = 255

/** Throws CONTENT_ENCODING_REFUSED: bodies are stored as they are meant (rule 18). */
export function refuseEncoded(headers: Headers): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase()
  if (encoding === undefined || encoding === '' || encoding === 'identity') return
  throw new XpodError('CONTENT_ENCODING_REFUSED', '', { headers: ['Accept-Encoding', 'identity'] })
}

/** Throws BODY_TOO_LARGE when Content-Length says so, before a byte is read. */
export function refuseTooLarge(headers: Headers, maxBytes: number): void {
  const length = declaredLength(headers)
  if (length !== undefined && length > maxBytes) throw tooLarge(length, maxBytes)
}

function tooLarge(used: number, limit: number): XpodError {
  return new XpodError('BODY_TOO_LARGE', `at most ${limit} bytes`, { members: { used, limit } })
}

function declaredLength(headers: Headers): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

/** Whether the request says that bytes follow: a chunked body counts until it turns out empty. */
export function hasContent(request: PodRequest): boolean {
  return request.body !== undefined && declaredLength(request.headers) !== 0
}

/** The Content-Type as sent, or undefined when there is none. Throws CONTENT_TYPE_MISSING when it is no media type. */
export function sentMediaType(headers: Headers): string | undefined {
  const sent = headers['content-type']
  if (sent === undefined) return undefined
  const mediaType = sent.trim()
  if (mediaType.length > maxMediaTypeBytes || essenceOf(mediaType) === undefined) {
    throw new XpodError('CONTENT_TYPE_MISSING', 'it is not a media type')
  }
  return mediaType
}

/** Throws CONTENT_TYPE_MISSING also when there is none. */
export function neededMediaType(headers: Headers): string {
  const mediaType = sentMediaType(headers)
  if (mediaType === undefined) throw new XpodError('CONTENT_TYPE_MISSING')
  return mediaType
}

/** Throws MEDIA_TYPE_UNSUPPORTED: ACLs, .meta and descriptions of containers are RDF. */
export function neededRdfType(headers: Headers): string {
  const mediaType = neededMediaType(headers)
  if (rdfTypeOf(mediaType) === undefined) {
    throw new XpodError('MEDIA_TYPE_UNSUPPORTED', 'only RDF can be kept here', {
      headers: ['Accept-Put', 'text/turtle, application/ld+json'],
    })
  }
  return mediaType
}

/** Being read is what says 100 Continue. */
function incoming(request: Pick<PodRequest, 'body'>): AsyncIterable<Uint8Array> {
  return request.body ?? none()
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** Reads a whole small body. Throws BODY_TOO_LARGE. */
export async function readBody(request: Pick<PodRequest, 'headers' | 'body'>, maxBytes: number): Promise<Uint8Array> {
  refuseTooLarge(request.headers, maxBytes)
  return collect(incoming(request), maxBytes)
}

/**
 * The triples of a body that is kept only when they are known. Throws BODY_INVALID, also for a JSON-LD context that is not
 * known here: what a reader would be told with 406 is the writer's to mend.
 */
export async function readTriples(
  parts: Pick<PodParts, 'rdf'>,
  bytes: Uint8Array,
  source: RdfSource,
  signal: AbortSignal,
): Promise<ParsedRdf> {
  try {
    return await parts.rdf.parse(bytes, source, signal)
  } catch (error) {
    if (!(error instanceof XpodError) || error.code !== 'NOT_ACCEPTABLE') throw error
    throw new XpodError('BODY_INVALID', error.detail, { cause: error })
  }
}

/** Stages what was computed or checked whole; `spareBytes` as in StageLimits. */
export async function stageBytes(
  parts: Pick<PodParts, 'store'>,
  op: Operation,
  bytes: Uint8Array,
  spareBytes = 0,
): Promise<Staged> {
  if (bytes.length <= maxInlineBytes) return stageInline(bytes)
  const limits = { maxBytes: bytes.length, expectedBytes: bytes.length, spareBytes }
  return parts.store.stage(op.home.pod.id, once(bytes), limits, op.request.signal)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export interface Intake extends AsyncDisposable {
  readonly staged: Staged
  /** The bytes of RDF that was validated. */
  readonly rdf: Uint8Array | undefined
}

export interface Document {
  readonly mediaType: string
  /** Base of relative IRIs: the URL of the resource. */
  readonly base: string
  /** Bytes of what it replaces. */
  readonly spareBytes?: number
}

/**
 * Stages the body of a document as sent, streaming; RDF is copied aside on the way and parsed. Throws BODY_TOO_LARGE,
 * BODY_INVALID, QUOTA_EXCEEDED, DISK_FULL; then nothing is kept.
 */
export async function stageDocument(
  parts: Pick<PodParts, 'store' | 'rdf' | 'limits'>,
  op: Operation,
  document: Document,
): Promise<Intake> {
  const { request, home } = op
  const expectedBytes = declaredLength(request.headers)
  if (expectedBytes !== undefined && expectedBytes <= maxInlineBytes) return stageSmall(parts, op, document)
  await using kept = new AsyncDisposableStack()
  const copy = rdfTypeOf(document.mediaType) === undefined ? undefined : kept.use(new Copy(parts.limits.maxRdfBytes))
  const body = copy === undefined ? incoming(request) : copy.through(incoming(request))
  const { spareBytes = 0 } = document
  const ownsChunks = copy === undefined
  const limits = { maxBytes: parts.limits.maxBodyBytes, expectedBytes, spareBytes, ownsChunks }
  const staged = kept.use(await parts.store.stage(home.pod.id, body, limits, request.signal))
  const rdf = copy?.bytes()
  if (rdf !== undefined) await parts.rdf.check(rdf, document, request.signal)
  const owned = kept.move()
  return { staged, rdf, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** The everyday case: a body that says it is small is read whole, and nothing has to be given back. */
async function stageSmall(
  parts: Pick<PodParts, 'rdf' | 'limits'>,
  { request }: Operation,
  document: Document,
): Promise<Intake> {
  const length = declaredLength(request.headers)!
  hold(length)
  let bytes: Uint8Array
  try {
    bytes = await readBody(request, parts.limits.maxBodyBytes)
  } finally {
    heldBytes -= length
  }
  const isChecked = rdfTypeOf(document.mediaType) !== undefined && length <= parts.limits.maxRdfBytes
  const rdf = isChecked ? bytes : undefined
  if (rdf !== undefined) await parts.rdf.check(rdf, document, request.signal)
  const staged = stageInline(bytes)
  return { staged, rdf, [Symbol.asyncDispose]: staged[Symbol.asyncDispose] }
}

// Small bodies while they arrive, and copies of RDF until they are parsed: at most this much memory in the whole process.
const maxHeldBytes = 256 * MiB
let heldBytes = 0

/** Throws OVERLOADED. */
function hold(bytes: number): void {
  if (heldBytes + bytes > maxHeldBytes) throw new XpodError('OVERLOADED', 'too many bodies arrive at once')
  heldBytes += bytes
}

class Copy implements Disposable {
  readonly #maxBytes: number
  #chunks: Uint8Array[] | undefined = []
  #size = 0
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  async *through(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      this.#add(chunk)
      yield chunk
    }
  }

  #add(chunk: Uint8Array): void {
    if (this.#chunks === undefined) return
    if (this.#size + chunk.length > this.#maxBytes) return this[Symbol.dispose]()
    hold(chunk.length)
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  /** Undefined when the body was too large to be validated. */
  bytes(): Uint8Array | undefined {
    if (this.#chunks === undefined) return undefined
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#size)
  }

  [Symbol.dispose](): void {
    heldBytes -= this.#size
    this.#size = 0
    this.#chunks = undefined
  }
}
