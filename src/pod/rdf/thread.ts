// The worker thread for RDF that is too large for the event loop. Each request is one of the calls of workers.ts with values
// that can cross; nothing is remembered between requests.

import { type Handled, type RunThreadRole, serveThread } from '../../core/threads/serve.ts'
import { type Conversion, convertRdf } from './convert.ts'
import {
  packPatch,
  packQuads,
  packRdf,
  type PackedPatch,
  type PackedQuads,
  type PackedRdf,
  unpackPatch,
} from './packing.ts'
import { type Checked, checkRdf, parseRdf, type RdfSource } from './parse.ts'
import { applyPatch, maxJoinSteps, parseTarget, type Patch, type PatchDocument } from './patch.ts'
import { readPatchText } from './read/patch-text.ts'

export type RdfRequest =
  | { readonly kind: 'parse'; readonly bytes: Uint8Array; readonly source: RdfSource }
  | { readonly kind: 'check'; readonly bytes: Uint8Array; readonly source: RdfSource }
  | { readonly kind: 'convert'; readonly bytes: Uint8Array; readonly conversion: Conversion }
  | { readonly kind: 'read-patch'; readonly text: string; readonly language: Patch['kind']; readonly base: string }
  | {
      readonly kind: 'patch'
      readonly document: Omit<PatchDocument, 'parsed'> | undefined
      readonly patch: PackedPatch
      readonly base: string
    }

export interface PackedResult {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly quads: PackedQuads
  readonly removed: PackedQuads
  readonly added: PackedQuads
}

export type RdfReply = PackedRdf | Checked | Uint8Array | PackedPatch | PackedResult

export const runRdfThread: RunThreadRole = (port) => serveThread<RdfRequest, RdfReply>(port, handle)

async function handle(request: RdfRequest): Promise<Handled<RdfReply>> {
  if (request.kind === 'parse') {
    const reply = packRdf(await parseRdf(request.bytes, request.source))
    return { reply, transfer: [reply.quads.rows.buffer] }
  }
  if (request.kind === 'check') return { reply: await checkRdf(request.bytes, request.source) }
  if (request.kind === 'convert') {
    const reply = await convertRdf(request.bytes, request.conversion)
    return { reply, transfer: ownBuffer(reply) }
  }
  if (request.kind === 'patch') return { reply: await patchDocument(request) }
  return { reply: packPatch(await readPatchText(request.text, request.language, request.base)) }
}

async function patchDocument({
  document,
  patch,
  base,
}: Extract<RdfRequest, { readonly kind: 'patch' }>): Promise<PackedResult> {
  const parsed = document && (await parseTarget(document, base))
  const result = applyPatch(document, parsed, unpackPatch(patch), { base, maxSteps: maxJoinSteps })
  return {
    bytes: result.bytes,
    mediaType: result.mediaType,
    quads: packQuads(result.quads),
    removed: packQuads(result.removed),
    added: packQuads(result.added),
  }
}

/** Small buffers are slices of a pool that others use; only a buffer of one's own can move. */
function ownBuffer(bytes: Uint8Array): NonNullable<Handled<RdfReply>['transfer']> {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : []
}
