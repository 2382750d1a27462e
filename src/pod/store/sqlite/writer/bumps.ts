// Which containers learn of a change (rule 21): the parent of whatever was written, and the grandparent too when it was
// created or deleted, because the grandparent's listing shows the parent's time.

import type { Key } from '../../../path.ts'
import { containerKind, firstAuxiliary, parentKeyOf } from '../../rows.ts'
import type { Plan, PlannedBump } from './plan.ts'

export interface Bumps {
  readonly stored: readonly PlannedBump[]
  /** Keys of containers made by this change that have children from the start. */
  readonly made: ReadonlySet<Key>
}

export function bumpsOf(plan: Plan): Bumps {
  /** key → whether its containment changed */
  const bumped = new Map<Key, boolean>()
  const bump = (key: Key, containment: boolean): void => {
    bumped.set(key, containment || (bumped.get(key) ?? false))
  }
  for (const write of plan.planned()) {
    if (write.kind >= firstAuxiliary || write.key === '') continue
    const parent = parentKeyOf(write.key)
    bump(parent, write.act !== 'update')
    if (write.act !== 'update' && parent !== '') bump(parentKeyOf(parent), false)
  }
  const stored: PlannedBump[] = []
  const made = new Set<Key>()
  for (const [key, containment] of bumped) {
    if (plan.kindAt(key) !== containerKind) continue
    const before = plan.stored(key)
    if (before === undefined) made.add(key)
    else stored.push({ before, containment, modifiedMs: bumpedMs(plan, before.modifiedMs, containment) })
  }
  return { stored, made }
}

function bumpedMs(plan: Plan, previousMs: number, containment: boolean): number {
  return containment ? Math.max(plan.nowMs, previousMs + 1) : previousMs
}
