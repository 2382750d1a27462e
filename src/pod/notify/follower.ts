// Follows the feeds of the pods that somebody listens to. The bus only wakes; what happened is read from the feed, page by
// page, once for all listeners of a pod, and told in commit order to those of the topic. A pod without listeners costs
// nothing: no entry here, no subscription, no read.
//
// A listener starts where it left off. While it is behind, the pages are read again from where the last one stands, and
// who already heard an entry does not hear it again. Who is too far behind, or asks for what the feed no longer has, is
// told to look for itself (`resync`) and goes on from where the pod is now: never a gap that looks like nothing happened.

import { type Clock, othersFirst } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import type { Bus } from '../../core/bus/bus.ts'
import type { Path } from '../path.ts'
import type { ChangesPage, PodReader } from '../store/pod-store.ts'
import type { FeedEntry, PodId, PodRecord, Version } from '../store/resource.ts'
import { type Activity, activitiesOf } from './activity.ts'
import { isGone } from './judge.ts'

export interface Listener {
  activity(activity: Activity): void
  /** What came before `at` can no longer be told one by one. */
  resync(at: Version, why: Gone): void
  /** Everything up to here has been told: once when a listener has caught up, then at most once a second. */
  upTo(at: Version): void
}

export type Gone = 'truncated' | 'diverged'

export interface Follower {
  /** Tells what happened to the topic after `from`, in order. Throws OVERLOADED when there are too many listeners. */
  follow(pod: PodRecord, topic: Path, from: Version, listener: Listener): AsyncDisposable
  /** Those that somebody listens to. */
  pods(): Iterable<PodRecord>
}

export interface FollowerParts {
  readonly bus: Bus
  readonly store: Pick<PodReader, 'changes' | 'head'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

const pageEntries = 500
/** Who is further behind is told to look for itself. */
const maxBehind = 10_000
const maxListeners = 100_000
const retryMs = 1000
const tellEveryMs = 1000

export function createFollower(parts: FollowerParts): Follower & AsyncDisposable {
  const pods = new Map<PodId, PodFollower>()
  let listeners = 0
  parts.metrics.gaugeFrom('xpod_notify_pods', 'Pods whose feed is followed.', () => pods.size)
  const entries = parts.metrics.counter('xpod_notify_entries_total', 'Entries of feeds read for listeners.')

  return {
    follow(pod, topic, from, listener) {
      if (listeners >= maxListeners) throw new XpodError('OVERLOADED', 'too many are listening')
      listeners++
      let known = pods.get(pod.id)
      if (known === undefined) pods.set(pod.id, (known = new PodFollower(pod, parts, entries)))
      const follower = known
      const following = follower.add({ topic, listener, at: from })
      return {
        async [Symbol.asyncDispose]() {
          if (!follower.remove(following)) return
          listeners--
          if (!follower.isIdle) return
          if (pods.get(pod.id) === follower) pods.delete(pod.id)
          await follower[Symbol.asyncDispose]()
        },
      }
    },
    *pods() {
      for (const { record } of pods.values()) yield record
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...pods.values()].map((one) => one[Symbol.asyncDispose]()))
      pods.clear()
    },
  }
}

interface Following {
  readonly topic: Path
  readonly listener: Listener
  /** Where it stands while it is behind; undefined once it goes along with the others. */
  at: Version | undefined
}

class PodFollower implements AsyncDisposable {
  readonly record: PodRecord
  readonly #pod: PodId
  readonly #parts: FollowerParts
  readonly #entries: Counter
  readonly #topics = new Map<Path, Set<Following>>()
  /** Added since the running page was asked for: they hear nothing of it. */
  readonly #arrived = new Set<Following>()
  readonly #behind = new Set<Following>()
  /** Where those that are not behind stand. */
  #at: Version | undefined
  #told: Version | undefined
  #subscription: AsyncDisposable | undefined
  #running: Promise<void> | undefined
  /** Somebody arrived, or the pod has changed. */
  #isWoken = false
  /** The feed may have more than was read. */
  #isStale = true
  #isClosed = false
  #cancelRetry: (() => void) | undefined
  #cancelTelling: (() => void) | undefined

  constructor(record: PodRecord, parts: FollowerParts, entries: Counter) {
    this.record = record
    this.#pod = record.id
    this.#parts = parts
    this.#entries = entries
  }

  get isIdle(): boolean {
    return this.#topics.size === 0 && this.#arrived.size === 0
  }

  add(following: Following): Following {
    this.#arrived.add(following)
    this.#wake()
    return following
  }

