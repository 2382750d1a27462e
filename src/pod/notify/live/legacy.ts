// The updates of old: the `solid-0.1` WebSocket that rdflib and mashlib listen on (solid-spec, api-websockets.md), found by the
// Updates-Via header. `sub URL` is answered by `ack URL` or `err URL why`; each change of what was subscribed to says
// `pub URL`. Off by default (--legacy-updates).
//
// The protocol knows no login: browsers cannot send a token with it, and the commands `auth` and `dpop` that were once
// drafted for it were never settled. So only what anyone may read can be subscribed to, and that is asked again at each
// `pub`. Nothing is resumed: clients look again when they reconnect. Each commit is told on its own, because rdflib counts
// them to tell its own writes from those of others.

import type { Log } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import { KiB } from '../../../base/bytes.ts'
import type { UpgradeAnswer, UpgradeRequest, WebSocketPeer } from '../../../core/http/websocket.ts'
import type { PodResponse } from '../../exchange.ts'
import type { Path } from '../../path.ts'
import { urlOf } from '../../resource/links.ts'
import type { PodServer } from '../../server.ts'
import type { PodReader } from '../../store/pod-store.ts'
import type { PodId, PodRecord } from '../../store/resource.ts'
import { pathInPod } from '../../url.ts'
import type { Follower, Listener } from '../follower.ts'
import { isElsewhere, type Judge } from '../judge.ts'
import { createReceiverCounters, type ReceiverCounters } from './counters.ts'

export const legacyPath: Path = '/.notifications/solid-0.1'

export interface LegacyParts {
  readonly follower: Follower
  readonly judge: Pick<Judge, 'mayRead'>
  readonly store: Pick<PodReader, 'head'>
  readonly log: Log
  readonly metrics: Metrics
}

export interface LegacyUpdates {
  /** Of `legacyPath` in a pod. */
  upgrade(pod: PodRecord, request: UpgradeRequest): UpgradeAnswer
  podGone(pod: PodId): void
  /** Another node is its home: whoever listens connects again, and not here. */
  podLeft(pod: PodId): void
}

const version = 'solid-0.1'
const maxTopics = 256
/** `pub`s that wait for the reader; beyond it a topic waits only once. */
const maxWaiting = 500
const maxBufferedBytes = 64 * KiB
const maxEchoed = 2000

/** RFC 6455 section 7.4.1: normal closure, protocol error, cannot go on; 1012 of its registry: connect again. */
const closeCodes = { removed: 1000, protocol: 1002, unavailable: 1011, moved: 1012 }

type Offer = 'ours' | 'none' | 'other'

export function createLegacyUpdates(parts: LegacyParts): LegacyUpdates {
  const counters = createReceiverCounters(parts.metrics, 'legacy')
  /** By pod; as many as the server takes connections. */
  const sockets = new Map<PodId, Set<LegacySocket>>()

  function open(pod: PodRecord, peer: WebSocketPeer): LegacySocket {
    const socket = new LegacySocket(parts, counters, pod, peer)
    const same = sockets.get(pod.id) ?? new Set()
    sockets.set(pod.id, same.add(socket))
    peer.onClose(() => {
      socket.closed()
      same.delete(socket)
      if (same.size === 0 && sockets.get(pod.id) === same) sockets.delete(pod.id)
    })
    return socket
  }

  function end(pod: PodId, reason: keyof typeof closeCodes): void {
    for (const socket of sockets.get(pod) ?? []) socket.end(reason)
  }

  return {
    upgrade(pod, { headers }) {
      const offer = offerOf(headers['sec-websocket-protocol'])
      const greeting = (peer: WebSocketPeer): void => open(pod, peer).greet(offer)
      return offer === 'ours' ? { protocol: version, open: greeting } : { open: greeting }
    },
    podGone: (pod) => end(pod, 'removed'),
    podLeft: (pod) => end(pod, 'moved'),
  }
}

function offerOf(header: string | undefined): Offer {
  if (header === undefined) return 'none'
  return header.split(',').some((one) => one.trim() === version) ? 'ours' : 'other'
}

/** Names the socket of its pod in every answer that worked, and where nothing is yet: what comes there can be listened for. */
export function announceUpdates(server: PodServer): PodServer {
  const announced = (response: PodResponse, pod: PodRecord): PodResponse => {
    if (response.status >= 400 && response.status !== 404) return response
    const address = urlOf(pod, legacyPath).replace(/^http/, 'ws')
    return { ...response, headers: [...response.headers, 'Updates-Via', address] }
  }
  return {
    handle(request) {
      const response = server.handle(request)
      return response instanceof Promise
        ? response.then((settled) => announced(settled, request.pod))
        : announced(response, request.pod)
    },
  }
}

