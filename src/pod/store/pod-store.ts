// The contract of the pod store. SQLite implements it now, PostgreSQL in the same suite later; a simple in-memory model in
// the tests is what both are compared with. Shapes follow the rules of committing, versions, bodies and feed that the
// README of src calls the invariants.

import type { Path } from '../path.ts'
import type { Change, NewPod, Outcome, Staged } from './change.ts'
import type { Child, FeedEntry, Owners, PodHead, PodId, PodRecord, PodState, Resource, Version } from './resource.ts'

export interface StageLimits {
  /** One body may not exceed this (413). */
  readonly maxBytes: number
  /** The declared Content-Length, when there is one: room is reserved at once. */
  readonly expectedBytes: number | undefined
  /** May reach this far beyond the quota: what the body replaces gives as much back, ACLs have 1 MiB (rule 20). */
  readonly spareBytes?: number
  /** The chunks of the body are the store's alone, which frees them when they are stored. */
  readonly ownsChunks?: boolean
}

export interface PodWriter {
  /**
   * Streams a body to where a commit can name it: hashed, counted, reserved against quota and disk room while it arrives.
   * Durable when it resolves. Disposing without a commit gives the bytes back. Throws BODY_TOO_LARGE, QUOTA_EXCEEDED,
   * DISK_FULL, OVERLOADED, or the signal's reason.
   */
  stage(pod: PodId, body: AsyncIterable<Uint8Array>, limits: StageLimits, signal: AbortSignal): Promise<Staged>
  /** Resolves when durable. Throws DISK_FULL (nothing stored), OUTCOME_UNKNOWN, OVERLOADED. */
  commit(change: Change): Promise<Outcome>
}

/** A row together with the pod's version that it was read at, so that a cache can refuse an old fill (store rule 11). */
export interface Found {
  readonly at: Version
  readonly resource: Resource | undefined
}

export interface ChildPage {
  /** The container's own version and childSeq at which the page was read. */
  readonly version: Version
  readonly childSeq: number
  readonly page: readonly Child[]
}

export interface PodReader {
  head(pod: PodId): Promise<PodHead | undefined>
  /** Accepts either slash form and returns the row of that key, whichever form it has. */
  find(pod: PodId, path: Path): Promise<Found>
  /** Inline bodies and whole small blobs; hash checked, throws CORRUPT on a mismatch (the row is quarantined). */
  readBody(pod: PodId, resource: Resource, signal: AbortSignal): Promise<Uint8Array>
  /** Streams a body or the inclusive byte range of it. Never more than a bounded number of chunks ahead of its reader. */
  streamBody(
    pod: PodId,
    resource: Resource,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>
  /** Keyset page in key byte order; documents and containers only. Undefined when the container is gone. */
  children(pod: PodId, path: Path, after: string | undefined, limit: number): Promise<ChildPage | undefined>
  /** Entries after a version, or why they cannot be had. */
  changes(pod: PodId, after: Version, limit: number): Promise<ChangesPage>
}

export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

export type ChangesPage =
  | { readonly entries: readonly FeedEntry[]; readonly next: Version }
  | { readonly gone: 'truncated' | 'diverged'; readonly floor: Version }

/** The life of a pod. Each call is one batch that the control log later joins. */
export interface PodDirectory {
  /** Throws POD_EXISTS, POD_NAME_RESERVED (a deleted name, unless `reuseName`). */
  create(pod: NewPod, options?: { readonly reuseName?: boolean }): Promise<void>
  get(idOrName: string): Promise<PodRecord | undefined>
  /** Keyset page by name. */
  list(after: string | undefined, limit: number): Promise<readonly PodRecord[]>
  /** Every pod once, in no order; one that is made or deleted meanwhile may be left out. */
  each(visit: (record: PodRecord) => void): Promise<void>
  setState(pod: PodId, state: PodState): Promise<void>
  setQuota(pod: PodId, quota: { readonly bytes: number; readonly resources: number }): Promise<void>
  setOwners(pod: PodId, owners: Owners): Promise<void>
  /** Marks the pod deleting at once and empties it in chunks; resolves when the mark is durable. The name stays used. */
  delete(pod: PodId): Promise<void>
  /** Calls back after each change of the directory, in order, once durable. */
  onChange(listener: (change: DirectoryChange) => void): Disposable
}

export type DirectoryChange =
  | { readonly kind: 'put'; readonly record: PodRecord }
  | { readonly kind: 'delete'; readonly id: PodId; readonly base: string }

export interface FeedPin {
  readonly name: string
  /** What came after this version is kept. */
  readonly from: Version
  readonly untilMs: number
  /** More entries than this drop the pin; its holder gets 'truncated'. */
  readonly maxRows: number
}

/** A pin keeps feed entries and replaced blobs for a reader that is not done. */
export interface PodPins {
  pin(pod: PodId, pin: FeedPin): Promise<void>
  unpin(pod: PodId, name: string): Promise<void>
}

/** Rows that a move, import or copy brings, with their versions and times; only for a pod in state 'staging'. */
export interface PodImport {
  apply(pod: PodId, entries: readonly ImportEntry[]): Promise<void>
}

export interface ImportEntry {
  readonly resource: Resource
  /** Inline bytes when the body lies in the row; a blob is already at its key. */
  readonly body: Uint8Array | undefined
  readonly deleted: boolean
}

export interface PodStore extends PodWriter, PodReader, PodPins, PodImport, AsyncDisposable {
  readonly directory: PodDirectory
  /** One entry per quarantined row, for /readyz?verbose. */
  quarantined(): readonly { readonly pod: PodId; readonly path: Path; readonly reason: string }[]
}
