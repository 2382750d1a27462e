// Bodies as they come from the disk: small ones from their table, larger ones from the object store, checked against their
// hash each time they are read whole into memory, and the first time this process streams them whole: hashing a large file
// again for each reader would cost more than sending it. A damaged one is quarantined and named, and never looks complete.
// What was damaged only on its way here is not: before a blob is called damaged, it is read once more from its store itself.

import assert from 'node:assert/strict'
import { createHash, hash } from 'node:crypto'

import { collect } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { ObjectStore, ReadHints } from '../../core/objects/object-store.ts'
import type { Path } from '../path.ts'
import { complete, judging, proving } from './body-streams.ts'
import type { ByteRange, Found, PodReader } from './pod-store.ts'
import type { Quarantine } from './quarantine.ts'
import type { PodId, Resource } from './resource.ts'

/** Blobs whose hash was right when they were streamed; beyond this they are hashed again. */
const maxProven = 10_000

type Bytes = Uint8Array | undefined

/** The hash of nothing is that of no blob. */
const noBytes = Buffer.alloc(0)

export interface BodyParts {
  readonly objects: ObjectStore
  readonly quarantine: Quarantine
  readonly findNow: (pod: PodId, path: Path) => Found | Promise<Found>
  /** The bytes of a small body, by the number that its row gives. */
  readonly inlineBytes: (pod: PodId, id: number) => Bytes | Promise<Bytes>
}

export function createBodyReader(parts: BodyParts): Pick<PodReader, 'readBody' | 'streamBody'> {
  const { objects, quarantine, findNow } = parts
  const proven = new Set<string>()

  /** The row was read before; it is damage only when the same version still stands there. */
  async function damaged(pod: PodId, resource: Resource, reason: string): Promise<XpodError> {
    const { resource: now } = await findNow(pod, resource.path)
    const isSame = now?.version.seq === resource.version.seq && now.version.mark === resource.version.mark
    if (!isSame) return new XpodError('OVERLOADED', 'it changed while it was read')
    quarantine.add(pod, resource.path, reason)
    return new XpodError('CORRUPT', reason)
  }

  async function readBody(pod: PodId, resource: Resource, signal: AbortSignal): Promise<Uint8Array> {
    for (const isFresh of [false, true]) {
      const bytes = await bytesOf(parts, pod, resource, { isFresh, signal })
      if (bytes === undefined) throw await damaged(pod, resource, 'body missing')
      if (hash('sha256', bytes, 'buffer').equals(resource.sha256)) return bytes
    }
    throw await damaged(pod, resource, 'hash mismatch')
  }

  async function* streamBlob(
    pod: PodId,
    resource: Resource,
    blob: string,
    { range, signal }: { readonly range: ByteRange | undefined; readonly signal: AbortSignal },
  ) {
    const damage = (reason: string) => damaged(pod, resource, reason)
    const suspect = async (reason: string): Promise<XpodError> => {
      const isPassing = await isIntact(objects, { blob, resource }, signal)
      return isPassing ? new XpodError('OVERLOADED', 'it was damaged on its way') : damage(reason)
    }
    const stream = await objects.get(blob, range, signal, hintsOf(resource)).catch(async (error: unknown) => {
      if (codeOf(error) === 'CORRUPT') throw await suspect('hash mismatch')
      throw codeOf(error) === 'NOT_FOUND' ? await damage('body missing') : error
    })
    const judged = judging(stream, suspect)
    if (range !== undefined) yield* complete(judged, range.end - range.start + 1, damage)
    else if (proven.has(blob)) yield* complete(judged, resource.size, damage)
    else {
      yield* proving(judged, resource.sha256, suspect)
      if (proven.size >= maxProven) proven.clear()
      proven.add(blob)
    }
  }

  return {
    readBody,
    async *streamBody(pod: PodId, resource: Resource, range: ByteRange | undefined, signal: AbortSignal) {
      const ref = resource.bodyRef
      assert(ref !== undefined, 'containers have no body')
      if ('blob' in ref) yield* streamBlob(pod, resource, ref.blob, { range, signal })
      else {
        const bytes = await readBody(pod, resource, signal)
        yield range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)
      }
    },
  }
}

/** Undefined when there is nothing; no bytes when a cache below found damaged what came. */
async function bytesOf(
  { objects, inlineBytes }: BodyParts,
  pod: PodId,
  resource: Resource,
  { isFresh, signal }: { readonly isFresh: boolean; readonly signal: AbortSignal },
): Promise<Bytes> {
  const ref = resource.bodyRef
  assert(ref !== undefined, 'containers have no body')
  if ('inline' in ref) return inlineBytes(pod, ref.inline)
  try {
    const hints = { ...hintsOf(resource), isFresh }
    return await collect(await objects.get(ref.blob, undefined, signal, hints), resource.size)
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return undefined
    if (codeOf(error) === 'CORRUPT') return noBytes
    throw error
  }
}

/** Whether the store itself has the right bytes. */
async function isIntact(
  objects: ObjectStore,
  { blob, resource }: { readonly blob: string; readonly resource: Resource },
  signal: AbortSignal,
): Promise<boolean> {
  const digest = createHash('sha256')
  try {
    const hints = { ...hintsOf(resource), isFresh: true }
    for await (const chunk of await objects.get(blob, undefined, signal, hints)) digest.update(chunk)
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return false
    throw error
  }
  return digest.digest().equals(resource.sha256)
}

/** What a cache below need not ask for. */
function hintsOf({ size, sha256 }: Resource): ReadHints {
  return { size, sha256 }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof XpodError ? error.code : undefined
}
