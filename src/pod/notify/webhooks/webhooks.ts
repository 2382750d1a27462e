// The webhook channels of this node: each is a cursor on the feed of its pod (rule 22), followed from where it stood. They are
// taken up again in the background after a start, page by page, so that a start does not take longer with more of them. How
// many there are is bounded by the caps under which channels are made; how many requests run at once by slots.ts.

import { type Clock, othersFirst } from '../../../base/clock.ts'
import type { Log, LogFields } from '../../../base/log.ts'
import type { Metrics } from '../../../base/metrics.ts'
import type { Random } from '../../../base/random.ts'
import type { FetchDoor } from '../../../core/http/fetch-door.ts'
import type { PodDirectory, PodPins } from '../../store/pod-store.ts'
import type { PodId, PodRecord, Version } from '../../store/resource.ts'
import type { Channel, DeliveredChannel } from '../channel.ts'
import type { ChannelStore } from '../channels.ts'
import type { Follower } from '../follower.ts'
import type { Judge } from '../judge.ts'
import { type Attempt, attempt, type WebhookSigner } from './attempt.ts'
import { faring } from './back-off.ts'
import { Cursor, type CursorParts } from './cursor.ts'
import { createPins, type Pins } from './pins.ts'
import { type Positions, writePositions } from './positions.ts'
import { clearFailures, type RetryWish } from './retry.ts'
import { createSlots, type Slots } from './slots.ts'

export interface WebhookParts {
  readonly channels: ChannelStore
  readonly follower: Follower
  readonly judge: Judge
  readonly store: PodPins & { readonly directory: Pick<PodDirectory, 'get' | 'onChange'> }
  readonly door: Pick<FetchDoor, 'post'>
  readonly signer: WebhookSigner
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** Where several centers use one database: only the home of a pod delivers its webhooks. */
  readonly isHome?: ((pod: PodId) => Promise<boolean>) | undefined
}

export interface Webhooks extends AsyncDisposable {
  /** A channel that was just stored. Other types are nobody's business here. */
  added(channel: Channel): void
  /** A channel whose row is gone. */
  removed(id: string): void
  /** Sends at once what failed or is parked; gives the channels it was about. */
  retry(wish: RetryWish): Promise<readonly DeliveredChannel[]>
  /** This node has become the pod's home: its webhooks are taken up from where they stood. */
  podArrived(pod: PodRecord): void
  /** Another node delivers them now. */
  podLeft(pod: PodId): void
}

const channelsAPage = 200
/** Between looks for what ended, what lags and what moved without being told. */
const roundMs = 60_000
const againMs = 5000
/** Until channels of before are looked for: a start has other things to read first. */
const settleMs = 500
/** At a stop, how long requests on their way may take. */
const graceMs = 3000

/** Returns at once; what was there before is taken up in the background. */
export function startWebhooks(parts: WebhookParts): Webhooks {
  return new CursorTable(parts)
}

class CursorTable implements Webhooks {
  readonly #parts: WebhookParts
  readonly #cursors = new Map<string, Cursor>()
  readonly #byPod = new Map<PodId, Set<Cursor>>()
  /** Parked channels that this process knows of, and when they end: for the gauge only. */
  readonly #parked = new Map<string, number>()
  /** Removed while some channels were on their way from the store to a cursor. */
  readonly #removed = new Set<string>()
  #opening = 0
  readonly #positions: Positions
  readonly #pins: Pins
  readonly #slots: Slots
  readonly #ofCursors: CursorParts
  readonly #stopping = new AbortController()
  readonly #cutting = new AbortController()
  readonly #working = new Set<Promise<void>>()
  readonly #cancelRounds: () => void
  readonly #directory: Disposable
  #round: Promise<void> | undefined

