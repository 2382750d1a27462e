// Subscriptions as clients send them, and what comes back, for tests of notifications from outside.

import { type Answer, type Client, expectStatus } from './solid-client.ts'

export const notify = 'http://www.w3.org/ns/solid/notifications#'
export const oldContext = 'https://www.w3.org/ns/solid/notification/v1'
export const newContext = 'https://www.w3.org/ns/solid/notifications-context/v1'
export const jsonLd = 'application/ld+json'

export type Type = 'WebSocketChannel2023' | 'WebhookChannel2023' | 'StreamingHTTPChannel2023'

/** What a channel looks like as JSON. */
export interface ChannelJson {
  readonly '@context': readonly string[]
  readonly id: string
  readonly type: string
  readonly topic: string
  readonly receiveFrom?: string
  readonly sendTo?: string
  readonly sender?: string
  readonly accept?: string
  readonly startAt?: string
  readonly endAt?: string
  readonly rate?: string
  readonly state?: string
}

export function addressOf(base: string, type: Type = 'WebSocketChannel2023'): string {
  return `${base}.notifications/${type}/`
}

/** As most clients send it. */
export function subscriptionTo(topic: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ '@context': [oldContext], type: `${notify}WebSocketChannel2023`, topic, ...more })
}

export function postSubscription(client: Client, url: string, body: string, type = jsonLd): Promise<Answer> {
  return client.send('POST', url, { headers: { 'Content-Type': type, Accept: jsonLd }, body })
}

/** A channel on a topic, made in the way of most clients. */
export async function subscribe(
  client: Client,
  base: string,
  topic: string,
  more: Readonly<Record<string, unknown>> & { readonly type?: Type } = {},
): Promise<ChannelJson> {
  const { type = 'WebSocketChannel2023' } = more
  const answer = expectStatus(await postSubscription(client, addressOf(base, type), subscriptionTo(topic, more)), 200)
  return JSON.parse(answer.text) as ChannelJson
}
