// What the rest of the pod asks of RDF: parse, check, convert, read a patch, apply a patch. Small documents are done here and
// now. Above 256 KiB of Turtle or 16 KiB of JSON-LD, and when a document turns out to hold very many triples, contexts inside
// contexts, or a WHERE clause that is dear, the work goes to one worker thread that is started at first use and ends after
// 30 s without work, so that the event loop serves on (rule 19). Waiting work is bounded.

import { KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import { type Conversion, convertRdf, writableType } from './convert.ts'
import type { ParsedRdf } from './graph.ts'
import { IdleThread, type IdleThreadOptions } from './idle-thread.ts'
import { type RdfType, rdfTypeOf } from './media-types.ts'
import { packPatch, type PackedPatch, type PackedRdf, unpackPatch, unpackQuads, unpackRdf } from './packing.ts'
import { type Checked, checkRdf, decode, parseRdf, type RdfSource } from './parse.ts'
import type { Contexts } from './read/contexts.ts'
import { isPlainJsonLd } from './read/jsonld-cost.ts'
import { gatherContexts, type KeptContexts } from './read/kept-contexts.ts'
import { TooDear } from './read/turtle.ts'
import { applyPatch, type Patch, type PatchDocument, type PatchResult, parseTarget } from './patch.ts'
import { readPatchText } from './read/patch-text.ts'
import type { PackedResult, RdfRequest } from './thread.ts'

export interface RdfWorkers extends AsyncDisposable {
  /** Throws BODY_INVALID with the line, MEDIA_TYPE_UNSUPPORTED, NOT_ACCEPTABLE for an unknown JSON-LD context. */
  parse(bytes: Uint8Array, source: RdfSource, signal: AbortSignal): Promise<ParsedRdf>
  /** Whether the body is valid. Throws BODY_INVALID with the line, MEDIA_TYPE_UNSUPPORTED. */
  check(bytes: Uint8Array, source: RdfSource, signal: AbortSignal): Promise<Checked>
  /** Throws as parse, and NOT_ACCEPTABLE when `to` is no type that is written. */
  convert(bytes: Uint8Array, conversion: Conversion, signal: AbortSignal): Promise<Uint8Array>
  /** Reads text/n3 or application/sparql-update. Throws PATCH_SYNTAX, PATCH_INVALID. */
  readPatch(bytes: Uint8Array, language: { kind: Patch['kind']; base: string }, signal: AbortSignal): Promise<Patch>
  /** Throws PATCH_CONFLICT, PATCH_TARGET (not RDF, or RDF that cannot be written), PATCH_TOO_COMPLEX. */
  patch(
    document: PatchDocument | undefined,
    patch: Patch,
    options: { readonly base: string },
    signal: AbortSignal,
  ): Promise<PatchResult>
}

export interface RdfWorkersOptions extends IdleThreadOptions {
  /** Lowers the size up to which work is done on the calling thread. */
  readonly maxLocalBytes?: number
  /** JSON-LD contexts besides the bundled ones; a check fetches them, nothing else does. */
  readonly contexts?: KeptContexts | undefined
}

/** What takes about 20 ms each: JSON-LD and SPARQL are read more than ten times slower than Turtle. */
const maxLocal: Readonly<Record<RdfType, number>> = {
  'text/turtle': 256 * KiB,
  'text/n3': 256 * KiB,
  'application/n-triples': 256 * KiB,
  'application/n-quads': 256 * KiB,
  'application/trig': 256 * KiB,
  'application/rdf+xml': 16 * KiB,
  'application/ld+json': 16 * KiB,
}
const maxLocalPatchBytes: Readonly<Record<Patch['kind'], number>> = { n3: 64 * KiB, sparql: 4 * KiB }
/** A dearer WHERE starts again on the thread, with the whole budget. */
const maxLocalSteps = 20_000
const maxLocalPatchTriples = 5000
/** `( 1 1 1 …` is a triple a byte. */
const maxLocalQuads = 10_000

export function openRdfWorkers(options: RdfWorkersOptions): RdfWorkers {
  return new Workers(options)
}

class Workers implements RdfWorkers {
  readonly #maxLocalBytes: number
  readonly #thread: IdleThread
  readonly #kept: KeptContexts | undefined

  constructor(options: RdfWorkersOptions) {
    this.#maxLocalBytes = options.maxLocalBytes ?? Number.POSITIVE_INFINITY
    this.#thread = new IdleThread(options)
    this.#kept = options.contexts
  }

  async parse(bytes: Uint8Array, named: RdfSource, signal: AbortSignal): Promise<ParsedRdf> {
    signal.throwIfAborted()
    const source = { ...named, contexts: await this.#contextsOf(bytes, named, signal) }
    const far = async (): Promise<ParsedRdf> =>
      unpackRdf((await this.#thread.ask({ kind: 'parse', bytes, source }, bytes.length, signal)) as PackedRdf)
    if (!this.#isSmall({ bytes, ...source })) return far()
    return unlessDear(() => parseRdf(bytes, { ...source, maxQuads: maxLocalQuads }), far)
  }

  async check(bytes: Uint8Array, source: RdfSource, signal: AbortSignal): Promise<Checked> {
    signal.throwIfAborted()
    const contexts = await this.#contextsOf(bytes, source, signal, 'learn')
    return this.#checkWith(bytes, { ...source, contexts }, signal)
  }

  async #checkWith(bytes: Uint8Array, source: RdfSource, signal: AbortSignal): Promise<Checked> {
    const far = async (): Promise<Checked> =>
      (await this.#thread.ask({ kind: 'check', bytes, source }, bytes.length, signal)) as Checked
    if (!this.#isSmall({ bytes, ...source })) return far()
    return unlessDear(() => checkRdf(bytes, { ...source, maxQuads: maxLocalQuads }), far)
  }

  async convert(bytes: Uint8Array, named: Conversion, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted()
    writableType(named.to)
    const contexts = await this.#contextsOf(bytes, { mediaType: named.from, base: named.base }, signal)
    const conversion = { ...named, contexts }
    const far = async (): Promise<Uint8Array> =>
      (await this.#thread.ask({ kind: 'convert', bytes, conversion }, bytes.length, signal)) as Uint8Array
    if (!this.#isSmall({ bytes, mediaType: conversion.from, contexts })) return far()
    return unlessDear(() => convertRdf(bytes, { ...conversion, maxQuads: maxLocalQuads }), far)
  }

  async readPatch(
    bytes: Uint8Array,
    { kind, base }: { readonly kind: Patch['kind']; readonly base: string },
    signal: AbortSignal,
  ): Promise<Patch> {
    signal.throwIfAborted()
    let text: string
    try {
      text = decode(bytes)
    } catch (error) {
      throw new XpodError('PATCH_SYNTAX', 'it is not UTF-8', { cause: error })
    }
    if (bytes.length <= maxLocalPatchBytes[kind]) return readPatchText(text, kind, base)
    const request: RdfRequest = { kind: 'read-patch', text, language: kind, base }
    return unpackPatch((await this.#thread.ask(request, bytes.length, signal)) as PackedPatch)
  }

  async patch(
    target: PatchDocument | undefined,
    patch: Patch,
    { base }: { readonly base: string },
    signal: AbortSignal,
  ): Promise<PatchResult> {
    signal.throwIfAborted()
    const document = target && (await this.#withContexts(target, base, signal))
    const isLarge = document !== undefined && !this.#isSmall(document)
    const far = (): Promise<PatchResult> => this.#patchOnThread(document, patch, base, signal)
    if (isLarge || triplesIn(patch) > maxLocalPatchTriples) return far()
    return unlessDear(() => this.#patchHere(document, patch, base), far)
  }

  async #patchHere(document: PatchDocument | undefined, patch: Patch, base: string): Promise<PatchResult> {
    const parsed = document && (document.parsed ?? (await parseTarget(document, base, maxLocalQuads)))
    if (parsed !== undefined && parsed.quads.length > maxLocalQuads) throw new TooDear()
    try {
      return applyPatch(document, parsed, patch, { base, maxSteps: maxLocalSteps })
    } catch (error) {
      if (!(error instanceof XpodError) || error.code !== 'PATCH_TOO_COMPLEX') throw error
      throw new TooDear()
    }
  }

  async #withContexts(target: PatchDocument, base: string, signal: AbortSignal): Promise<PatchDocument> {
    if (target.parsed !== undefined) return target
    return { ...target, contexts: await this.#contextsOf(target.bytes, { mediaType: target.mediaType, base }, signal) }
  }

  /** What a document needs besides the bundled contexts. One that is not valid needs nothing: the work itself refuses it. */
  async #contextsOf(
    bytes: Uint8Array,
    source: RdfSource,
    signal: AbortSignal,
    how: 'find' | 'learn' = 'find',
  ): Promise<Contexts | undefined> {
    const kept = this.#kept
    if (kept === undefined || rdfTypeOf(source.mediaType) !== 'application/ld+json') return undefined
    const firstUnknown = async (contexts: Contexts): Promise<string | undefined> => {
      try {
        const checked = await this.#checkWith(bytes, { ...source, contexts }, signal)
        return checked.convertible ? undefined : checked.unknownContext
      } catch (error) {
        if (error instanceof XpodError && error.code === 'BODY_INVALID') return undefined
        throw error
      }
    }
    return gatherContexts(firstUnknown, (url) => kept[how](url))
  }

  /** Also what is no RDF at all, which is refused at once. */
  #isSmall({ bytes, mediaType, contexts }: PatchDocument): boolean {
    const type = rdfTypeOf(mediaType)
    if (type === undefined) return true
    if (bytes.length > Math.min(maxLocal[type], this.#maxLocalBytes)) return false
    return type !== 'application/ld+json' || isPlainJsonLd(bytes, contexts)
  }

  async #patchOnThread(
    document: PatchDocument | undefined,
    patch: Patch,
    base: string,
    signal: AbortSignal,
  ): Promise<PatchResult> {
    const plain = document && { bytes: document.bytes, mediaType: document.mediaType, contexts: document.contexts }
    const request: RdfRequest = { kind: 'patch', document: plain, patch: packPatch(patch), base }
    const result = (await this.#thread.ask(request, document?.bytes.length ?? 0, signal)) as PackedResult
    return {
      bytes: result.bytes,
      mediaType: result.mediaType,
      removed: unpackQuads(result.removed),
      added: unpackQuads(result.added),
      parsed: undefined,
      // Most callers look at what changed only; unpacking all of a large document takes its time.
      get quads() {
        return unpackQuads(result.quads)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]()
  }
}

/** What `local` finds too much for this thread, `far` does on the other. */
async function unlessDear<T>(local: () => Promise<T>, far: () => Promise<T>): Promise<T> {
  try {
    return await local()
  } catch (error) {
    if (!(error instanceof TooDear)) throw error
    return far()
  }
}

function triplesIn(patch: Patch): number {
  let triples = 0
  for (const step of patch.steps) triples += step.deletes.length + step.inserts.length + step.where.length
  return triples
}
