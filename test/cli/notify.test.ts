// The commands for notification channels as people run them, with the server running and stopped: what needs somebody stands
// out, and what was given up is sent again.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, test } from 'node:test'

import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openStore } from '../../src/center/store.ts'
import { complete } from '../../src/cli/completion.ts'
import type { Channel, Delivery } from '../../src/pod/notify/channel.ts'
import { openChannelStore } from '../../src/pod/notify/channels.ts'
import { freePort } from '../support/free-port.ts'
import { type Finished, runXpod, spawnXpod } from '../support/spawn.ts'
import { storesOf } from '../support/stores.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'

const folder = await temporaryDirectory()
const dataDir = `${folder.path}/data`
const port = await freePort()
after(() => folder[Symbol.asyncDispose]())
let heard = 0
const target = createServer((request, response) => {
  heard++
  request.resume().on('end', () => response.writeHead(200).end())
})
await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
after(() => target.close())
const sendTo = `http://127.0.0.1:${(target.address() as { port: number }).port}/hook`

const xpod = (...args: readonly string[]): Promise<Finished> => runXpod([...args, '--data-dir', dataDir])

interface Report {
  readonly id: string
  readonly state: string
  readonly failures: number
}

async function json<T = Report[]>(...args: readonly string[]): Promise<T> {
  const { status, stdout, stderr } = await xpod(...args, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as T
}

const day = 24 * 3_600_000
const id = (n: number): string => `00000000-0000-7000-8000-00000000000${n}`

/** Three channels on the profile of a pod, straight in the store: one fares well, one fails, one is parked. */
async function makeChannels(): Promise<void> {
  const surround = { clock: systemClock, random: systemRandom, log: silentLog, metrics: createMetrics() }
  await using opened = await openStore(
    { dataDir, ...(await storesOf(dataDir)), cache: undefined },
    { ...surround, onFatal: () => {} },
  )
  const pod = (await opened.store.directory.get('alice'))!
  const { version: position } = (await opened.store.head(pod.id))!
  const channels = openChannelStore(opened.db, systemClock)
  const nowMs = Date.now()
  const times = { startMs: nowMs, endMs: nowMs + day, rateMs: 0, createdMs: nowMs }
  const common = { ...times, pod: pod.id, topic: '/profile/card', address: '', secret: '', position } as const
  const caps = { perPod: 100, perWebId: 100, perAddress: 100 }
  for (const n of [1, 2, 3, 4]) {
    const isHook = n < 4
    const channel: Channel = {
      ...common,
      id: id(n),
      type: isHook ? 'WebhookChannel2023' : 'WebSocketChannel2023',
      subscriber: { webId: 'https://bob.example/#me' },
      sendTo: isHook ? sendTo : undefined,
      secret: isHook ? '' : 'a-secret-that-nobody-may-see',
      mediaType: 'application/ld+json',
      state: isHook ? '"of long ago"' : undefined,
    }
    await channels.add(channel, caps)
  }
  const failing: Delivery = {
    failures: 3,
    failingSinceMs: nowMs - 60_000,
    nextMs: nowMs + day,
    problem: 'it answers 500',
    parked: false,
  }
  await channels.setDelivery(pod.id, id(2), failing)
  await channels.setDelivery(pod.id, id(3), { ...failing, failures: 130, parked: true })
}

test('with the server stopped, channels are listed, parked ones first, and shown', async () => {
  const first = await spawnXpod([], { dataDir, port })
  await first.stop()
  assert.equal((await xpod('pod', 'create', 'alice')).status, 0)
  const none = await xpod('notify', 'list')
  assert.deepEqual([none.stdout, none.status], ['', 0])
  await makeChannels()
  const listed = await xpod('notify', 'list')
  const lines = listed.stdout.split('\n')
  assert.match(lines[0]!, /^ID +STATE +TYPE +POD +TOPIC +SENDS TO +PROBLEM$/)
  assert.match(lines[1]!, new RegExp(`^${id(3)} +PARKED +Webhook +alice +http\\S+card +${sendTo} +it answers 500$`))
  assert.match(lines[2]!, new RegExp(`^${id(2)} +failing`))
  assert.equal(lines.length, 6)
  assert.match(listed.stderr, /Parked.*: 1\..*xpod notify retry --all/)
  assert.deepEqual(
    (await json('notify', 'list', '--parked')).map((one) => one.id),
    [id(3)],
  )
  assert.equal((await json('notify', 'list', '--pod', 'alice')).length, 4)
  assert.equal((await xpod('notify', 'list', '--pod', 'nobody')).status, 5)
  const shown = await xpod('notify', 'show', id(3))
  assert.match(shown.stdout, /^STATE +PARKED$/m)
  assert.match(shown.stdout, /^FAILURES +130$/m)
  assert.doesNotMatch(shown.stdout, /NEXT TRY/)
  const keys =
    'id type state pod topic sendTo webId clientId created starts ends deliveredSeq failures failingSince next problem'
  assert.deepEqual(Object.keys(await json<object>('notify', 'show', id(2))), keys.split(' '))
  assert.equal((await xpod('notify', 'show', id(9))).status, 5)
  assert.doesNotMatch((await xpod('notify', 'show', id(4), '--json')).stdout, /secret/)
})

test('with the server stopped, retry counts from its next start on', async () => {
  assert.equal((await xpod('notify', 'retry')).status, 2)
  assert.equal((await xpod('notify', 'retry', id(2), '--all')).status, 2)
  assert.equal((await xpod('notify', 'retry', id(9))).status, 5)
  assert.equal((await xpod('notify', 'retry', id(4))).status, 5)
  assert.equal((await xpod('notify', 'retry', id(2))).stdout, 'Tried again: 1.\n')
  const { state, failures } = await json<Report>('notify', 'show', id(2))
  assert.deepEqual([state, failures], ['delivering', 0])
})

test('with the server running, retry sends at once', async () => {
  await using running = await spawnXpod([], { dataDir, port })
  // The two that fare well had a state of long ago to be told about.
  await until('they are told', () => heard === 2)
  const address = `${running.baseUrl}alice/.notifications/WebhookChannel2023/${id(3)}`
  assert.equal((await json<Report>('notify', 'show', address)).state, 'parked')
  const metrics = await (await fetch(`${running.adminUrl}metrics`)).text()
  assert.match(metrics, /^xpod_notify_webhooks\{state="parked"\} 1$/m)
  const retried = await json('notify', 'retry', '--all')
  assert.deepEqual(
    retried.map((one) => [one.id, one.state]),
    [[id(3), 'delivering']],
  )
  await until('it is told', () => heard === 3)
  assert.equal((await xpod('notify', 'retry', '--all')).stdout, 'No webhook fails.\n')
  assert.deepEqual(await complete(['notify', 'show', '--data-dir', dataDir, id(1)]), [id(1)])
})
