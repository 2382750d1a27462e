// Reading a document that somebody names by URL: WebIDs, discovery documents, key sets, groups. A URL that routes to this
// service is read from the store as an anonymous reader, never over HTTP (rule 12); any other through the outgoing door.
// Keeps nothing itself.

import { XpodError } from '../../base/errors.ts'
import type { FetchDoor } from '../../core/http/fetch-door.ts'
import type { StoredDocument } from './modes.ts'

/**
 * `undefined`: the URL is not of this service. `null`: it is, but there is nothing, or nothing that the public may read.
 * The URL may have a fragment.
 */
export type LocalDocuments = (url: string) => undefined | null | StoredDocument | Promise<StoredDocument | null>

export interface RemoteDocument {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** The base for relative references: where it was found in the end. */
  readonly url: string
  readonly isLocal: boolean
}

export interface DocumentReaders {
  readonly door: Pick<FetchDoor, 'fetch'>
  readonly local: LocalDocuments
}

/** Throws FETCH_REFUSED, FETCH_FAILED; the latter also for every status but 200. */
export async function readRemote(
  readers: DocumentReaders,
  url: string,
  options: { readonly accept: string; readonly maxBytes: number },
): Promise<RemoteDocument> {
  const local = readers.local(url)
  if (local !== undefined) return localDocument(url, await local, options.maxBytes)
  const fetched = await readers.door.fetch(url, options)
  if (fetched.status !== 200) throw new XpodError('FETCH_FAILED', `it answers ${fetched.status}`)
  return { bytes: fetched.bytes, mediaType: fetched.mediaType, url: fetched.url, isLocal: false }
}

function localDocument(url: string, stored: StoredDocument | null, maxBytes: number): RemoteDocument {
  if (stored === null) throw new XpodError('FETCH_FAILED', 'it is not readable by the public')
  if (stored.bytes.length > maxBytes) throw new XpodError('FETCH_FAILED', `it is larger than ${maxBytes} bytes`)
  return { bytes: stored.bytes, mediaType: stored.mediaType, url: url.replace(/#.*$/s, ''), isLocal: true }
}

const unreadable = new Set([
  'FETCH_REFUSED',
  'FETCH_FAILED',
  'BODY_INVALID',
  'MEDIA_TYPE_UNSUPPORTED',
  'NOT_ACCEPTABLE',
])

/** Whether an error says that the document is of no use (its owner's matter), rather than that this server is in trouble. */
export function isUnreadable(error: unknown): error is XpodError {
  return error instanceof XpodError && unreadable.has(error.code)
}
