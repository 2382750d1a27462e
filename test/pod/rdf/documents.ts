// Shorthand of the RDF tests: documents as text, patches applied to them, and what came of it.

import { silentLog } from '../../../src/base/log.ts'
import { openRdfWorkers, type RdfWorkers } from '../../../src/pod/rdf/workers.ts'
import { type Quad } from '../../../src/pod/rdf/graph.ts'
import { parseRdf } from '../../../src/pod/rdf/parse.ts'

export const base = 'https://pod.example/alice/notes/doc'
export const never = new AbortController().signal

/** A pair for tests that need no thread; nothing to dispose because none is started. */
export const rdf: RdfWorkers = openRdfWorkers({ log: silentLog })

export function turtle(text: string): Promise<Quad[]> {
  return quadsOf(text, 'text/turtle')
}

export async function quadsOf(text: string | Uint8Array, mediaType: string): Promise<Quad[]> {
  return (await parseRdf(Buffer.from(text as string), { mediaType, base })).quads
}

export async function convert(text: string, from: string, to: string): Promise<string> {
  return Buffer.from(await rdf.convert(Buffer.from(text), { from, to, base }, never)).toString()
}

export interface Patched {
  readonly text: string
  readonly mediaType: string
  readonly added: number
  readonly removed: number
}

export interface PatchCase {
  readonly kind: 'n3' | 'sparql'
  readonly patch: string
  /** Undefined: there is no document. */
  readonly document: string | undefined
  readonly mediaType?: string
}

export async function applyText({ kind, patch, document, mediaType = 'text/turtle' }: PatchCase): Promise<Patched> {
  const read = await rdf.readPatch(Buffer.from(patch), { kind, base }, never)
  const target = document === undefined ? undefined : { bytes: Buffer.from(document), mediaType }
  const result = await rdf.patch(target, read, { base }, never)
  return {
    text: Buffer.from(result.bytes).toString(),
    mediaType: result.mediaType,
    added: result.added.length,
    removed: result.removed.length,
  }
}

/** `PATCH_CONFLICT 409`, or `ok` when it did not throw. */
export async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'ok'
  } catch (error) {
    const { code, status } = error as { code: string; status: number }
    return `${code} ${status}`
  }
}
