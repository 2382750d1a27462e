// What receivers stand on in tests: a follower and a judge that do what a test says, a clock that it moves, and an end of a
// connection that takes what it is told to take.

import { silentLog } from '../../../../src/base/log.ts'
import { createMetrics } from '../../../../src/base/metrics.ts'
import type { WebSocketPeer } from '../../../../src/core/http/websocket.ts'
import { type Activity, activitiesOf } from '../../../../src/pod/notify/activity.ts'
import type { Channel } from '../../../../src/pod/notify/channel.ts'
import type { ChannelPosition } from '../../../../src/pod/notify/channels.ts'
import type { Follower, Listener } from '../../../../src/pod/notify/follower.ts'
import type { Judge } from '../../../../src/pod/notify/judge.ts'
import type { FeedEntry, PodRecord, Version } from '../../../../src/pod/store/resource.ts'
import { createFakeClock, type FakeClock } from '../../../support/fake-clock.ts'
import { podRecord } from '../../../support/temporary-store.ts'

export const version = (seq: number): Version => ({ seq, mark: seq })

export class Stage {
  readonly pod: PodRecord = podRecord('alice')
  readonly clock: FakeClock = createFakeClock()
  readonly metrics = createMetrics()
  readonly log = silentLog
  /** Who listens now, by topic. */
  readonly listeners = new Map<string, Set<Listener>>()
  readonly froms: Version[] = []
  mayRead: boolean | ((ended: string | undefined) => boolean | Promise<boolean>) = true
  stands = true
  state: string | undefined = '"now"'
  hasChanged = true
  /** What was written to the channels: one list a write. */
  readonly writes: ChannelPosition[][] = []
  readonly removed: string[] = []
  #channels = 0

  readonly follower: Follower = {
    pods: () => [],
    follow: (_pod, topic, from, listener) => {
      this.froms.push(from)
      const same = this.listeners.get(topic) ?? new Set()
      this.listeners.set(topic, same.add(listener))
      return { [Symbol.asyncDispose]: async () => void same.delete(listener) }
    },
  }

  readonly judge: Judge = {
    mayRead: (...asked) => (typeof this.mayRead === 'boolean' ? this.mayRead : this.mayRead(asked[3])),
    stands: () => this.stands,
    stateOf: () => this.state,
    changedSince: async () => this.hasChanged,
  }

  readonly channelRows = new Map<string, Channel>()
  readonly channels = {
    findBySecret: async (_pod: string, secret: string) => this.channelRows.get(secret),
    moveTo: async (positions: readonly ChannelPosition[]) => void this.writes.push([...positions]),
    remove: async (_pod: string, id: string) => this.removed.push(id) > 0,
  }

  channel(more: Partial<Channel> = {}): Channel {
    const id = `channel-${++this.#channels}`
    const channel: Channel = {
      id,
      pod: this.pod.id,
      type: 'WebSocketChannel2023',
      topic: '/a',
      subscriber: {},
      address: '127.0.0.1',
      secret: `secret-${id}`,
      sendTo: undefined,
      startMs: 0,
      endMs: this.clock.nowMs() + 86_400_000,
      rateMs: 0,
      mediaType: 'application/ld+json',
      state: undefined,
      createdMs: 0,
      position: version(10),
      ...more,
    }
    this.channelRows.set(channel.secret, channel)
    return channel
  }

  /** A commit of this number that changed the topic; the id of what is told. */
  commit(seq: number, topic = '/a'): string {
    const activity = activitiesIn(seq, topic)[0]!
    this.tell(topic, (listener) => listener.activity(activity))
    return activity.id
  }

  /** A commit of this number that deleted the topic with its own ACL. */
  deleted(seq: number, topic: string, rules: string): void {
    const touched = [{ ...touch, path: topic, act: 'delete' }] as const
    const [activity] = activitiesOf({ ...entryOf(seq), touched, ended: { subject: topic, rules } })
    this.tell(topic, (listener) => listener.activity(activity!))
  }

  /** A commit of this number that made two children of the container. */
  commitTwo(seq: number, container: string): void {
    const touched = ['x', 'y'].map((name) => ({ ...touch, path: container + name, act: 'create' }) as const)
    const activities = activitiesOf({ ...entryOf(seq), touched }).filter(({ topic }) => topic === container)
    for (const activity of activities) this.tell(container, (listener) => listener.activity(activity))
  }

  tell(topic: string, how: (listener: Listener) => void): void {
    for (const listener of this.listeners.get(topic) ?? []) how(listener)
  }
}

const touch = { act: 'update', kind: 'document', mediaType: '', size: 0, modifiedMs: 0 } as const

function entryOf(seq: number): Omit<FeedEntry, 'touched'> {
  return { version: version(seq), epoch: 1, atMs: 0, opId: `op-${seq}`, agent: {}, bytesDelta: 0 }
}

function activitiesIn(seq: number, path: string): readonly Activity[] {
  return activitiesOf({ ...entryOf(seq), touched: [{ ...touch, path }] })
}

/** Lets everything that waits for nothing but its turn happen. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** The server's end of a WebSocket, and what the other end does. */
export class Peer implements WebSocketPeer {
  readonly remoteAddress = '127.0.0.1'
  readonly sent: string[] = []
  pings = 0
  closed: number | undefined
  /** Takes nothing until `take`. */
  isSlow = false
  #buffered: { readonly bytes: number; readonly onSent: () => void }[] = []
  #handlers: { message?: (text: string) => void; pong?: () => void; close?: () => void } = {}

  get bufferedBytes(): number {
    return this.#buffered.reduce((sum, { bytes }) => sum + bytes, 0)
  }
  send(text: string, onSent: () => void = () => {}): void {
    this.sent.push(text)
    if (this.isSlow) this.#buffered.push({ bytes: Buffer.byteLength(text), onSent })
    else onSent()
  }
  ping(): void {
    this.pings++
  }
  close(code: number): void {
    this.closed ??= code
  }
  terminate(): void {
    this.gone()
  }
  onMessage(handler: (text: string) => void): void {
    this.#handlers.message = handler
  }
  onPong(handler: () => void): void {
    this.#handlers.pong = handler
  }
  onClose(handler: () => void): void {
    this.#handlers.close = handler
  }

  /** From the client. */
  say(text: string): void {
    this.#handlers.message?.(text)
  }
  pong(): void {
    this.#handlers.pong?.()
  }
  gone(): void {
    this.#handlers.close?.()
  }
  take(): void {
    const all = this.#buffered
    this.#buffered = []
    for (const { onSent } of all) onSent()
  }
  /** Types of the messages, and the last words as they are. */
  get types(): string[] {
    return this.sent.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { type: string }).type : text))
  }
}
