// Access modes as bits (Web Access Control, Access Modes). Write implies Append; Control implies nothing on the resource.

import type { Agent } from '../auth/agent.ts'
import type { Path } from '../path.ts'
import type { PodRecord } from '../store/resource.ts'

export type Modes = number

export const noAccess: Modes = 0
export const read: Modes = 1
export const append: Modes = 2
/** Write includes Append. */
export const write: Modes = 4 | 2
export const control: Modes = 8

export function allows(granted: Modes, wanted: Modes): boolean {
  return (granted & wanted) === wanted
}

/**
 * Decides what an agent may do. `path` is the subject: for an ACL resource ask for the resource it belongs to and look at
 * Control, for .meta ask for the subject. Synchronous when the rules are resident and no group document must be fetched.
 * An unreachable group document is no match, never an error. Web Access Control now, ACP later behind the same interface.
 */
export interface Authorizer {
  modes(pod: PodRecord, path: Path, agent: Agent): Modes | Promise<Modes>
  /** What the ACL of this very resource says, as a text that outlives it; undefined when it has none. */
  ownRules(pod: PodRecord, path: Path): Promise<string | undefined>
  /** What such a text gave to an agent. */
  modesUnder(pod: PodRecord, rules: string, agent: Agent): Modes | Promise<Modes>
}

/** Where an authorizer reads ACLs and group documents of pods at home here. */
export interface AclSource {
  /** seq of the last change of any ACL of the pod: everything derived from ACLs is valid for one value of it. */
  aclSeq(pod: PodRecord): number
  /** The ACL document at this path (`/c/.acl`), or undefined when it does not exist. Synchronous when resident. */
  readDocument(pod: PodRecord, path: Path): StoredDocument | undefined | Promise<StoredDocument | undefined>
  /** Whether something is at this path, in either slash form. Synchronous when resident. */
  exists(pod: PodRecord, path: Path): boolean | Promise<boolean>
}

export interface StoredDocument {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** Changes whenever the content does. */
  readonly version: string
}
