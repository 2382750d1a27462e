// Webhooks on a real store, feed and outgoing door, with targets that are real servers on loopback and a clock that a test
// moves. Only rights and signatures are made up. A restart takes down all that runs and starts it again on the same store.

import { createLog, type Log } from '../../../../src/base/log.ts'
import { createMetrics } from '../../../../src/base/metrics.ts'
import { systemRandom } from '../../../../src/base/random.ts'
import type { Bus } from '../../../../src/core/bus/bus.ts'
import { createLocalBus } from '../../../../src/core/bus/local.ts'
import { type FetchDoorOptions, openFetchDoor } from '../../../../src/core/http/fetch-door.ts'
import type { Channel, DeliveredChannel } from '../../../../src/pod/notify/channel.ts'
import { type ChannelStore, openChannelStore } from '../../../../src/pod/notify/channels.ts'
import { createFollower } from '../../../../src/pod/notify/follower.ts'
import type { Judge } from '../../../../src/pod/notify/judge.ts'
import { startWebhooks, type Webhooks } from '../../../../src/pod/notify/webhooks/webhooks.ts'
import type { Op } from '../../../../src/pod/store/change.ts'
import type { PodRecord } from '../../../../src/pod/store/resource.ts'
import type { FakeClock } from '../../../support/fake-clock.ts'
import { changeOf, openTestStore, podRecord, putOp, type TestStore } from '../../../support/temporary-store.ts'
import { until } from '../../../support/until.ts'

export interface World extends AsyncDisposable {
  readonly stored: TestStore
  readonly clock: FakeClock
  readonly pod: PodRecord
  readonly channels: ChannelStore
  readonly webhooks: Webhooks
  /** What the made-up judge says, and whether this node is the pod's home. */
  readonly rights: { mayRead: boolean; stands: boolean; isHome: () => boolean }
  readonly logged: string[]
  metrics(): string
  put(path: string, text?: string): Promise<void>
  commit(...ops: Op[]): Promise<void>
  /** Stored as by a subscription that was just made. */
  subscribe(sendTo: string, more?: Partial<Channel>): Promise<Channel>
  row(channel: Channel): Promise<DeliveredChannel>
  /** Waits until it failed so many times in a row. */
  failedTimes(channel: Channel, count: number): Promise<DeliveredChannel>
  stop(): Promise<void>
  start(): Promise<void>
}

export async function openWorld(door: Partial<FetchDoorOptions> = {}): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const stored = stack.use(await openTestStore())
  const { store, clock, db } = stored
  const pod = podRecord('alice')
  await store.directory.create({ record: pod, ops: [{ kind: 'container', path: '/' }] })
  const channels = openChannelStore(db, clock)
  const logged: string[] = []
  const log = createLog({ level: 'debug', format: 'logfmt', clock, write: (line) => logged.push(line) })
  const rights = { mayRead: true, stands: true, isHome: () => true }
  const parts = { stored, pod, channels, log, rights, door }
  let running = await run(parts)
  const owned = stack.move()
  const world: World = {
    stored,
    clock,
    pod,
    channels,
    rights,
    logged,
    get webhooks() {
      return running.webhooks
    },
    metrics: () => running.metrics(),
    put: (path, text = String(clock.nowMs())) => world.commit(putOp(path, text)),
    async commit(...ops) {
      const outcome = await store.commit(changeOf(pod.id, ops))
      if (!outcome.ok) throw new Error(outcome.why)
      running.bus.publish(pod.id, { epoch: 1, ...outcome.at })
    },
    async subscribe(sendTo, more) {
      const channel = await channelOf(world, sendTo, more)
      await channels.add(channel, { perPod: 1000, perWebId: 1000, perAddress: 1000 })
      running.webhooks.added(channel)
      return channel
    },
    async row({ pod: of, id }) {
      const found = await channels.find(of, id)
      if (found === undefined) throw new Error('the channel is gone')
      return found
    },
    async failedTimes(channel, count) {
      await until(`failure ${count}`, async () => (await world.row(channel)).delivery.failures >= count)
      return world.row(channel)
    },
    stop: () => stopInTime(running, clock),
    async start() {
      running = await run(parts)
      // Channels of before are looked for a moment after a start.
      clock.advance(500)
    },
    async [Symbol.asyncDispose]() {
      await stopInTime(running, clock)
      await owned.disposeAsync()
    },
  }
  return world
}

interface Running {
  readonly bus: Bus
  readonly webhooks: Webhooks
  metrics(): string
  stop(): Promise<void>
}

/** A target that hangs is waited for, so the clock goes on where it must. */
async function stopInTime(running: Running, clock: FakeClock): Promise<void> {
  const stopping = running.stop()
  const late = setTimeout(() => clock.advance(3000), 250)
  await stopping
  clearTimeout(late)
}

interface Parts {
  readonly stored: TestStore
  readonly pod: PodRecord
  readonly channels: ChannelStore
  readonly log: Log
  readonly rights: World['rights']
  readonly door: Partial<FetchDoorOptions>
}

async function run({ stored, channels, log, rights, door: wished }: Parts): Promise<Running> {
  const { store, clock } = stored
  const stack = new AsyncDisposableStack()
  const metrics = createMetrics()
  const bus = stack.use(createLocalBus({ log }))
  const follower = stack.use(createFollower({ bus, store, clock, log, metrics }))
  const door = stack.use(openFetchDoor({ allowInternal: [], allowLoopback: true, clock, log, metrics, ...wished }))
  const signer = {
    sender: 'https://pods.example/sender',
    sign: async (url: string) => ({ authorization: 'DPoP token', dpop: `proof for ${url}` }),
  }
  const isHome = async (): Promise<boolean> => rights.isHome()
  const shared = { channels, follower, store, door, signer, clock, log, metrics, isHome }
  const webhooks = stack.use(startWebhooks({ ...shared, judge: judgeOf(stored, rights), random: systemRandom }))
  return { bus, webhooks, metrics: () => metrics.render(), stop: () => stack.disposeAsync() }
}

/** Rights as the test says; the state is the version of the row. */
function judgeOf({ store }: TestStore, rights: World['rights']): Judge {
  return {
    mayRead: () => rights.mayRead,
    stands: () => rights.stands,
    async stateOf(pod, topic) {
      const { resource } = await store.find(pod.id, topic)
      return resource && `"${resource.version.seq}"`
    },
    async changedSince(pod, topic, since) {
      const { resource } = await store.find(pod.id, topic)
      return resource === undefined || resource.version.seq > since.seq
    },
  }
}

async function channelOf({ stored, clock, pod }: World, sendTo: string, more: Partial<Channel> = {}): Promise<Channel> {
  const nowMs = clock.nowMs()
  const head = await stored.store.head(pod.id)
  return {
    id: systemRandom.uuid7(nowMs),
    pod: pod.id,
    type: 'WebhookChannel2023',
    topic: '/notes',
    subscriber: { webId: 'https://bob.example/#me' },
    address: '127.0.0.1',
    secret: '',
    sendTo,
    startMs: nowMs,
    endMs: nowMs + 14 * 24 * 3_600_000,
    rateMs: 0,
    mediaType: 'application/ld+json',
    state: undefined,
    createdMs: nowMs,
    position: head!.version,
    ...more,
  }
}
