// Notifications, composed: channels in SQL, what follows the feeds of pods, the open ends and the webhooks that are told, and the
// addresses where people subscribe. What costs something starts with the first subscriber of a pod.

import { addressRules } from '../../core/http/address-list.ts'
import type { Bus } from '../../core/bus/bus.ts'
import type { FetchDoor } from '../../core/http/fetch-door.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import { isLoopbackName } from '../../core/routing/host.ts'
import type { RoutingTable } from '../../core/routing/table.ts'
import type { Authorizer } from '../../pod/access/modes.ts'
import type { Authenticator } from '../../pod/auth/agent.ts'
import type { ResidentHomes } from '../../pod/homes.ts'
import { type ChannelCaps, type ChannelStore, openChannelStore } from '../../pod/notify/channels.ts'
import { createFollower } from '../../pod/notify/follower.ts'
import { createJudge, type Grants } from '../../pod/notify/judge.ts'
import { createLegacyUpdates, legacyPath, type LegacyUpdates } from '../../pod/notify/live/legacy.ts'
import { createReceivers } from '../../pod/notify/live/receivers.ts'
import { createNotifications, type Notifications } from '../../pod/notify/notifications.ts'
import { startSweeping } from '../../pod/notify/sweep.ts'
import type { WebhookSigner } from '../../pod/notify/webhooks/attempt.ts'
import { startWebhooks, type Webhooks } from '../../pod/notify/webhooks/webhooks.ts'
import type { Path } from '../../pod/path.ts'
import type { RdfWorkers } from '../../pod/rdf/workers.ts'
import type { PodId, PodRecord } from '../../pod/store/resource.ts'
import type { Cluster } from '../database/cluster.ts'
import type { CenterOptions } from '../options.ts'
import type { OpenedStore, Surround } from '../store.ts'
import { answerAtHome, keepAtHome } from './at-home.ts'
import { answerAtRoot } from './at-root.ts'

export interface CenterNotifications extends AsyncDisposable {
  readonly channels: ChannelStore
  readonly webhooks: Webhooks
  /** For the pod server, and for upgrades. */
  readonly pods: Notifications
  /** Whoever listens to it is told that it is over. */
  podGone(pod: PodId): void
  /** Requests below `/.notifications/` at the base URL itself; a canonical path. */
  handleAtRoot(request: HttpRequest, path: Path): Promise<HttpAnswer>
}

export interface NotificationCenterParts {
  readonly baseUrl: string
  readonly opened: OpenedStore
  readonly routes: RoutingTable<PodRecord>
  readonly homes: ResidentHomes
  /** Where other centers use the same database. */
  readonly cluster: Cluster | undefined
  readonly bus: Bus
  readonly authenticator: Authenticator
  readonly authorizer: Authorizer
  readonly grants: Grants
  readonly signer: WebhookSigner
  readonly door: FetchDoor
  readonly rdf: RdfWorkers
}

/** Of one WebID, and of one network address without a WebID; where the base URL is loopback only the pod's limit counts. */
const maxPerSubscriber = 1000

export async function openNotifications(
  options: CenterOptions,
  surround: Surround,
  parts: NotificationCenterParts,
): Promise<CenterNotifications> {
  const { clock, random, log, metrics } = surround
  const { baseUrl, opened, routes, homes, bus, authenticator, authorizer, grants, signer, door, rdf, cluster } = parts
  const { db, store } = opened
  await using stack = new AsyncDisposableStack()
  const isLoopback = isLoopbackName(new URL(baseUrl).hostname)
  const channels = openChannelStore(db, clock)
  stack.use(startSweeping({ channels, clock, log }))
  const judge = createJudge({ homes, authorizer, grants, clock })
  const follower = stack.use(createFollower({ bus, store, clock, log, metrics }))
  const receivers = stack.use(createReceivers({ channels, follower, judge, clock, log, metrics }))
  const shared = { channels, follower, judge, store, clock, random, log, metrics }
  const legacy = options.legacyUpdates ? createLegacyUpdates(shared) : undefined
  const podGone = (pod: PodId): void => {
    receivers.podGone(pod)
    legacy?.podGone(pod)
  }
  stack.use(store.directory.onChange((change) => void (change.kind === 'delete' && podGone(change.id))))
  const isHome = cluster && (async (pod: PodId) => (await store.head(pod))?.node === opened.node)
  const webhooks = stack.use(startWebhooks({ ...shared, door, signer, isHome }))
  if (cluster !== undefined)
    stack.use(keepAtHome({ ...cluster, homes, follower, receivers, legacy, podGone, webhooks, log }))
  const addresses = addressRules({ allowInternal: options.allowInternal, allowLoopback: isLoopback })
  const caps = capsOf(options, isLoopback)
  const isHere = (url: string): boolean => leadsHere(routes, url)
  const { sender } = signer
  const standard = createNotifications({ ...shared, caps, addresses, isHere, rdf, receivers, webhooks, sender })
  const complete = legacy === undefined ? standard : withLegacy(standard, legacy)
  const pods = cluster === undefined ? complete : answerAtHome(complete, homes)

  const atRoot = { baseUrl, routes, authenticator, notifications: pods, rdf, sender, log }
  const owned = stack.move()
  return {
    channels,
    webhooks,
    pods,
    podGone,
    handleAtRoot: (request, path) => answerAtRoot(atRoot, request, path),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

function withLegacy(standard: Notifications, legacy: LegacyUpdates): Notifications {
  return {
    ...standard,
    upgrade: (pod, path, request) =>
      path === legacyPath ? legacy.upgrade(pod, request) : standard.upgrade(pod, path, request),
  }
}

function capsOf({ notificationLimit }: CenterOptions, isLoopback: boolean): ChannelCaps {
  if (!isLoopback) return { perPod: notificationLimit, perWebId: maxPerSubscriber, perAddress: maxPerSubscriber }
  // Pages under development leave channels behind as well: the oldest make room once the pod is full of one person's.
  return { perPod: notificationLimit, perWebId: notificationLimit, perAddress: Number.POSITIVE_INFINITY }
}

/** As it would be sent: dot segments, which no path here may have, are resolved by then. */
function leadsHere(routes: RoutingTable<PodRecord>, text: string): boolean {
  const url = URL.parse(text)
  return url !== null && routes.find(url.host, url.pathname) !== undefined
}
