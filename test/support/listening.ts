// Somebody who subscribes and listens: a channel made at the address of its type, and a WebSocket or a streamed answer that
// keeps what it hears. The WebSocket is a real client on a real connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

import WebSocket from 'ws'

import { until } from './until.ts'

export interface Message {
  readonly id: string
  readonly type: string
  readonly object: string
  readonly target?: string
  readonly state?: string
  readonly published: string
}

/** Sends the subscription: with a token, or as anybody. */
export type Send = (
  method: string,
  url: string,
  ask: { headers: Record<string, string>; body: string },
) => Promise<{
  readonly status: number
  readonly text: string
}>

export interface SubscribedChannel {
  readonly id: string
  readonly receiveFrom: string
}

export interface Wish {
  /** Base URL of the pod. */
  readonly pod: string
  readonly topic: string
  readonly type?: 'WebSocketChannel2023' | 'StreamingHTTPChannel2023' | 'WebhookChannel2023'
  readonly features?: Readonly<Record<string, unknown>>
}

export async function subscribe(send: Send, wish: Wish): Promise<SubscribedChannel> {
  const { pod, topic, type = 'WebSocketChannel2023', features = {} } = wish
  const body = JSON.stringify({
    '@context': ['https://www.w3.org/ns/solid/notification/v1'],
    type: `http://www.w3.org/ns/solid/notifications#${type}`,
    topic,
    ...features,
  })
  const headers = { 'content-type': 'application/ld+json' }
  const answer = await send('POST', `${pod}.notifications/${type}/`, { headers, body })
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as SubscribedChannel
}

/** As anybody, over fetch. */
export const sendAsAnybody: Send = async (method, url, ask) => {
  const answer = await fetch(url, { method, ...ask })
  return { status: answer.status, text: await answer.text() }
}

export class SocketListener implements Disposable {
  readonly texts: string[] = []
  closed: { readonly code: number; readonly reason: string } | undefined
  /** For who wants to know at once. */
  onText: ((text: string) => void) | undefined
  readonly #socket: WebSocket

  static async open(url: string, protocols: readonly string[] = []): Promise<SocketListener> {
    const listener = new SocketListener(new WebSocket(url, [...protocols]))
    await once(listener.#socket, 'open')
    return listener
  }

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (bytes: Buffer) => {
      const text = bytes.toString()
      this.texts.push(text)
      this.onText?.(text)
    })
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }))
    socket.on('error', () => {})
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get messages(): Message[] {
    return this.texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Message)
  }

  /** `Add https://…/x` in the order of arrival. */
  get brief(): string[] {
    return this.messages.map(({ type, object }) => `${type} ${object}`)
  }

  async heard(count: number): Promise<string[]> {
    await until(`${count} messages, not ${this.messages.length}`, () => this.messages.length >= count)
    return this.brief
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    return (await until('the connection is closed', () => this.closed))!
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  /** Takes nothing more from the network, pings included. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** Goes without a word. */
  [Symbol.dispose](): void {
    this.#socket.terminate()
  }
}

/** A streamed answer, read as it comes. */
export class StreamListener implements Disposable {
  text = ''
  isOver = false
  readonly answer: IncomingMessage

  static async open(url: string, headers: Record<string, string> = {}): Promise<StreamListener> {
    const [answer] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage]
    return new StreamListener(answer)
  }

  constructor(answer: IncomingMessage) {
    this.answer = answer
    answer.setEncoding('utf8').on('data', (chunk: string) => (this.text += chunk))
    answer.on('error', () => {})
    answer.on('end', () => (this.isOver = true))
  }

  get messages(): Message[] {
    const lines = this.text.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Message)
  }

  [Symbol.dispose](): void {
    this.answer.destroy()
  }
}