  /** False when it was removed before. */
  remove(following: Following): boolean {
    this.#behind.delete(following)
    if (this.#arrived.delete(following)) return true
    const { topic } = following
    const others = this.#topics.get(topic)
    if (others?.delete(following) !== true) return false
    if (others.size === 0) this.#topics.delete(topic)
    return true
  }

  #wake(): void {
    this.#isWoken = true
    if (this.#isClosed) return
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#isWoken && this.#cancelRetry === undefined) this.#wake()
    })
  }

  async #run(): Promise<void> {
    // Whoever added a listener has its handle first.
    await Promise.resolve()
    try {
      await this.#start()
      while (!this.#isClosed && (this.#isWoken || this.#behind.size > 0)) await this.#step()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #start(): Promise<void> {
    if (this.#at !== undefined) return
    this.#at = await this.#head()
    this.#told = this.#at
    if (this.#isClosed) return
    this.#subscription = this.#parts.bus.subscribe(this.#pod, this.#at.seq, ({ seq }) => {
      if (seq <= this.#at!.seq) return
      this.#isStale = true
      this.#wake()
    })
  }

  async #head(): Promise<Version> {
    const head = await this.#parts.store.head(this.#pod)
    if (head === undefined) throw new XpodError('POD_UNKNOWN')
    return head.version
  }

  /** One page for everybody. */
  async #step(): Promise<void> {
    this.#isWoken = false
    this.#admit()
    if (!this.#isStale && this.#behind.size === 0) return
    this.#isStale = false
    const asked = [...this.#behind]
    const from = oldest(asked, this.#at!)
    const page = await this.#parts.store.changes(this.#pod, from, pageEntries)
    if (this.#isClosed) return
    // Without those who left meanwhile; whoever arrived was not asked for.
    const waiting = asked.filter((one) => this.#behind.has(one))
    if ('gone' in page) return await this.#lost(page, from, waiting)
    this.#entries.add(page.entries.length)
    for (const following of waiting) if (strayed(following, from, page.entries)) this.#resync(following, 'diverged')
    for (const entry of page.entries) this.#tell(entry)
    const isEnd = page.entries.length < pageEntries
    this.#advance(page.next, waiting, isEnd)
    if (!isEnd) await this.#pause()
  }

  /** Between full pages, requests have their turn. */
  async #pause(): Promise<void> {
    this.#isStale = true
    this.#isWoken = true
    await othersFirst()
  }

  /** Lets in who arrived: along with the others, or behind them. */
  #admit(): void {
    const at = this.#at!
    for (const following of this.#arrived) {
      this.#arrived.delete(following)
      const same = this.#topics.get(following.topic)
      if (same === undefined) this.#topics.set(following.topic, new Set([following]))
      else same.add(following)
      const from = following.at!
      if (from.seq === at.seq && from.mark === at.mark) this.#join(following)
      else if (at.seq - from.seq > maxBehind) this.#resync(following, 'truncated')
      else this.#behind.add(following)
    }
  }

  #join(following: Following): void {
    this.#behind.delete(following)
    following.at = undefined
    following.listener.upTo(this.#at!)
  }

  #resync(following: Following, why: Gone): void {
    this.#behind.delete(following)
    following.at = undefined
    following.listener.resync(this.#at!, why)
  }

  #tell(entry: FeedEntry): void {
    const { seq } = entry.version
    for (const activity of activitiesOf(entry)) {
      const interested = this.#topics.get(activity.topic)
      if (interested === undefined) continue
      for (const { at, listener } of interested) if ((at ?? this.#at!).seq < seq) listener.activity(activity)
    }
  }

  /** After a page: who stood inside it stands at its end. `isEnd`: the feed had no more when it was read. */
  #advance(next: Version, waiting: readonly Following[], isEnd: boolean): void {
    if (next.seq > this.#at!.seq) {
      this.#at = next
      this.#tellSoon()
    }
    for (const following of waiting) {
      const { at } = following
      if (at === undefined) continue
      if (at.seq < next.seq) following.at = next
      // Beyond the end of the feed: a future that was lost.
      if (at.seq > next.seq && isEnd) this.#resync(following, 'diverged')
      else if (following.at!.seq === this.#at!.seq) this.#join(following)
    }
  }

  /** The feed does not reach back to `from`, or never was there. */
  async #lost(
    { gone, floor }: Extract<ChangesPage, { gone: Gone }>,
    from: Version,
    waiting: readonly Following[],
  ): Promise<void> {
    const isAll = from === this.#at
    if (isAll) this.#at = await this.#head()
    for (const following of isAll ? this.#followings() : waiting) {
      const at = following.at
      if (at === undefined ? isAll : at === from || isSame(at, from) || (gone === 'truncated' && at.seq < floor.seq)) {
        this.#resync(following, gone)
      }
    }
    this.#isStale = true
    this.#isWoken = true
  }

  *#followings(): Iterable<Following> {
    for (const same of this.#topics.values()) yield* same
  }

  #tellSoon(): void {
    this.#cancelTelling ??= this.#parts.clock.after(tellEveryMs, () => {
      this.#cancelTelling = undefined
      const at = this.#at!
      if (this.#told === at) return
      this.#told = at
      for (const { at: own, listener } of this.#followings()) if (own === undefined) listener.upTo(at)
    })
  }

  #failed(error: unknown): void {
    this.#isWoken = false
    this.#isStale = true
    // The pod was deleted or has moved: its channels end elsewhere.
    if (isGone(error)) return this.#parts.log.info('notify.pod', { pod: this.#pod, error })
    this.#parts.log.warn('notify.feed', { pod: this.#pod, error })
    this.#cancelRetry ??= this.#parts.clock.after(retryMs, () => {
      this.#cancelRetry = undefined
      this.#wake()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#cancelRetry?.()
    this.#cancelTelling?.()
    await this.#running
    await this.#subscription?.[Symbol.asyncDispose]()
  }
}

function oldest(waiting: readonly Following[], at: Version): Version {
  let from = at
  for (const { at: own } of waiting) if (own !== undefined && own.seq < from.seq) from = own
  return from
}

function isSame(one: Version, other: Version): boolean {
  return one.seq === other.seq && one.mark === other.mark
}

/** Stands at a commit that the pod never made, although it has made another of that number. */
function strayed({ at }: Following, from: Version, entries: readonly FeedEntry[]): boolean {
  if (at === undefined || at.seq < from.seq) return false
  if (at.seq === from.seq) return at.mark !== from.mark
  const made = entries[at.seq - from.seq - 1]?.version
  return made?.seq === at.seq && made.mark !== at.mark
}
