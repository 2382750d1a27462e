// One webhook on its way along the feed of its pod: what it has been told, what comes next, one request at a time. It goes on
// in order and past nothing that was not taken, so a target hears everything at least once, under ids that stay the same.
// Only some activities wait in memory; past that it stops following and goes on from the feed when they are told. A target
// that fails is asked again after a growing pause and in the end parked; nobody else waits for it.
//
// The position in memory is ahead of the one on disk by what positions.ts has not written yet.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Random } from '../../../base/random.ts'
import type { PodRecord, Version } from '../../store/resource.ts'
import { type Activity, catchUpActivity } from '../activity.ts'
import type { Channel, DeliveredChannel, Delivery } from '../channel.ts'
import type { ChannelStore } from '../channels.ts'
import type { Follower, Listener } from '../follower.ts'
import type { Judge } from '../judge.ts'
import type { Attempt } from './attempt.ts'
import { afterFailure, type Failure, faring, longestPauseMs } from './back-off.ts'
import type { Positions } from './positions.ts'
import type { Slots } from './slots.ts'

export interface CursorParts {
  readonly channels: Pick<ChannelStore, 'setDelivery' | 'remove'>
  readonly follower: Follower
  readonly judge: Pick<Judge, 'changedSince' | 'stateOf'>
  readonly attempt: (message: { pod: PodRecord; channel: Channel; activity: Activity }) => Promise<Attempt>
  readonly positions: Positions
  readonly slots: Slots
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly counted: (outcome: Attempt['kind']) => void
  readonly ended: (cursor: Cursor, why: End) => void
  readonly isStopping: () => boolean
}

export type End = 'over' | 'removed' | 'parked'

/** Something to tell; worked out when its turn comes. Undefined: there is nothing to tell after all. */
interface Pending {
  readonly version: Version
  readonly activity: () => Promise<Activity | undefined>
}

/** Activities in memory; a commit is never cut in two. */
const maxWaiting = 64
/** After trouble of our own, which says nothing about the target. */
const troubleMs = 5000
const unfollowedMs = 60_000
/** An answer within this is a quick one (see slots.ts). */
const quickMs = 1000

export class Cursor {
  readonly channel: Channel
  readonly #receiver: string
  readonly #parts: CursorParts
  /** Replaced when the pod gets another record. */
  pod: PodRecord
  #delivery: Delivery
  /** Everything up to here is delivered. */
  #position: Version
  /** The position that was last handed on to be written. */
  #saved: Version
  /** The follower has told everything up to here, as far as it is not in `#waiting`. */
  #told: Version
  #waiting: Pending[] = []
  #listener: Listener | undefined
  #following: AsyncDisposable | undefined
  /** The feed has more than `#waiting` could take. */
  #hasMore = false
  /** Its turn is asked for, or it is sending. */
  #isBusy = false
  #isQuick = false
  #isEnded = false
  /** Monotonic: the rate that was wished for, or trouble of our own. */
  #notBeforeMs: number
  /** The end of the gap that was wished for, by the wall clock. */
  #gapEndMs: number
  #cancelTimer = (): void => {}

  constructor(channel: DeliveredChannel, pod: PodRecord, parts: CursorParts) {
    this.channel = channel
    this.#receiver = URL.parse(channel.sendTo!)?.origin ?? ''
    this.pod = pod
    this.#parts = parts
    this.#delivery = channel.delivery
    this.#position = this.#saved = this.#told = channel.position
    this.#gapEndMs = channel.delivery.nextMs
    const gapMs = this.isFailing ? 0 : this.#gapEndMs - parts.clock.nowMs()
    this.#notBeforeMs = parts.clock.monotonicMs() + Math.min(gapMs, channel.rateMs)
  }

