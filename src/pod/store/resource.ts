// What a pod consists of, as values: rows as the store gives them, without behaviour.

import type { Path } from '../path.ts'

/** Global pod id: UUID version 7. In blob keys, the feed and routes; never shown in URLs. */
export type PodId = string

/**
 * The commit that wrote something: the pod's seq of that commit and 32 random bits of it. Never restarted and never
 * reused, also across moves and restores, so it can key every cache, ETag and cursor (store rule 10).
 */
export interface Version {
  readonly seq: number
  readonly mark: number
}

export type Kind = 'container' | 'document' | 'acl' | 'meta'

/** A blob in the ObjectStore, or a small body in the row's own `body` table. */
export type BodyRef = { readonly blob: string } | { readonly inline: number }

export interface Resource {
  readonly path: Path
  readonly kind: Kind
  /** The commit that last wrote this row (its own content, not its children). */
  readonly version: Version
  /** Containers: seq of the last commit that touched a child; otherwise 0. Part of the ETag of a container. */
  readonly childSeq: number
  /** As sent, parameters included; "" for containers. */
  readonly mediaType: string
  /** Bytes of the body; 0 for containers. */
  readonly size: number
  /** SHA-256 of the body, 32 bytes; empty for containers. */
  readonly sha256: Uint8Array
  readonly bodyRef: BodyRef | undefined
  /** Integer ms; for containers the last change of containment. */
  readonly modifiedMs: number
}

/** One line of a container listing. */
export interface Child {
  readonly path: Path
  readonly kind: 'container' | 'document'
  readonly mediaType: string
  readonly size: number
  readonly modifiedMs: number
}

export interface FeedTouch {
  readonly path: Path
  readonly act: 'create' | 'update' | 'delete'
  readonly kind: Kind
  readonly mediaType: string
  readonly size: number
  readonly modifiedMs: number
}

/** One row per committed Change; the feed says that a key changed, consumers read the current row (store rule 25). */
export interface FeedEntry {
  readonly version: Version
  readonly epoch: number
  readonly atMs: number
  readonly opId: string
  readonly agent: FeedAgent
  readonly bytesDelta: number
  /** Ancestors made and auxiliaries cascaded included. */
  readonly touched: readonly FeedTouch[]
  readonly ended?: EndedAcl
}

/** An ACL that a commit took away: whom it let read is told of the end, and only that. */
export interface EndedAcl {
  /** What the ACL belonged to. */
  readonly subject: Path
  /** Its rules, as access/rules.ts writes them. */
  readonly rules: string
}

export interface FeedAgent {
  readonly webId?: string
  readonly clientId?: string
  readonly issuer?: string
  readonly origin?: string
}

export type PodState = 'active' | 'staging' | 'sealed' | 'deleting'

/** The counters beside the data, narrow and locked by each commit. */
export interface PodHead {
  readonly pod: PodId
  readonly node: string
  readonly epoch: number
  readonly state: PodState
  readonly version: Version
  /** seq of the last commit that put or deleted an ACL or a group document named by one. */
  readonly aclSeq: number
  /** Bodies + ACLs + .meta + 256 bytes a resource (rule 20). */
  readonly bytes: number
  readonly resources: number
  /** XOR of all resource digests, 16 bytes (store rule 26). */
  readonly digest: Uint8Array
}

/** What a pod is called and allowed: names, settings, limits. */
export interface PodRecord {
  readonly id: PodId
  /** `alice`. */
  readonly name: string
  /** Canonical base with a trailing slash: `https://host/alice/` or `https://alice.host/`. */
  readonly base: string
  /** Former bases; equal to `base` in ACLs and owner checks, never served (308). */
  readonly aliases: readonly string[]
  /** WebIDs; never empty. */
  readonly owners: readonly string[]
  /** Those of them that everybody is told, by the Link header of the root. */
  readonly shownOwners: readonly string[]
  readonly quotaBytes: number
  readonly quotaResources: number
  readonly createdMs: number
}

export type Owners = Pick<PodRecord, 'owners' | 'shownOwners'>