  constructor(parts: WebhookParts) {
    this.#parts = parts
    const { channels, follower, judge, clock, random, log } = parts
    this.#positions = writePositions(parts)
    this.#pins = createPins(parts)
    this.#slots = createSlots()
    this.#ofCursors = {
      channels,
      follower,
      judge,
      clock,
      random,
      log,
      positions: this.#positions,
      slots: this.#slots,
      attempt: (message) => attempt(parts, message, this.#cutting.signal),
      counted: counters(parts.metrics),
      ended: (cursor, why) => {
        this.#forget(cursor)
        if (why === 'parked') this.#parked.set(cursor.channel.id, cursor.channel.endMs)
      },
      isStopping: () => this.#stopping.signal.aborted,
    }
    this.#gauges()
    this.#cancelRounds = clock.every(roundMs, () => void this.#look())
    this.#directory = parts.store.directory.onChange((change) => {
      if (change.kind === 'put') for (const cursor of this.#of(change.record.id)) cursor.pod = change.record
      else for (const cursor of this.#of(change.id)) cursor.end('removed')
    })
    this.#working.add(this.#resume())
  }

  added(channel: Channel): void {
    if (channel.type === 'WebhookChannel2023') this.#open({ ...channel, delivery: faring })
  }

  removed(id: string): void {
    if (this.#opening > 0) this.#removed.add(id)
    this.#parked.delete(id)
    this.#cursors.get(id)?.end('removed')
  }

  async retry(wish: RetryWish): Promise<readonly DeliveredChannel[]> {
    const cleared = await clearFailures(this.#parts.channels, wish)
    for (const channel of cleared) {
      this.#parked.delete(channel.id)
      const cursor = this.#cursors.get(channel.id)
      if (cursor === undefined) this.#open(channel)
      else cursor.retry()
    }
    return cleared
  }

  podArrived(pod: PodRecord): void {
    this.#opening++
    this.#work(this.#resumePod(pod), { pod: pod.id })
  }

  podLeft(pod: PodId): void {
    for (const cursor of this.#of(pod)) cursor.end('over')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#cancelRounds()
    this.#directory[Symbol.dispose]()
    const { clock } = this.#parts
    const cancel = clock.after(graceMs, () => this.#cutting.abort(new Error('the server is stopping')))
    await this.#slots.idle()
    cancel()
    await Promise.all(this.#working)
    await this.#round
    for (const cursor of this.#cursors.values()) {
      cursor.save()
      cursor.end('over')
    }
    await this.#positions[Symbol.asyncDispose]()
  }

  /** After a start: every channel from where it stood. Goes on until the store has answered. */
  async #resume(): Promise<void> {
    const { signal } = this.#stopping
    this.#opening++
    await this.#pause(settleMs)
    let after: string | undefined = ''
    while (after !== undefined && !signal.aborted) {
      try {
        after = await this.#resumePage(after)
        // Between pages, requests have their turn.
        await othersFirst()
      } catch (error) {
        this.#parts.log.error('notify.webhooks-unread', { error })
        await this.#pause(againMs)
      }
    }
    this.#opened()
    await this.#look()
  }

  /** By age, in all pods: one pass over the channels. Gives where to go on. */
  async #resumePage(after: string): Promise<string | undefined> {
    const { channels, store, isHome } = this.#parts
    const page = await channels.list({ type: 'WebhookChannel2023' }, after, channelsAPage)
    const pods = new Map<PodId, PodRecord | undefined>()
    for (const { pod } of page) {
      if (pods.has(pod)) continue
      const isHere = isHome === undefined || (await isHome(pod))
      pods.set(pod, isHere ? await store.directory.get(pod) : undefined)
    }
    for (const channel of page) {
      const record = pods.get(channel.pod)
      if (record !== undefined) this.#start(channel, record)
    }
    return page.length === channelsAPage ? page.at(-1)!.id : undefined
  }

  async #resumePod(record: PodRecord): Promise<void> {
    const { channels } = this.#parts
    for (let after: string | undefined = ''; after !== undefined; ) {
      const filter = { type: 'WebhookChannel2023', pod: record.id } as const
      const page: readonly DeliveredChannel[] = await channels.list(filter, after, channelsAPage)
      for (const channel of page) this.#start(channel, record)
      after = page.length === channelsAPage ? page.at(-1)!.id : undefined
    }
  }

  /** Cut short by a stop. */
  #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const cancel = this.#parts.clock.after(ms, resolve)
      const stop = (): void => {
        cancel()
        resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  #open(channel: DeliveredChannel): void {
    this.#opening++
    const opening = this.#parts.store.directory.get(channel.pod).then((record) => {
      if (record !== undefined) this.#start(channel, record)
    })
    this.#work(opening, { channel: channel.id })
  }

