// What every database must make of the channels of notifications, as the contract in pod/notify/channels.ts says it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { XpodError } from '../../src/base/errors.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { Database } from '../../src/core/db/database.ts'
import { migrations } from '../../src/center/database/migrations.ts'
import type { Channel, Delivery } from '../../src/pod/notify/channel.ts'
import { type ChannelCaps, type ChannelStore, openChannelStore } from '../../src/pod/notify/channels.ts'
import type { PodId } from '../../src/pod/store/resource.ts'
import type { TestDatabase } from '../support/databases.ts'
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts'

interface ChannelWorld extends AsyncDisposable {
  readonly channels: ChannelStore
  readonly clock: FakeClock
  createPod(name: string): Promise<PodId>
  /** As deleting begins: the name is given up at once, rows go later. */
  deletePod(pod: PodId): Promise<void>
}

const alice = 'https://alice.example/card#me'
const bob = 'https://bob.example/card#me'
const hourMs = 3_600_000
const noCaps: ChannelCaps = { perPod: 1000, perWebId: 1000, perAddress: 1000 }
const faring: Delivery = { failures: 0, failingSinceMs: 0, nextMs: 0, problem: '', parked: false }

function failsWith(code: string, detail = /^/): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code && detail.test(error.detail)
}

let made = 0
/** Ids in the order of making. */
function channelOf(pod: PodId, clock: FakeClock, more: Partial<Channel> = {}): Channel {
  const nowMs = clock.nowMs()
  return {
    id: systemRandom.uuid7(nowMs + made++),
    pod,
    type: 'WebSocketChannel2023',
    topic: '/notes/',
    subscriber: { webId: alice },
    address: '192.0.2.1',
    secret: Buffer.from(systemRandom.bytes(24)).toString('base64url'),
    sendTo: undefined,
    startMs: nowMs,
    endMs: nowMs + hourMs,
    rateMs: 0,
    mediaType: 'application/ld+json',
    state: undefined,
    createdMs: nowMs,
    position: { seq: 1, mark: 7 },
    ...more,
  }
}

function webhookOf(pod: PodId, clock: FakeClock, more: Partial<Channel> = {}): Channel {
  return channelOf(pod, clock, { type: 'WebhookChannel2023', secret: '', sendTo: 'https://hook.example/', ...more })
}

async function idsOf(channels: ChannelStore, pod: PodId): Promise<string[]> {
  return (await channels.list({ pod }, undefined, 100)).map(({ id }) => id)
}

export function channelSuite(database: TestDatabase): void {
  const open = (): Promise<ChannelWorld> => openWorld(database)
  describe(`channels in ${database.name}`, { skip: database.skip }, () => {
    keeping(open)
    ending(open)
    capping(open)
    delivering(open)
  })
}