  /** The state that the subscriber knows counts until something was delivered; the store forgets it then. */
  start(): void {
    if (this.channel.state !== undefined) this.#waiting.push(this.#stateOfThen(this.channel.state))
    this.#follow()
    if (this.#waiting.length > 0) this.#turn()
  }

  /** From where the feed must be kept for it; undefined while it keeps up. */
  get lagsFrom(): Version | undefined {
    return this.#delivery.failures > 0 || this.#hasMore ? this.#position : undefined
  }

  get isFailing(): boolean {
    return this.#delivery.failures > 0
  }

  get isOver(): boolean {
    return this.#parts.clock.nowMs() >= this.channel.endMs
  }

  /** Hands on a position that moved without anything to tell: then it is not read from far back after a restart. */
  save(): void {
    if (this.#position === this.#saved) return
    this.#saved = this.#position
    const position = this.#position
    this.#parts.positions.moved(
      this.channel,
      this.channel.rateMs > 0 ? { position, nextMs: this.#gapEndMs } : { position },
    )
  }

  /** Tries at once what was waiting for another time. The caller has written that nothing is wrong with it. */
  retry(): void {
    this.#delivery = faring
    this.#turn()
  }

  end(why: End): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#cancelTimer()
    this.#waiting = []
    this.#unfollow()
    this.#parts.ended(this, why)
  }

  #follow(): void {
    this.#hasMore = false
    this.#told = this.#position
    const listener: Listener = {
      activity: (activity) => {
        if (this.#listener === listener) this.#hear(activity)
      },
      resync: (at, why) => {
        if (this.#listener !== listener) return
        this.#told = at
        this.#add(this.#missed(at, why))
      },
      upTo: (at) => {
        if (this.#listener === listener) this.#heardUpTo(at)
      },
    }
    const { pod, channel } = this
    const { follower, clock, log } = this.#parts
    try {
      this.#following = follower.follow(pod, channel.topic, this.#position, listener)
      this.#listener = listener
    } catch (error) {
      // Too many listen on this node. The feed is kept for it as for others that lag.
      log.warn('notify.webhook-unfollowed', { channel: channel.id, error })
      this.#hasMore = true
      this.#cancelTimer()
      this.#cancelTimer = clock.after(unfollowedMs, () => this.#turn())
    }
  }

  #unfollow(): void {
    const following = this.#following
    this.#following = this.#listener = undefined
    if (following === undefined) return
    Promise.resolve(following[Symbol.asyncDispose]()).catch((error: unknown) => {
      this.#parts.log.error('notify.unfollow', { channel: this.channel.id, error })
    })
  }

  #hear(activity: Activity): void {
    const { startMs, endMs } = this.channel
    if (activity.atMs < startMs || activity.atMs > endMs) return
    const last = this.#waiting.at(-1)
    if (last !== undefined && this.#waiting.length >= maxWaiting && activity.version.seq !== last.version.seq) {
      // Everything up to the last one was told, and the feed has the rest.
      this.#unfollow()
      this.#hasMore = true
      this.#told = last.version
      return
    }
    this.#add({ version: activity.version, activity: async () => activity })
  }

  #add(pending: Pending): void {
    // With a rate only the newest is told when its time comes; one whose turn it is stays.
    if (this.channel.rateMs > 0) this.#waiting.splice(this.#isBusy ? 1 : 0)
    this.#waiting.push(pending)
    this.#turn()
  }

  #heardUpTo(at: Version): void {
    this.#told = at
    if (this.#waiting.length === 0) this.#position = at
  }

