// Which changes of one pod may share a batch (store rule 6): those of which none can see what another one does. Judged on one
// snapshot they then come out as one after the other. Told apart are what is written, what is only looked at, containers whose
// children count and containers that learn of a child; a change of ACLs is the last of its pod. Sums of counters do not meet.

import { auxiliaryOf, type Key, parentOf } from '../../path.ts'
import type { Change } from '../change.ts'
import type { PodId } from '../resource.ts'
import { aclKind, parentKeyOf } from '../rows.ts'
import type { Compiled } from './lines.ts'

export interface Footprint {
  readonly opId: string
  readonly writes: readonly Key[]
  /** Written when they are missing. */
  readonly ancestors: readonly Key[]
  /** All keys that its outcome depends on, written ones included. */
  readonly looks: readonly Key[]
  readonly counts: readonly Key[]
  readonly bumps: readonly Key[]
  /** Alters ACLs for certain; what else alters them the commit function finds. */
  readonly movesAcl: boolean
}

export function footprintOf(change: Change, compiled: Compiled): Footprint {
  const bumps = new Set<Key>()
  const looks = new Set<Key>()
  for (const { key } of compiled.lines) if (key !== undefined) looks.add(key)
  for (const key of [...compiled.writes, ...compiled.ancestors]) {
    if (key === '' || auxiliaryOf(key) !== undefined) continue
    const up = parentKeyOf(key)
    bumps.add(up)
    if (up !== '') bumps.add(parentKeyOf(up))
  }
  for (const key of bumps) looks.add(key)
  return {
    opId: change.opId,
    writes: compiled.writes,
    ancestors: compiled.ancestors,
    looks: [...looks],
    counts: compiled.counts,
    bumps: [...bumps],
    movesAcl: compiled.lines.some(({ act, kind }) => act === 'put' && kind === aclKind),
  }
}

/** What the changes taken into a batch so far do to one pod. */
export class Taken {
  readonly #isKnown: (key: Key) => boolean
  readonly #opIds = new Set<string>()
  readonly #written = new Set<Key>()
  readonly #bumped = new Set<Key>()
  #movesAcl = false

  /** `isKnown`: a container stands there for certain, so no change has to make it. */
  constructor(isKnown: (key: Key) => boolean) {
    this.#isKnown = isKnown
  }

  /** Takes it in unless it meets what is there. */
  take(one: Footprint): boolean {
    const made = one.ancestors.filter((key) => !this.#isKnown(key))
    if (this.#meets(one, made)) return false
    this.#opIds.add(one.opId)
    for (const key of one.writes) this.#written.add(key)
    for (const key of made) this.#written.add(key)
    for (const key of one.bumps) this.#bumped.add(key)
    this.#movesAcl ||= one.movesAcl
    return true
  }

  #meets(one: Footprint, made: readonly Key[]): boolean {
    return (
      this.#movesAcl ||
      this.#opIds.has(one.opId) ||
      one.looks.some((key) => this.#written.has(key)) ||
      [one.counts, one.writes, made].some((keys) => keys.some((key) => this.#bumped.has(key)))
    )
  }
}

const maxKnown = 50_000

/**
 * Containers that are known to stand: changes below them can share a batch. Wrong only when somebody else deletes one at the
 * same epoch; then two changes make it, the batch fails whole and each is run alone.
 */
export class KnownContainers {
  readonly #known = new Set<string>()

  has(pod: PodId, epoch: number, key: Key): boolean {
    return key === '' || this.#known.has(`${pod} ${epoch}${key}`)
  }

  /** What stands has containers above it. */
  add(pod: PodId, epoch: number, path: string): void {
    for (let up: string | undefined = path; up !== undefined && up !== '/'; up = parentOf(up)) {
      const entry = `${pod} ${epoch}${up.slice(0, -1)}`
      if (this.#known.has(entry)) return
      this.#known.add(entry)
    }
    while (this.#known.size > maxKnown) this.#known.delete(this.#known.values().next().value!)
  }

  delete(pod: PodId, epoch: number, path: string): void {
    this.#known.delete(`${pod} ${epoch}${path.slice(0, -1)}`)
  }

  clear(): void {
    this.#known.clear()
  }
}