interface Topic {
  /** As the client spelled it. */
  readonly url: string
  readonly following: AsyncDisposable
}

interface Waiting {
  readonly path: Path
  /** As an Activity has it. */
  readonly ended: string | undefined
}

class LegacySocket {
  readonly #parts: LegacyParts
  readonly #counters: ReceiverCounters
  readonly #pod: PodRecord
  readonly #peer: WebSocketPeer
  readonly #topics = new Map<Path, Topic>()
  #waiting: Waiting[] = []
  #isPumping = false
  #isClosed = false

  constructor(parts: LegacyParts, counters: ReceiverCounters, pod: PodRecord, peer: WebSocketPeer) {
    this.#parts = parts
    this.#counters = counters
    this.#pod = pod
    this.#peer = peer
    peer.onMessage((text) => this.#hear(text))
  }

  greet(offer: Offer): void {
    this.#peer.send(`protocol ${version}`)
    if (offer === 'none') {
      this.#peer.send(`warning Missing Sec-WebSocket-Protocol header, expected value '${version}'`)
    } else if (offer === 'other') {
      this.#peer.send(`error Client does not support protocol ${version}`)
      this.end('protocol')
    }
  }

  #hear(text: string): void {
    const [, command, url] = /^(\w+)\s+(\S+)\s*$/.exec(text) ?? []
    if (command !== 'sub' || url === undefined) {
      this.#peer.send('warning Unrecognized message; expected: sub URL')
      return
    }
    this.#subscribe(url).then(
      (why) => this.#answer(url, why),
      (error: unknown) => {
        if (isElsewhere(error)) return this.end('moved')
        this.#parts.log.warn('notify.legacy', { pod: this.#pod.id, error })
        this.#answer(url, 'unavailable')
      },
    )
  }

  end(reason: keyof typeof closeCodes): void {
    this.#peer.close(closeCodes[reason], reason)
  }

  #answer(url: string, why: string | undefined): void {
    const named = url.slice(0, maxEchoed)
    this.#peer.send(why === undefined ? `ack ${named}` : `err ${named} ${why}`)
  }

  /** Why not. */
  async #subscribe(url: string): Promise<string | undefined> {
    const { judge, store, follower } = this.#parts
    const path = pathInPod(this.#pod, url)
    if (path === undefined) return 'not in this storage'
    if (!(await judge.mayRead(this.#pod, path, {}))) return 'forbidden'
    const head = await store.head(this.#pod.id)
    if (head === undefined || this.#isClosed) return 'unavailable'
    if (this.#topics.has(path)) return undefined
    if (this.#topics.size >= maxTopics) return 'too many subscriptions'
    const following = follower.follow(this.#pod, path, head.version, this.#listener(path))
    this.#topics.set(path, { url, following })
    return undefined
  }

  #listener(path: Path): Listener {
    return {
      activity: ({ ended }) => this.#changed({ path, ended }),
      resync: () => this.#changed({ path, ended: undefined }),
      upTo: () => {},
    }
  }

  #changed(change: Waiting): void {
    const isWaiting = this.#waiting.length >= maxWaiting && this.#waiting.some(({ path }) => path === change.path)
    if (isWaiting) return this.#counters.collapsed.add()
    this.#waiting.push(change)
    this.#wake()
  }

  #wake(): void {
    if (!this.#isPumping && !this.#isClosed) void this.#pump()
  }

  async #pump(): Promise<void> {
    this.#isPumping = true
    try {
      while (this.#waiting.length > 0 && this.#peer.bufferedBytes <= maxBufferedBytes) {
        await this.#publish(this.#waiting.shift()!)
      }
    } catch (error) {
      // The client looks again when it reconnects.
      if (isElsewhere(error)) return this.end('moved')
      this.#parts.log.warn('notify.legacy', { pod: this.#pod.id, error })
      this.end('unavailable')
    } finally {
      this.#isPumping = false
    }
  }

  async #publish({ path, ended }: Waiting): Promise<void> {
    const mayRead = await this.#parts.judge.mayRead(this.#pod, path, {}, ended)
    const topic = this.#topics.get(path)
    if (topic === undefined) return
    if (!mayRead) return this.#counters.denied.add()
    this.#peer.send(`pub ${topic.url}`, () => this.#wake())
    this.#counters.sent.add()
  }

  closed(): void {
    this.#isClosed = true
    this.#waiting = []
    for (const { following } of this.#topics.values()) void following[Symbol.asyncDispose]()
    this.#topics.clear()
  }
}
