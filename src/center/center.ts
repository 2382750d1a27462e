// A center, composed: this file is the list of its parts. It starts by taking its port and its data directory, answers 503
// until every part is there, and closes in the reverse order. Nothing but composition happens here.

import { MiB } from '../base/bytes.ts'
import { delay } from '../base/clock.ts'
import { tendHeap } from '../base/heap.ts'
import { XpodError } from '../base/errors.ts'
import { createLocalBus } from '../core/bus/local.ts'
import type { CacheSize } from '../core/cache/tiered/contract.ts'
import { openFetchDoor } from '../core/http/fetch-door.ts'
import { trustProxies } from '../core/http/forwarded.ts'
import type { HttpAnswer, HttpHandler } from '../core/http/message.ts'
import { problemAnswer } from '../core/http/problem.ts'
import { startHttpServer } from '../core/http/server.ts'
import type { UpgradeHandler } from '../core/http/websocket.ts'
import { isLoopbackName } from '../core/routing/host.ts'
import { createRoutingTable, type RoutingTable } from '../core/routing/table.ts'
import { createGroupSource } from '../pod/access/groups.ts'
import { type Authorizer, noAccess } from '../pod/access/modes.ts'
import { readRemote } from '../pod/access/remote-document.ts'
import { createWacAuthorizer } from '../pod/access/wac.ts'
import { createAuthenticator } from '../pod/auth/authenticator.ts'
import { createPodHomes } from '../pod/homes.ts'
import { announceUpdates } from '../pod/notify/live/legacy.ts'
import { loggedPath } from '../pod/notify/logged-path.ts'
import type { RetryWish } from '../pod/notify/webhooks/retry.ts'
import { type KeptContextsOptions, openKeptContexts } from '../pod/rdf/read/kept-contexts.ts'
import { openRdfWorkers } from '../pod/rdf/workers.ts'
import { createPodServer, type PodServer } from '../pod/server.ts'
import type { PodId, PodRecord } from '../pod/store/resource.ts'
import { startAdmin } from './health/listener.ts'
import type { PodAdministration } from './administration.ts'
import { baseUrlOf, settleBaseUrl } from './base-url.ts'
import { serveControl } from './control.ts'
import type { Cluster } from './database/cluster.ts'
import { watchFailovers } from './database/failover.ts'
import { createFront, type Front } from './front.ts'
import { type Identity, openIdentity } from './identity.ts'
import { createLocalDocuments } from './local-documents.ts'
import { type CenterNotifications, openNotifications } from './notifications/notifications.ts'
import { administer } from './offline.ts'
import type { CenterOptions } from './options.ts'
import { createOriginPages } from './origin-pages.ts'
import { findNewcomers, followDirectory, followMoves, podPacking } from './pod-routes.ts'
import { measureProcess } from './health/process-metrics.ts'
import { measureStored } from './health/stored-metrics.ts'
import { watchReadiness } from './health/readiness.ts'
import { type OpenedStore, openStore, type SharedPlace, type Surround } from './store.ts'

export interface Center extends AsyncDisposable {
  readonly baseUrl: string
  readonly adminUrl: string | undefined
  /** Absolute. */
  readonly dataDir: string
  readonly pods: PodAdministration
  readonly identity: Identity
  /** How much the cache of its S3 store may take from now on; resolves when no more is used. Undefined: it has none. */
  readonly setCacheSize: ((size: CacheSize) => Promise<void>) | undefined
  /** Not ready at once; stops accepting after `delayMs`, lets running requests finish for at most 30 s. Then dispose. */
  drain(delayMs: number): Promise<void>
}

const drainGraceMs = 30_000
/** Of the protocol parts (rule 19). */
const protocolLimits = { maxRdfBytes: 64 * MiB, maxPatchBytes: MiB, maxPatchTargetBytes: 16 * MiB }

