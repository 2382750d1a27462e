// Keeps the feeds of pods for their webhooks that fail, one pin a pod (store rule 25). A pin ends by itself some time after
// nobody renews it, so a crash leaves none behind. Past its rows the store drops it, and those channels hear one Update.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { PodPins } from '../../store/pod-store.ts'
import type { PodId, Version } from '../../store/resource.ts'

const pinName = 'webhooks'
const maxRows = 10_000
const lastsMs = 2 * 3_600_000
const renewAfterMs = 3_600_000

export interface Pins {
  /**
   * Of these pods what came after the version is kept, of others nothing more. Costs a write where something changed, and
   * one an hour for each pod.
   */
  keep(wanted: ReadonlyMap<PodId, Version>): Promise<void>
}

export function createPins(parts: { readonly store: PodPins; readonly clock: Clock; readonly log: Log }): Pins {
  const { store, clock, log } = parts
  const held = new Map<PodId, { readonly seq: number; readonly untilMs: number }>()

  async function pin(pod: PodId, from: Version): Promise<void> {
    const before = held.get(pod)
    const nowMs = clock.nowMs()
    if (before?.seq === from.seq && before.untilMs - nowMs > lastsMs - renewAfterMs) return
    await store.pin(pod, { name: pinName, from, untilMs: nowMs + lastsMs, maxRows })
    held.set(pod, { seq: from.seq, untilMs: nowMs + lastsMs })
  }

  async function unpin(pod: PodId): Promise<void> {
    held.delete(pod)
    await store.unpin(pod, pinName)
  }

  const attempt = (pod: PodId, work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => log.warn('notify.feed-unkept', { pod, error }))

  return {
    async keep(wanted) {
      for (const pod of held.keys()) if (!wanted.has(pod)) await attempt(pod, unpin(pod))
      for (const [pod, from] of wanted) await attempt(pod, pin(pod, from))
    },
  }
}