async function openWorld(database: TestDatabase): Promise<ChannelWorld> {
  const clock = createFakeClock()
  const opened = await database.open({ migrations, clock })
  const { db } = opened
  return {
    channels: openChannelStore(db, clock),
    clock,
    createPod: (name) => createPod(db, name),
    async deletePod(pod) {
      await db.write([{ query: 'UPDATE pod SET name = NULL WHERE id = ?', args: [pod], expect: 1 }])
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}

async function createPod(db: Database, name: string): Promise<PodId> {
  const id = systemRandom.uuid7(1)
  const query = `INSERT INTO pod (id, name, base, aliases, owners, quota_bytes, quota_resources, created_ms)
    VALUES (?, ?, ?, '[]', '[]', 1, 1, 1)`
  await db.write([{ query, args: [id, name, `https://pods.example/${name}/`] }])
  return id
}

function keeping(open: () => Promise<ChannelWorld>): void {
  test('a channel comes back as it was added, by its id and by its secret', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const full = channelOf(pod, clock, {
      subscriber: {
        webId: alice,
        clientId: 'https://app.example/id',
        issuer: 'https://issuer.example/',
        origin: 'https://app.example',
        grant: 'g-1',
      },
      rateMs: 1500,
      mediaType: 'text/turtle',
      state: '"1-2"',
      position: { seq: 2 ** 40, mark: 2 ** 32 - 1 },
    })
    const plain = webhookOf(pod, clock, { subscriber: {} })
    for (const channel of [full, plain]) {
      await channels.add(channel, noCaps)
      assert.deepEqual(await channels.find(pod, channel.id), { ...channel, delivery: faring })
    }
    assert.deepEqual(await channels.findBySecret(pod, full.secret), { ...full, delivery: faring })
    assert.equal(await channels.findBySecret(pod, ''), undefined)
  })

  test('a channel is found in its own pod only', async () => {
    await using world = await open()
    const { channels, clock } = world
    const [pod, other] = [await world.createPod('alice'), await world.createPod('bob')]
    const channel = channelOf(pod, clock)
    await channels.add(channel, noCaps)
    assert.equal(await channels.find(other, channel.id), undefined)
    assert.equal(await channels.findBySecret(other, channel.secret), undefined)
    assert.equal(await channels.remove(other, channel.id), false)
    assert.equal(await channels.remove(pod, channel.id), true)
    assert.equal(await channels.remove(pod, channel.id), false)
    assert.equal(await channels.find(pod, channel.id), undefined)
  })

  test('a pod that is not there, or is being deleted, has no channels and gets none', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const channel = webhookOf(pod, clock)
    await channels.add(channel, noCaps)
    await world.deletePod(pod)
    assert.equal(await channels.find(pod, channel.id), undefined)
    assert.deepEqual(await channels.list({}, undefined, 10), [])
    for (const gone of [pod, systemRandom.uuid7(clock.nowMs())]) {
      await assert.rejects(channels.add(channelOf(gone, clock), noCaps), failsWith('POD_UNKNOWN'))
    }
  })

  test('a list is filtered, ordered by id, and read page by page', async () => {
    await using world = await open()
    const { channels, clock } = world
    const [pod, other] = [await world.createPod('alice'), await world.createPod('bob')]
    const all = [
      channelOf(pod, clock),
      webhookOf(other, clock),
      channelOf(pod, clock, { subscriber: { webId: bob } }),
      webhookOf(pod, clock),
      channelOf(other, clock, { subscriber: {} }),
    ]
    for (const channel of all.toReversed()) await channels.add(channel, noCaps)
    const [first, second, third, fourth, fifth] = all.map(({ id }) => id)
    await channels.setDelivery(pod, fourth!, { ...faring, parked: true })

    const listed = async (...[filter, after, limit = 10]: [Parameters<ChannelStore['list']>[0], string?, number?]) =>
      (await channels.list(filter, after, limit)).map(({ id }) => id)
    assert.deepEqual(await listed({}), [first, second, third, fourth, fifth])
    assert.deepEqual(await listed({}, undefined, 2), [first, second])
    assert.deepEqual(await listed({}, second, 2), [third, fourth])
    assert.deepEqual(await listed({ pod }), [first, third, fourth])
    assert.deepEqual(await listed({ webId: alice }), [first, second, fourth])
    assert.deepEqual(await listed({ type: 'WebhookChannel2023' }), [second, fourth])
    assert.deepEqual(await listed({ parked: true }), [fourth])
    assert.deepEqual(await listed({ parked: false, type: 'WebhookChannel2023' }), [second])
    assert.deepEqual(await listed({ id: third! }), [third])
    assert.deepEqual(await listed({ pod, webId: bob }), [third])
  })
}

function ending(open: () => Promise<ChannelWorld>): void {
  test('a channel that has ended is gone to every reader before its row is', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const [socket, webhook] = [channelOf(pod, clock), webhookOf(pod, clock)]
    for (const channel of [socket, webhook]) await channels.add(channel, noCaps)
    clock.advance(hourMs - 1)
    assert.deepEqual(await idsOf(channels, pod), [socket.id, webhook.id])
    clock.advance(1)
    assert.deepEqual(await idsOf(channels, pod), [])
    assert.equal(await channels.find(pod, socket.id), undefined)
    assert.equal(await channels.findBySecret(pod, socket.secret), undefined)
    assert.equal(await channels.expire(clock.nowMs(), 10), 2)
    assert.equal(await channels.remove(pod, socket.id), false)
  })

  test('the sweep takes what has ended, a bounded number at a time, the oldest first', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const nowMs = clock.nowMs()
    const ends = [3, 1, 2, 9].map((hours) => channelOf(pod, clock, { endMs: nowMs + hours * hourMs }))
    for (const channel of ends) await channels.add(channel, noCaps)
    assert.equal(await channels.expire(nowMs + 4 * hourMs, 2), 2)
    assert.deepEqual(await idsOf(channels, pod), [ends[0]!.id, ends[3]!.id])
    assert.equal(await channels.expire(nowMs + 4 * hourMs, 2), 1)
    assert.equal(await channels.expire(nowMs + 4 * hourMs, 2), 0)
    assert.deepEqual(await idsOf(channels, pod), [ends[3]!.id])
  })
}