/** Throws what a person can mend: PORT_IN_USE, DATA_DIR_LOCKED, BASE_URL_CHANGED and others, with nothing left open. */
export async function startCenter(options: CenterOptions, parts: Surround): Promise<Center> {
  const { clock, log, metrics } = parts
  await using stack = new AsyncDisposableStack()
  stack.use(measureProcess(metrics, clock))
  const gate = createGate()
  const { accessLog } = options
  const server = stack.use(
    await startHttpServer({ ...options.listen, ...gate.front, clock, log, metrics, accessLog, loggedPath }),
  )
  const pods = stack.use(await openPods(options, parts, server.port))
  const { baseUrl, opened, cluster, routes, identity, notifications, podServer } = pods
  const { dir, db, objects, store, node } = opened
  stack.use(measureStored({ db, node, clock, log, metrics }))
  const { accounts, provider } = identity
  const { channels, webhooks } = notifications
  const inside = {
    baseUrl,
    store,
    accounts,
    channels,
    rotateKeys: () => provider.rotateKeys(),
    retryWebhooks: (wish: RetryWish) => webhooks.retry(wish),
  }
  const administration = administer(options, parts, inside)
  stack.use(await serveControl({ dataDir: dir, runtimeDir: options.runtimeDir, administration, log }))
  const readiness = watchReadiness({ db, objects, store, lease: cluster?.lease, isDraining: () => draining })
  const { adminListen } = options
  const admin = adminListen && stack.use(await startAdmin({ listen: adminListen, readiness, metrics, clock, log }))
  const pages = createOriginPages(baseUrl)
  const trustsProxy = trustProxies(options.trustProxy)
  const newcomers = cluster && findNewcomers({ baseUrl, directory: store.directory, routes, clock })
  gate.open(createFront({ baseUrl, routes, pods: podServer, identity, pages, trustsProxy, notifications, newcomers }))

  stack.use(tendHeap(clock))

  let draining = false
  const running = stack.move()
  return {
    baseUrl,
    adminUrl: admin && baseUrlOf(admin),
    dataDir: dir,
    pods: administration.pods,
    identity,
    setCacheSize: opened.cache && ((size) => opened.cache!.setMaxSize(size)),
    async drain(delayMs) {
      draining = true
      await delay(clock, delayMs)
      await server.drain(drainGraceMs)
    },
    async [Symbol.asyncDispose]() {
      draining = true
      await server[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
    },
  }
}

interface OpenedPods extends AsyncDisposable {
  readonly baseUrl: string
  readonly opened: OpenedStore
  readonly cluster: Cluster | undefined
  readonly routes: RoutingTable<PodRecord>
  readonly identity: Identity
  readonly notifications: CenterNotifications
  readonly podServer: PodServer
}

/** The store and all that answers from it; knows nothing of sockets but the port in the default base URL. */
async function openPods(options: CenterOptions, parts: Surround, port: number): Promise<OpenedPods> {
  const { clock, random, log, metrics } = parts
  await using stack = new AsyncDisposableStack()
  const opened = stack.use(await openStore(options, parts))
  const { db, store, node } = opened
  const cluster = opened.shared && stack.use(await join(opened.shared, parts))
  const baseUrl = await settleBaseUrl(db, options.baseUrl, baseUrlOf({ ...options.listen, port }))

  const routes = createRoutingTable<PodRecord>({ baseUrl, node, packing: podPacking(baseUrl) })
  stack.use(await followDirectory(store.directory, routes))
  const allowLoopback = isLoopbackName(new URL(baseUrl).hostname)
  const door = stack.use(openFetchDoor({ allowInternal: options.allowInternal, allowLoopback, clock, log, metrics }))
  const fetch: KeptContextsOptions['fetch'] = (url, wanted) =>
    readRemote({ door, local: (named) => local(named) }, url, wanted)
  const contexts = options.jsonldContexts === 'fetch' ? openKeptContexts({ db, fetch, log }) : undefined
  const rdf = stack.use(openRdfWorkers({ log, metrics, contexts }))
  const bus = stack.use(createLocalBus({ log }))
  const { cacheMemoryBytes: maxBytes } = options
  const homes = stack.use(createPodHomes({ store, bus, node, clock, metrics, maxBytes, cluster }))
  const local = createLocalDocuments({ baseUrl, routes, homes, authorizer: () => authorizer })
  const groups = createGroupSource({ door, local, clock, rdf, log })
  const wac = createWacAuthorizer({ acls: homes, groups, acceptOrigin: options.aclOrigin, rdf, log })
  const authorizer = withholding(wac, (pod) => identity.isWithdrawn(pod))
  if (cluster !== undefined) {
    stack.use(homes.onMove(followMoves(routes, wac)))
    stack.use(watchFailovers({ cluster, homes, log, metrics }))
  }
  const identity = stack.use(await openIdentity(options, parts, { baseUrl, opened, routes, door, local, rdf }))
  const own = identity.provider.issuers
  const authenticator = createAuthenticator({ own, door, local, rdf, clock, log, metrics })
  const limits = { ...protocolLimits, maxBodyBytes: options.maxBodyBytes }
  const { webhookSigner: signer } = identity.provider
  const listening = {
    baseUrl,
    opened,
    routes,
    homes,
    bus,
    authenticator,
    authorizer,
    grants: identity.grants,
    signer,
    door,
    rdf,
    cluster,
  }
  const notifications = stack.use(await openNotifications(options, parts, listening))
  stack.use(identity.onWithdrawn((pod) => notifications.podGone(pod)))
  const { isLogin } = identity
  const pod = { store, homes, authenticator, authorizer, isLogin, rdf, clock, random, log, limits }
  const standard = createPodServer({ ...pod, metrics, lease: cluster?.lease, notifications: notifications.pods })
  const podServer = options.legacyUpdates ? announceUpdates(standard) : standard
  const held = stack.move()
  const close = (): Promise<void> => held.disposeAsync()
  return { baseUrl, opened, cluster, routes, identity, notifications, podServer, [Symbol.asyncDispose]: close }
}

/** Nobody may do anything in a pod that is withdrawn: its WebIDs and groups are read by nobody, and no subscriber is told. */
function withholding(wac: Authorizer, isWithdrawn: (pod: PodId) => boolean): Authorizer {
  return {
    ...wac,
    modes: (pod, path, agent) => (isWithdrawn(pod.id) ? noAccess : wac.modes(pod, path, agent)),
    modesUnder: (pod, rules, agent) => (isWithdrawn(pod.id) ? noAccess : wac.modesUnder(pod, rules, agent)),
  }
}

/** Only a shared database needs any of it. */
async function join(shared: SharedPlace, parts: Surround): Promise<Cluster> {
  const { joinCluster } = await import('./database/cluster.ts')
  return joinCluster(shared, parts)
}

/** Answers 503 until there is something to open it to. */
function createGate(): { readonly front: { handler: HttpHandler; upgrade: UpgradeHandler }; open(front: Front): void } {
  const starting = (): HttpAnswer => problemAnswer(new XpodError('OVERLOADED', 'it is starting'))
  let inner: Front = { handle: starting, upgrade: starting }
  return {
    front: { handler: (request) => inner.handle(request), upgrade: (request) => inner.upgrade(request) },
    open: (front) => {
      inner = front
    },
  }
}