  #turn(): void {
    if (this.#isEnded || this.#isBusy || this.#parts.isStopping()) return
    if (this.#waiting.length === 0) {
      if (this.#hasMore) this.#follow()
      return
    }
    this.#cancelTimer()
    const waitMs = this.#waitMs()
    if (waitMs > 0) {
      this.#cancelTimer = this.#parts.clock.after(waitMs, () => this.#turn())
      return
    }
    this.#isBusy = true
    this.#parts.slots.run({ receiver: this.#receiver, isQuick: this.#isQuick }, () => this.#work())
  }

  #waitMs(): number {
    const { clock } = this.#parts
    const nowMs = clock.nowMs()
    // A wall clock that jumps must not make it wait for ever.
    const byFailures = this.isFailing ? Math.min(this.#delivery.nextMs - nowMs, longestPauseMs) : 0
    return Math.max(byFailures, this.channel.startMs - nowMs, this.#notBeforeMs - clock.monotonicMs())
  }

  async #work(): Promise<void> {
    const { clock, log, isStopping } = this.#parts
    try {
      if (!this.#isEnded && !isStopping()) await this.#tellNext()
    } catch (error) {
      this.#notBeforeMs = clock.monotonicMs() + troubleMs
      if (!isStopping()) log.warn('notify.webhook-unsent', { channel: this.channel.id, error })
    }
    this.#isBusy = false
    this.#turn()
  }

  async #tellNext(): Promise<void> {
    if (this.isOver) return this.end('over')
    const { clock, attempt, counted } = this.#parts
    const pending = this.#waiting[0]!
    const startedMs = clock.monotonicMs()
    const activity = await pending.activity()
    const result = activity && (await attempt({ pod: this.pod, channel: this.channel, activity }))
    if (result !== undefined) counted(result.kind)
    this.#isQuick = result?.kind !== 'failed' && clock.monotonicMs() - startedMs < quickMs
    if (this.#isEnded) return
    if (result?.kind === 'failed') return await this.#failed(result)
    if (result?.kind === 'orphaned') return await this.#orphaned()
    if (result?.kind === 'delivered') {
      this.#notBeforeMs = clock.monotonicMs() + this.channel.rateMs
      this.#gapEndMs = clock.nowMs() + this.channel.rateMs
      if (this.isFailing) await this.#recovered()
    }
    this.#advance(pending.version)
  }

  /** What was first in line is done. Its commit counts as delivered when nothing of it follows: it was told in one go. */
  #advance(done: Version): void {
    this.#waiting.shift()
    const next = this.#waiting[0]
    if (next === undefined) this.#position = this.#told.seq > done.seq ? this.#told : done
    else if (next.version.seq !== done.seq) this.#position = done
    this.save()
  }

  async #failed(failure: Failure): Promise<void> {
    const { channels, clock, random, log } = this.#parts
    const { pod, id } = this.channel
    this.#delivery = afterFailure(this.#delivery, failure, { nowMs: clock.nowMs(), random })
    const { failures, parked, problem } = this.#delivery
    const fields = { channel: id, receiver: this.#receiver, failures, problem }
    if (parked) log.warn('notify.webhook-parked', fields)
    else if (failures === 1) log.info('notify.webhook-failing', fields)
    else log.debug('notify.webhook-failing', fields)
    await channels.setDelivery(pod, id, this.#delivery)
    if (parked) this.end('parked')
  }

  async #recovered(): Promise<void> {
    const { channels, log } = this.#parts
    log.info('notify.webhook-recovered', { channel: this.channel.id, failures: this.#delivery.failures })
    this.#delivery = faring
    await channels.setDelivery(this.channel.pod, this.channel.id, faring)
  }

  async #orphaned(): Promise<void> {
    this.#parts.log.info('notify.webhook-orphaned', { channel: this.channel.id })
    await this.#parts.channels.remove(this.channel.pod, this.channel.id)
    this.end('removed')
  }

  #missed(at: Version, why: 'truncated' | 'diverged'): Pending {
    const { judge, clock } = this.#parts
    const { topic } = this.channel
    return {
      version: at,
      activity: async () => {
        const isChanged = why === 'diverged' || (await judge.changedSince(this.pod, topic, this.#position))
        if (!isChanged) return undefined
        const state = await judge.stateOf(this.pod, topic)
        return catchUpActivity(topic, state !== undefined, at, clock.nowMs())
      },
    }
  }

  #stateOfThen(known: string): Pending {
    const { judge, clock } = this.#parts
    const { topic, position } = this.channel
    return {
      version: position,
      activity: async () => {
        const state = await judge.stateOf(this.pod, topic)
        if (state === known) return undefined
        return catchUpActivity(topic, state !== undefined, position, clock.nowMs())
      },
    }
  }
}
