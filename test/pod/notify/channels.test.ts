// Channels in SQL: the suite of the contract on both databases; in the embedded one also that they outlive the process, that a
// deleted pod takes its own with it, and that what runs often stays on indexes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemRandom } from '../../../src/base/random.ts'
import type { Channel } from '../../../src/pod/notify/channel.ts'
import { openChannelStore } from '../../../src/pod/notify/channels.ts'
import { startSweeping } from '../../../src/pod/notify/sweep.ts'
import { silentLog } from '../../../src/base/log.ts'
import { channelSuite } from '../../conformance/channels.ts'
import { postgres, sqlite } from '../../support/databases.ts'
import { openSqliteTestStore } from '../../support/sqlite-store.ts'
import { createPod, openTestStore } from '../../support/temporary-store.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'

const caps = { perPod: 100, perWebId: 100, perAddress: 100 }

channelSuite(sqlite)
channelSuite(postgres)

function channelIn(pod: string, nowMs: number): Channel {
  return {
    id: systemRandom.uuid7(nowMs),
    pod,
    type: 'WebhookChannel2023',
    topic: '/',
    subscriber: {},
    address: '192.0.2.1',
    secret: '',
    sendTo: 'https://hook.example/',
    startMs: nowMs,
    endMs: nowMs + 60_000,
    rateMs: 0,
    mediaType: 'text/turtle',
    state: undefined,
    createdMs: nowMs,
    position: { seq: 1, mark: 1 },
  }
}

test('a channel is there after a restart', async () => {
  await using dir = await temporaryDirectory()
  const kept: Channel[] = []
  {
    await using world = await openTestStore({ dir: dir.path })
    const pod = await createPod(world.store, 'alice')
    kept.push(channelIn(pod, world.clock.nowMs()))
    await openChannelStore(world.db, world.clock).add(kept[0]!, caps)
  }
  await using world = await openTestStore({ dir: dir.path })
  const found = await openChannelStore(world.db, world.clock).find(kept[0]!.pod, kept[0]!.id)
  assert.equal(found?.sendTo, 'https://hook.example/')
})

test('a deleted pod leaves no row of its channels', async () => {
  await using world = await openTestStore()
  const { store, db, clock } = world
  const channels = openChannelStore(db, clock)
  const [pod, other] = [await createPod(store, 'alice'), await createPod(store, 'bob')]
  for (const one of [pod, pod, other]) await channels.add(channelIn(one, clock.nowMs()), caps)
  await store.directory.delete(pod)
  await until('the pod is emptied', async () => (await store.head(pod)) === undefined)
  assert.equal((await db.read('SELECT id FROM channel', [])).length, 1)
})

test('the sweep removes what has ended within a minute, however much it is', async () => {
  await using world = await openTestStore()
  const { store, db, clock } = world
  const channels = openChannelStore(db, clock)
  const pod = await createPod(store, 'alice')
  const many = { ...caps, perPod: 10_000, perAddress: 10_000 }
  for (let hundreds = 0; hundreds < 12; hundreds++) {
    await Promise.all(Array.from({ length: 100 }, () => channels.add(channelIn(pod, clock.nowMs()), many)))
  }
  await channels.add({ ...channelIn(pod, clock.nowMs()), endMs: clock.nowMs() + 3_600_000 }, many)
  await using _sweep = startSweeping({ channels, clock, log: silentLog })
  const rows = async (): Promise<number> => (await db.read('SELECT id FROM channel', [])).length
  assert.equal(await rows(), 1201)
  clock.advance(60_000)
  await until('the ended ones are gone', async () => (await rows()) === 1)
})

test('what runs often is answered from indexes (sqlite)', async () => {
  await using world = await openSqliteTestStore()
  const plan = (query: string): string =>
    world.db
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, [])
      .map(({ detail }) => detail)
      .join('; ')
  const expected: Readonly<Record<string, RegExp>> = {
    "SELECT c.topic FROM channel c WHERE c.pod = 1 AND c.secret = 2 AND c.secret <> '' AND c.end_ms > 3":
      /channel_secret/,
    'SELECT c.topic FROM channel c WHERE c.pod = 1 AND c.id = 2': /PRIMARY KEY \(pod=\? AND id=\?\)|channel_id/,
    'SELECT id FROM channel WHERE end_ms <= 1 ORDER BY end_ms LIMIT 5': /COVERING INDEX channel_end /,
    'SELECT count(*) FROM channel c WHERE c.pod = 1 AND c.end_ms > 3': /COVERING INDEX channel_pod_end/,
    'SELECT count(*) FROM channel c WHERE c.web_id IS NULL AND c.address = 2 AND c.end_ms > 3': /channel_address/,
    "SELECT id FROM channel WHERE web_id = 1 AND type <> 'WebhookChannel2023' ORDER BY id DESC LIMIT 9 OFFSET 5":
      /channel_web_id \(web_id=\?\)$/,
  }
  for (const [query, index] of Object.entries(expected)) assert.match(plan(query), index, query)
})