  #work(opening: Promise<void>, about: LogFields): void {
    const working = opening
      .catch((error: unknown) => this.#parts.log.error('notify.webhooks-unread', { ...about, error }))
      .finally(() => {
        this.#opened()
        this.#working.delete(working)
      })
    this.#working.add(working)
  }

  #opened(): void {
    this.#opening--
    if (this.#opening === 0) this.#removed.clear()
  }

  #start(channel: DeliveredChannel, record: PodRecord): void {
    const { id, pod, delivery, endMs } = channel
    if (this.#stopping.signal.aborted || this.#cursors.has(id) || this.#removed.has(id)) return
    if (delivery.parked) return void this.#parked.set(id, endMs)
    const cursor = new Cursor(channel, record, this.#ofCursors)
    this.#cursors.set(id, cursor)
    const beside = this.#byPod.get(pod)
    if (beside === undefined) this.#byPod.set(pod, new Set([cursor]))
    else beside.add(cursor)
    cursor.start()
  }

  #forget(cursor: Cursor): void {
    const { id, pod } = cursor.channel
    this.#cursors.delete(id)
    const beside = this.#byPod.get(pod)
    beside?.delete(cursor)
    if (beside?.size === 0) this.#byPod.delete(pod)
  }

  #of(pod: PodId): ReadonlySet<Cursor> {
    return this.#byPod.get(pod) ?? new Set()
  }

  #look(): Promise<void> {
    return (this.#round ??= this.#lookAtAll().finally(() => (this.#round = undefined)))
  }

  async #lookAtAll(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    for (const [id, endMs] of this.#parked) if (endMs <= nowMs) this.#parked.delete(id)
    for (const cursor of this.#cursors.values()) {
      cursor.save()
      if (cursor.isOver) cursor.end('over')
    }
    await this.#pins.keep(lagging(this.#cursors.values()))
  }

  #gauges(): void {
    const gauge = (state: string, read: () => number): void => {
      this.#parts.metrics.gaugeFrom('xpod_notify_webhooks', 'Webhook channels, by how they fare', read, { state })
    }
    const failing = (): number => this.#cursors.values().reduce((sum, { isFailing }) => sum + Number(isFailing), 0)
    gauge('delivering', () => this.#cursors.size - failing())
    gauge('failing', failing)
    gauge('parked', () => this.#parked.size)
  }
}

/** Of each pod with a webhook that lags, where the one furthest behind stands. */
function lagging(cursors: Iterable<Cursor>): ReadonlyMap<PodId, Version> {
  const first = new Map<PodId, Version>()
  for (const { channel, lagsFrom } of cursors) {
    if (lagsFrom === undefined) continue
    const known = first.get(channel.pod)
    if (known === undefined || lagsFrom.seq < known.seq) first.set(channel.pod, lagsFrom)
  }
  return first
}

function counters(metrics: Metrics): (outcome: Attempt['kind']) => void {
  const labels = { channel: 'webhook' }
  const delivered = metrics.counter('xpod_notify_delivered_total', 'Messages that reached a subscriber', labels)
  const dropped = metrics.counter('xpod_notify_dropped_total', 'Messages not sent, because Read is gone', labels)
  const failed = metrics.counter('xpod_notify_webhook_failures_total', 'Requests to webhooks that failed')
  const counts = { delivered, withheld: dropped, orphaned: dropped, failed }
  return (outcome) => counts[outcome].add()
}
