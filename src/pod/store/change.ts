// A write is a value. `Change` is everything that alters a pod; `commit(change)` is the only mutating call, and the feed
// it leaves is what notifications, moves, recounts and audit read. Nothing else observes writes.

import type { Path } from '../path.ts'
import type { EndedAcl, FeedAgent, PodId, PodRecord, Version } from './resource.ts'

/** A body that lies ready: small ones inline, larger ones as an immutable blob under a never-reused key. */
export interface Staged extends AsyncDisposable {
  readonly size: number
  /** 32 bytes. */
  readonly sha256: Uint8Array
  /** The bytes when size ≤ 64 KiB. */
  readonly inline: Uint8Array | undefined
  /** `<podId>/<uuid>` otherwise; its stage row is consumed by the commit. */
  readonly blob: string | undefined
}

export type Require =
  /** Compare and swap: the state this change was computed from (PATCH, If-Match). For a container also its childSeq. */
  | { readonly kind: 'version'; readonly path: Path; readonly version: Version; readonly childSeq?: number }
  /** Creation; If-None-Match: *. Neither slash form exists. */
  | { readonly kind: 'absent'; readonly path: Path }
  /** If-Match: *; the container that a POST goes into. */
  | { readonly kind: 'exists'; readonly path: Path }
  /** The ACL state that the request was authorised under. */
  | { readonly kind: 'acl'; readonly aclSeq: number }

export type Op =
  /**
   * Creates or replaces a document, ACL or .meta. Makes missing ancestor containers for documents; .acl and .meta need
   * their subject to exist and make none. An existing container at this key is 'slash-twin'.
   */
  | { readonly kind: 'put'; readonly path: Path; readonly mediaType: string; readonly body: StagedBody }
  /**
   * POST: the container must exist. Takes `wish` (one encoded segment) when neither slash form of it is taken, else
   * `fallback`. With `body` undefined a container is made.
   */
  | {
      readonly kind: 'create'
      readonly container: Path
      readonly wish: string | undefined
      readonly fallback: string
      readonly mediaType: string
      readonly body: StagedBody | undefined
      /** A described container: its .meta, written in the same commit. */
      readonly meta?: { readonly mediaType: string; readonly body: StagedBody }
    }
  /** Creates a container and missing ancestors; 'exists' when it is there. A described container adds a put of its .meta. */
  | { readonly kind: 'container'; readonly path: Path }
  /** Takes every auxiliary of the resource with it. A non-empty container and the root refuse ('not-empty'). */
  | { readonly kind: 'delete'; readonly path: Path }

/** The part of Staged that a commit needs; a plain value that can cross to another thread. */
export interface StagedBody {
  readonly size: number
  readonly sha256: Uint8Array
  readonly inline: Uint8Array | undefined
  readonly blob: string | undefined
}

export interface Change {
  readonly pod: PodId
  /** Fence: commits only while this node and instance is the pod's home at this epoch. */
  readonly epoch: number
  /** UUIDv7; a change committed before under the same opId returns its first outcome (store rule 3). */
  readonly opId: string
  readonly agent: FeedAgent
  /** Judged inside the transaction, in order, after opId and fence. */
  readonly require: readonly Require[]
  /** Applied all or none; a key appears once. */
  readonly ops: readonly Op[]
  /** ACL puts that name group documents of the same pod: their paths, kept as group_ref (rule 6). */
  readonly groups?: readonly { readonly acl: Path; readonly documents: readonly Path[] }[]
  /** With a delete that takes an ACL along; told on in the feed. */
  readonly ended?: EndedAcl
}

export interface Made {
  readonly path: Path
  readonly act: 'create' | 'update' | 'delete'
  readonly modifiedMs: number
}

export type Refusal =
  /** The fence: not this node's pod at this epoch any more, or not active. */
  | 'moved'
  | 'version'
  | 'exists'
  | 'missing'
  | 'not-empty'
  | 'slash-twin'
  | 'ancestor-is-document'
  | 'quota'
  | 'acl'
  | 'stage-lost'
  | 'busy'

export type Outcome =
  | {
      readonly ok: true
      readonly at: Version
      readonly aclSeq: number
      /** Every path touched, ops first in their order, then ancestors made and auxiliaries cascaded. */
      readonly made: readonly Made[]
      /** Containers whose childSeq moved to at.seq; `containment` when their own modifiedMs moved as well. */
      readonly parents: readonly { readonly path: Path; readonly containment: boolean; readonly modifiedMs: number }[]
    }
  | { readonly ok: false; readonly why: Refusal; readonly at: Path }

/** A new pod: its record and its first change (root container, root ACL, profile), one batch. */
export interface NewPod {
  readonly record: PodRecord
  readonly ops: readonly Op[]
}

export function* bodiesOf(ops: readonly Op[]): Iterable<StagedBody> {
  for (const op of ops) {
    if ((op.kind === 'put' || op.kind === 'create') && op.body !== undefined) yield op.body
    if (op.kind === 'create' && op.meta !== undefined) yield op.meta.body
  }
}

/** What a change weighs while it waits. */
export function bytesOf(ops: readonly Op[]): number {
  let bytes = 500
  for (const body of bodiesOf(ops)) bytes += body.inline?.length ?? 0
  return bytes
}
