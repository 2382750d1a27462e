// Clients of notifications, each from its discovery to a message: @solid-notifications/subscription, @ldo/connected-solid, which
// stands on it, and the WebSockets of @inrupt/solid-client-notifications, whose own discovery knows the gateway of one server
// only and is therefore given the address.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { WebsocketNotification } from '@inrupt/solid-client-notifications'
import { createSolidLdoDataset, type SolidContainer } from '@ldo/connected-solid'
import { DiscoveryClient } from '@solid-notifications/discovery'
import { SubscriptionClient } from '@solid-notifications/subscription'
import { ChannelType } from '@solid-notifications/types'

import { until } from '../support/until.ts'
import { type ClientsWorld, openClientsWorld } from './world.ts'

interface Message {
  readonly type?: string
  readonly object?: string
  readonly target?: string
}

const { WebSocketChannel2023: webSocket, WebhookChannel2023: webhook } = ChannelType

let world: ClientsWorld
before(async () => {
  world = await openClientsWorld()
})
after(() => world[Symbol.asyncDispose]())

async function put(url: string, body = '<#a> <#b> <#c>.'): Promise<void> {
  const answer = await world.fetch(url, { method: 'PUT', headers: { 'content-type': 'text/turtle' }, body })
  assert.ok(answer.ok, String(answer.status))
}

async function subscribe(
  topic: string,
  type = webSocket,
  sendTo?: string,
): ReturnType<SubscriptionClient['subscribe']> {
  return new SubscriptionClient(world.fetch).subscribe(topic, type, sendTo)
}

test('@solid-notifications/discovery finds each type it knows, with its features', async () => {
  const client = new DiscoveryClient(world.fetch)
  for (const type of [webSocket, webhook]) {
    const found = await client.findService(world.alice.pod, type)
    assert.equal(found?.id, `${world.alice.pod}.notifications/${type.split('#')[1]}/`)
    assert.equal(found.feature?.length, 5)
  }
})

test('@solid-notifications/subscription finds the address, subscribes in Turtle and hears of changes', async () => {
  const topic = `${world.fresh()}doc.ttl`
  await put(topic)
  const channel = await subscribe(topic)
  assert.equal(channel.topic, topic)
  assert.equal(channel.type, webSocket)
  const messages: Message[] = []
  const socket = new WebSocket(channel.receiveFrom!)
  socket.addEventListener('message', ({ data }) => void messages.push(JSON.parse(String(data)) as Message))
  await put(topic, '<#a> <#b> <#d>.')
  await until('the change is told', () => messages.length > 0)
  socket.close()
  assert.equal(messages[0]!.type, 'Update')
  assert.equal(messages[0]!.object, topic)
})

test('@solid-notifications/subscription makes a webhook', async () => {
  const channel = await subscribe(world.alice.pod, webhook, 'http://127.0.0.1:9/hook')
  assert.equal(channel.sendTo, 'http://127.0.0.1:9/hook')
  assert.ok(channel.id.startsWith(`${world.alice.pod}.notifications/WebhookChannel2023/`))
})

test('@ldo/connected-solid hears of a new member of a container, and loads it again by itself', async () => {
  const dataset = createSolidLdoDataset()
  dataset.setContext('solid', { fetch: world.fetch })
  const container = dataset.getResource(world.fresh()) as SolidContainer
  assert.equal((await container.createIfAbsent()).isError, false)
  await container.read()
  const messages: Message[] = []
  const errors: Error[] = []
  await container.subscribeToNotifications({
    onNotification: (message) => void messages.push(message as Message),
    onNotificationError: (error) => void errors.push(error),
  })
  await put(`${container.uri}doc.ttl`)
  await until('the change is told', () => messages.length > 0 || errors.length > 0)
  await until('it is loaded again', () => container.children().some(({ uri }) => uri === `${container.uri}doc.ttl`))
  // Without this it takes its own closing for a loss, and connects again.
  Reflect.set(Reflect.get(container, 'notificationSubscription') as object, 'isManualClose', true)
  await container.unsubscribeFromAllNotifications()
  assert.deepEqual(errors, [])
  assert.equal(messages[0]!.type, 'Add')
  assert.equal(messages[0]!.object, `${container.uri}doc.ttl`)
  assert.equal(messages[0]!.target, container.uri)
})

test('@inrupt/solid-client-notifications hears of changes at the address it is given', async () => {
  const topic = `${world.fresh()}doc.ttl`
  await put(topic)
  const { receiveFrom } = await subscribe(topic)
  const notification = new WebsocketNotification(topic, { fetch: world.fetch })
  const messages: Message[] = []
  notification.on('message', (message) => void messages.push(message as unknown as Message))
  await notification.connect(receiveFrom)
  await put(topic, '<#a> <#b> <#d>.')
  await until('the change is told', () => messages.length > 0)
  notification.disconnect()
  assert.equal(messages[0]!.type, 'Update')
})
