// What a node keeps in memory of the pods it is home of, as the rest of the protocol sees it. The home is the only writer,
// so memory may answer: a hot public GET touches neither database nor disk.

import type { Path } from './path.ts'
import type { Derived } from './representation/variant.ts'
import { KiB } from '../base/bytes.ts'
import type { XpodError } from '../base/errors.ts'
import type { Change, Outcome } from './store/change.ts'
import type { PodRecord, Resource } from './store/resource.ts'

/** A resource with what was derived from this version of it; `undefined` resource is a remembered absence. */
export interface Entry {
  /** The row at this key in whichever slash form it has; look at resource.path for a twin. */
  readonly resource: Resource | undefined
  /** The whole body when it is small enough to keep. */
  readonly body: Uint8Array | undefined
  /** seq up to which this entry is known to be current when it was installed. */
  readonly seq: number
  /** A container's .meta row: the listing shows its triples, so the container's ETag depends on it. */
  readonly meta?: Resource | undefined
  /** A container's: the history of the database that it was read in; commits of another may have used its numbers again. */
  readonly history?: number | undefined
  /** The stored body is not what was written: nothing of it is served, but it can be replaced or deleted. Never resident. */
  readonly damage?: XpodError
  /** Representations and prepared headers of this version; filled in by reads. */
  derived?: Derived | undefined
}

/** Bodies up to here stay in memory. */
export const maxResidentBody = 256 * KiB

/** Bytes of bodies that a change names as blobs, by path, when its maker holds them: memory need not read them back. */
export type KnownBodies = ReadonlyMap<Path, Uint8Array>

export interface PodHome {
  readonly pod: PodRecord
  /** seq of the last commit that put or deleted an ACL (or a group document that one names). */
  readonly aclSeq: number
  /** Memory only. Undefined when not resident. Accepts either slash form. */
  peek(path: Path): Entry | undefined
  /** Memory, else the store; the entry stays resident. */
  load(path: Path): Promise<Entry>
  /** Body bytes of an entry, from memory or the store; for documents of at most `maxBytes` (else BODY_TOO_LARGE). */
  bytes(entry: Entry, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>
  /** Counts bytes that were derived from an entry and are kept with it. */
  charge(entry: Entry, bytes: number): void
  /** Drops an entry that the store was seen to be ahead of; the next load reads it again. */
  forget(entry: Entry): void
  /** Commits at this home's epoch and applies the outcome to memory, in order, before it resolves. */
  commit(change: Omit<Change, 'pod' | 'epoch'>, bodies?: KnownBodies): Promise<Outcome>
  /**
   * Runs tasks of one path one after the other, fair (store rule 8): a PATCH is computed from the result of the one before.
   * At most 64 wait; more is POD_BUSY.
   */
  inOrder<T>(path: Path, task: () => Promise<T>): Promise<T>
}

export interface PodHomes {
  /** The home of a pod at this node; loads its head on first use. Throws POD_ELSEWHERE, POD_UNKNOWN. */
  of(pod: PodRecord): PodHome | Promise<PodHome>
}
