// Webhooks of the program as it is shipped, killed while it is written to: whatever was committed is told at least once, in the
// order of the commits, and what is told twice has the same id.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Scene } from '../support/load-scene.ts'
import { rounds } from '../support/needs.ts'
import { until } from '../support/until.ts'
import { startTarget } from '../support/webhook-target.ts'

const kills = rounds('CRASH', 3)
const writesARound = 40

async function subscribe(pod: string, topic: string, sendTo: string): Promise<void> {
  const answer = await fetch(`${pod}.notifications/WebhookChannel2023/`, {
    method: 'POST',
    headers: { 'content-type': 'application/ld+json' },
    body: JSON.stringify({
      '@context': ['https://www.w3.org/ns/solid/notification/v1'],
      type: 'http://www.w3.org/ns/solid/notifications#WebhookChannel2023',
      topic,
      sendTo,
    }),
  })
  assert.equal(answer.status, 200, await answer.clone().text())
}

test(`every commit is told in order over ${kills} kills under writes`, async (t) => {
  await using scene = await Scene.open()
  await using receiver = await startTarget()
  let running = await scene.start()
  const pod = new URL(await scene.createPod('p'), scene.baseUrl).href
  await fetch(`${pod}c/`, { method: 'PUT', headers: { 'content-type': 'text/turtle' } })
  await subscribe(pod, `${pod}c/`, receiver.url)
  const acknowledged: number[] = []
  let next = 0

  async function write(): Promise<boolean> {
    const number = next++
    const put = fetch(`${pod}c/${number}`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'x' })
    const isDone = await put.then(
      (answer) => answer.ok,
      () => false,
    )
    if (isDone) acknowledged.push(number)
    return isDone
  }

  for (let kill = 0; kill < kills; kill++) {
    const upTo = acknowledged.length + writesARound
    let killing: Promise<void> | undefined
    while (await write()) if (acknowledged.length === upTo) killing = running.kill()
    await killing
    running = await scene.start()
  }
  for (let count = 0; count < writesARound; count++) assert.ok(await write())

  const numbersHeard = (): number[] => [
    ...new Set(receiver.heard.map(({ message: { object } }) => Number(/\d+$/.exec(object)![0]))),
  ]
  await until(
    'everything acknowledged is told',
    () => {
      const heard = new Set(numbersHeard())
      return acknowledged.every((number) => heard.has(number))
    },
    30_000,
  )
  assert.deepEqual(
    numbersHeard(),
    numbersHeard().toSorted((one, other) => one - other),
    'in the order of the commits',
  )
  const ids = Map.groupBy(
    receiver.heard.map(({ message }) => message),
    ({ object }) => object,
  )
  for (const [object, told] of ids) assert.equal(new Set(told.map(({ id }) => id)).size, 1, object)
  assert.ok(receiver.heard.every(({ message }) => message.type === 'Add'))
  t.diagnostic(`${acknowledged.length} acknowledged, ${ids.size} told, ${receiver.heard.length} messages`)
  assert.equal(await running.stop(), 0)
})

test('a stop in the middle of many messages loses none and tells hardly any twice', async () => {
  await using scene = await Scene.open()
  await using receiver = await startTarget()
  const running = await scene.start()
  const pod = new URL(await scene.createPod('p'), scene.baseUrl).href
  await fetch(`${pod}c/`, { method: 'PUT', headers: { 'content-type': 'text/turtle' } })
  await subscribe(pod, `${pod}c/`, receiver.url)
  const writes = Array.from({ length: 100 }, (_, number) =>
    fetch(`${pod}c/${number}`, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'x' }),
  )
  for (const answer of await Promise.all(writes)) assert.equal(answer.status, 201)
  assert.equal(await running.stop(), 0)
  const before = receiver.heard.length
  await scene.start()
  await until('the rest', () => new Set(receiver.heard.map(({ message }) => message.id)).size === 100)
  assert.ok(receiver.heard.length <= 101, `${before} before the stop, ${receiver.heard.length} in all`)
})
