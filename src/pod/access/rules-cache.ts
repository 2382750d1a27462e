// What was derived from the ACLs of each pod, valid for one acl_seq of it: a number to compare instead of a walk up the tree on
// every request. Bounded by bytes over all pods; beyond it the pod that came first is forgotten and derived again on demand.

import { MiB } from '../../base/bytes.ts'
import type { Path } from '../path.ts'
import type { PodId } from '../store/resource.ts'
import type { Acl } from './acl-document.ts'
import type { Groups } from './groups.ts'
import type { Rules } from './rules.ts'

export interface PodRules {
  readonly seq: number
  /** Subject → the rules in force for it. */
  readonly subjects: Map<Path, Rules>
  /** Container → what is inherited inside it. */
  readonly inherited: Map<Path, Rules>
  /** Group documents of the pod itself. */
  readonly groups: Map<Path, Groups>
  /** ACL path → its parsed form; stays valid beyond one acl_seq, because it names its version. */
  readonly parsed: Map<Path, ParsedVersion>
}

interface ParsedVersion {
  readonly version: string
  readonly acl: Acl
  readonly weight: number
}

const maxWeight = 64 * MiB
/** What a map entry costs beside its key. */
export const entryWeight = 100

export class RulesCache {
  readonly #pods = new Map<PodId, PodRules>()
  readonly #weights = new Map<PodId, number>()
  #weight = 0

  /** The state for this acl_seq; what belonged to another one is dropped. */
  of(pod: PodId, seq: number): PodRules {
    const known = this.#pods.get(pod)
    if (known !== undefined && known.seq === seq) return known
    const parsed = known?.parsed ?? new Map<Path, ParsedVersion>()
    this.forget(pod)
    const made = { seq, subjects: new Map(), inherited: new Map(), groups: new Map(), parsed }
    this.#pods.set(pod, made)
    let weight = entryWeight * 5
    for (const one of parsed.values()) weight += one.weight
    this.charge(pod, weight)
    return made
  }

  /** Whether this is still the state in use. */
  isCurrent(pod: PodId, rules: PodRules): boolean {
    return this.#pods.get(pod) === rules
  }

  /** Says that something of this many bytes was added to a pod's state. */
  charge(pod: PodId, bytes: number): void {
    this.#weights.set(pod, (this.#weights.get(pod) ?? 0) + bytes)
    this.#weight += bytes
    for (const oldest of this.#pods.keys()) {
      if (this.#weight <= maxWeight) break
      this.forget(oldest)
    }
  }

  forget(pod: PodId): void {
    this.#weight -= this.#weights.get(pod) ?? 0
    this.#weights.delete(pod)
    this.#pods.delete(pod)
  }
}
