// Keeps the feed of a pod for its webhooks that fail, one pin a pod (store rule 25). A pin ends by itself some time after
// nobody renews it, so a crash leaves none behind. Past its rows the store drops it, and those channels hear one Update.

import type { Clock } from '../../../base/clock.ts'
import type { PodPins } from '../../store/pod-store.ts'
import type { PodId, Version } from '../../store/resource.ts'

const pinName = 'webhooks'
const maxRows = 10_000
const lastsMs = 2 * 3_600_000
const renewAfterMs = 3_600_000

export interface Pins {
  /** `from`: what came after it is kept; undefined lets go. Costs a write only when something changes, or once an hour. */
  hold(pod: PodId, from: Version | undefined): Promise<void>
}

export function createPins({ store, clock }: { readonly store: PodPins; readonly clock: Clock }): Pins {
  const held = new Map<PodId, { readonly seq: number; readonly atMs: number }>()
  return {
    async hold(pod, from) {
      const before = held.get(pod)
      if (from === undefined) {
        if (before === undefined) return
        held.delete(pod)
        return await store.unpin(pod, pinName)
      }
      const nowMs = clock.nowMs()
      if (before?.seq === from.seq && nowMs - before.atMs < renewAfterMs) return
      held.set(pod, { seq: from.seq, atMs: nowMs })
      await store.pin(pod, { name: pinName, from, untilMs: nowMs + lastsMs, maxRows })
    },
  }
}
