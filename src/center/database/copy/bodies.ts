// Large bodies on their way from the files of a data directory into an S3 store: those that a resource names, a few at a time,
// each hashed while it is sent and compared with its row. What lies there already from an earlier run is read and hashed
// instead. Bodies that were replaced or deleted stay behind: nobody can ask for them.

import { XpodError } from '../../../base/errors.ts'
import { pagesOf, keyOf, type Side } from '../../../core/db/copy/table.ts'
import type { Row, SqlValue } from '../../../core/db/database.ts'
import { DigestCount } from '../../../core/objects/digest-stream.ts'
import type { ObjectStore } from '../../../core/objects/object-store.ts'
import { resourceKey, resourceTable } from './tables.ts'

export interface BodyStores {
  readonly from: ObjectStore
  readonly to: ObjectStore
}

export interface BodyPage {
  readonly after: readonly SqlValue[]
  readonly bodies: number
  readonly bytes: number
}

const inFlight = 4

/** Goes through the resources behind `after`; tells of each page that had bodies. Throws COPY_MISMATCH, what a store throws. */
export async function copyBodies(
  rows: Side,
  stores: BodyStores,
  after: readonly SqlValue[] | undefined,
  onPage: (page: BodyPage) => Promise<void>,
): Promise<void> {
  for await (const page of pagesOf(rows, resourceTable, after)) {
    const large = page.filter(({ blob }) => blob !== null)
    if (large.length === 0) continue
    for (let at = 0; at < large.length; at += inFlight) {
      await Promise.all(large.slice(at, at + inFlight).map((row) => copyBody(row, stores)))
    }
    const bytes = large.reduce((sum, { size }) => sum + (size as number), 0)
    await onPage({ after: keyOf(resourceTable, page.at(-1)!), bodies: large.length, bytes })
  }
}

async function copyBody(row: Row, { from, to }: BodyStores): Promise<void> {
  const key = row.blob as string
  const size = row.size as number
  const { signal } = new AbortController()
  if ((await to.head(key)) !== undefined) {
    if (isBodyOf(row, await digestOf(await to.get(key, undefined, signal)))) return
    await to.delete([key])
  }
  const sent = await to.put(key, await open(from, row, signal), { size }, signal)
  if (isBodyOf(row, sent)) return
  await to.delete([key])
  throw mismatch(row, 'is not the one that was stored')
}

async function open(from: ObjectStore, row: Row, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  try {
    return await from.get(row.blob as string, undefined, signal, { isScan: true })
  } catch (error) {
    throw error instanceof XpodError && error.code === 'NOT_FOUND' ? mismatch(row, 'is missing') : error
  }
}

interface Digest {
  readonly size: number
  readonly sha256: Uint8Array
}

async function digestOf(body: AsyncIterable<Uint8Array>): Promise<Digest> {
  const count = new DigestCount()
  for await (const chunk of body) count.add(chunk)
  return count.end()
}

function isBodyOf(row: Row, { size, sha256 }: Digest): boolean {
  return size === row.size && Buffer.compare(sha256, row.sha256 as Uint8Array) === 0
}

function mismatch({ blob, parent, name }: Row, what: string): XpodError {
  const path = resourceKey(parent as string, name as string)
  return new XpodError('COPY_MISMATCH', `the body of ${path} (object ${blob as string}) ${what}`)
}
