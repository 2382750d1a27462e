// Where several centers use one database, subscribers of a pod are served by its home and by nobody else: what they are told is
// judged there, and only there it is heard at once. A center that finds out that a pod has another home sends its subscribers
// away; one that becomes a home takes up its webhooks.

import { toXpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Heartbeat } from '../../core/heartbeat/heartbeat.ts'
import type { ResidentHomes } from '../../pod/homes.ts'
import type { Follower } from '../../pod/notify/follower.ts'
import { isElsewhere } from '../../pod/notify/judge.ts'
import type { LegacyUpdates } from '../../pod/notify/live/legacy.ts'
import type { Receivers } from '../../pod/notify/live/receivers.ts'
import type { Notifications } from '../../pod/notify/notifications.ts'
import type { Webhooks } from '../../pod/notify/webhooks/webhooks.ts'
import type { PodId } from '../../pod/store/resource.ts'

export interface HomeKeeping {
  readonly lease: Pick<Heartbeat, 'onRegained'>
  readonly homes: ResidentHomes
  readonly follower: Pick<Follower, 'pods'>
  readonly receivers: Pick<Receivers, 'podLeft'>
  /** Undefined: not served. */
  readonly legacy: Pick<LegacyUpdates, 'podLeft'> | undefined
  podGone(pod: PodId): void
  readonly webhooks: Pick<Webhooks, 'podArrived' | 'podLeft'>
  readonly log: Log
}

export function keepAtHome(keeping: HomeKeeping): Disposable {
  const { lease, homes, follower, receivers, legacy, webhooks, log } = keeping

  function left(pod: PodId): void {
    receivers.podLeft(pod)
    legacy?.podLeft(pod)
    webhooks.podLeft(pod)
  }

  /** While the lease was lost, pods may have got another home, and nobody would say so on a feed that is silent here. */
  async function look(): Promise<void> {
    for (const pod of follower.pods()) {
      try {
        await homes.of(pod)
      } catch (error) {
        if (isElsewhere(error)) left(pod.id)
        else log.warn('notify.home', { pod: pod.id, error: toXpodError(error) })
      }
    }
  }

  const stack = new DisposableStack()
  stack.use(lease.onRegained(() => void look()))
  stack.use(
    homes.onMove(({ kind, pod }) => {
      if (kind === 'arrived') webhooks.podArrived(pod)
      else if (kind === 'left') left(pod.id)
      else if (kind === 'gone') keeping.podGone(pod.id)
    }),
  )
  return stack
}

/** Throws POD_ELSEWHERE, as every other request to such a pod does. */
export function answerAtHome(notifications: Notifications, homes: ResidentHomes): Notifications {
  return {
    async handle(request, agent) {
      await homes.of(request.pod)
      return notifications.handle(request, agent)
    },
    async accept(asked, request, agent) {
      await homes.of(request.pod)
      return notifications.accept(asked, request, agent)
    },
    async upgrade(pod, path, request) {
      await homes.of(pod)
      return notifications.upgrade(pod, path, request)
    },
  }
}