function capping(open: () => Promise<ChannelWorld>): void {
  test('twenty at once where ten fit leave ten', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const adding = Array.from({ length: 20 }, () => channels.add(channelOf(pod, clock), { ...noCaps, perPod: 10 }))
    const results = await Promise.allSettled(adding)
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 10)
    for (const result of results) {
      if (result.status === 'rejected') assert.ok(failsWith('CHANNELS_FULL', /pod may have 10/)(result.reason))
    }
    assert.equal((await idsOf(channels, pod)).length, 10)
  })

  test('a pod that is full has room again when channels end or are removed, and others have theirs', async () => {
    await using world = await open()
    const { channels, clock } = world
    const [pod, other] = [await world.createPod('alice'), await world.createPod('bob')]
    const caps = { ...noCaps, perPod: 1 }
    const first = channelOf(pod, clock)
    await channels.add(first, caps)
    await channels.add(channelOf(other, clock), caps)
    await assert.rejects(channels.add(channelOf(pod, clock), caps), failsWith('CHANNELS_FULL'))
    await channels.remove(pod, first.id)
    await channels.add(channelOf(pod, clock), caps)
    await assert.rejects(channels.add(channelOf(pod, clock), caps), failsWith('CHANNELS_FULL'))
    clock.advance(hourMs)
    await channels.add(channelOf(pod, clock), caps)
  })

  test('the oldest socket of a WebID makes room for its newest, in whatever pod it is; webhooks stay', async () => {
    await using world = await open()
    const { channels, clock } = world
    const [pod, other] = [await world.createPod('alice'), await world.createPod('bob')]
    const caps = { ...noCaps, perWebId: 2 }
    const webhook = webhookOf(pod, clock)
    const sockets = [channelOf(pod, clock), channelOf(other, clock), channelOf(other, clock)]
    const ofBob = channelOf(pod, clock, { subscriber: { webId: bob } })
    for (const channel of [webhook, ofBob, ...sockets]) await channels.add(channel, caps)
    assert.deepEqual(await idsOf(channels, pod), [webhook.id, ofBob.id])
    assert.deepEqual(await idsOf(channels, other), [sockets[1]!.id, sockets[2]!.id])
  })

  test('webhooks of a WebID are refused beyond the cap', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const caps = { ...noCaps, perWebId: 2 }
    await channels.add(channelOf(pod, clock), caps)
    for (let count = 0; count < 2; count++) await channels.add(webhookOf(pod, clock), caps)
    await assert.rejects(channels.add(webhookOf(pod, clock), caps), failsWith('CHANNELS_FULL', /one WebID may have 2/))
    await channels.add(webhookOf(pod, clock, { subscriber: { webId: bob } }), caps)
  })

  test('those without a WebID are counted by their network address', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const caps = { ...noCaps, perAddress: 1 }
    const anonymous = { subscriber: {} }
    await channels.add(channelOf(pod, clock), caps)
    await channels.add(channelOf(pod, clock, anonymous), caps)
    const again = channels.add(channelOf(pod, clock, anonymous), caps)
    await assert.rejects(again, failsWith('CHANNELS_FULL', /one address may have 1/))
    await channels.add(channelOf(pod, clock, { ...anonymous, address: '192.0.2.2' }), caps)
    await channels.add(channelOf(pod, clock), caps)
  })

  test('without caps nothing is counted', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const caps = { perPod: 3, perWebId: Number.POSITIVE_INFINITY, perAddress: Number.POSITIVE_INFINITY }
    for (let count = 0; count < 3; count++) await channels.add(channelOf(pod, clock), caps)
    assert.equal((await idsOf(channels, pod)).length, 3)
  })
}

function delivering(open: () => Promise<ChannelWorld>): void {
  test('many positions move in one call and none moves backwards', async () => {
    await using world = await open()
    const { channels, clock } = world
    const [pod, other] = [await world.createPod('alice'), await world.createPod('bob')]
    const one = channelOf(pod, clock, { state: '"old"' })
    const two = webhookOf(other, clock)
    for (const channel of [one, two]) await channels.add(channel, noCaps)
    const gone = { pod, id: systemRandom.uuid7(clock.nowMs()), position: { seq: 9, mark: 9 } }
    await channels.moveTo([
      { pod, id: one.id, position: { seq: 5, mark: 50 } },
      { pod: other, id: two.id, position: { seq: 6, mark: 60 } },
      gone,
    ])
    await channels.moveTo([{ pod, id: one.id, position: { seq: 4, mark: 40 } }])
    await channels.moveTo([])
    const moved = await channels.find(pod, one.id)
    assert.deepEqual(moved?.position, { seq: 5, mark: 50 })
    assert.equal(moved?.state, undefined)
    assert.deepEqual((await channels.find(other, two.id))?.position, { seq: 6, mark: 60 })
  })

  test('how a webhook fares is kept', async () => {
    await using world = await open()
    const { channels, clock } = world
    const pod = await world.createPod('alice')
    const webhook = webhookOf(pod, clock)
    await channels.add(webhook, noCaps)
    const delivery = { failures: 3, failingSinceMs: 10, nextMs: 20, problem: 'it answered 500', parked: true }
    await channels.setDelivery(pod, webhook.id, delivery)
    assert.deepEqual((await channels.find(pod, webhook.id))?.delivery, delivery)
    await channels.setDelivery(pod, webhook.id, faring)
    assert.deepEqual((await channels.find(pod, webhook.id))?.delivery, faring)
  })
}
