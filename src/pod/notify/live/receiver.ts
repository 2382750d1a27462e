// Whoever listens on a channel at this moment, over whatever carries the messages: an open WebSocket or a streamed answer.
// What happens to the topic is queued, and before each message leaves, the rights are judged again, the state is read and
// the features of the channel are kept: not before startAt, not after endAt, not more often than `rate`.
//
// Bounded: what waits for a slow reader is at most 256 KiB, counting what the connection holds. Beyond that, and whenever
// more than one thing waits for its turn under `rate`, everything that waits becomes one Update (or Delete) that says "look
// again". Nothing is lost silently: `sent` never passes what was not handed over.

import { KiB } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { PodRecord, Version } from '../../store/resource.ts'
import { type Activity, catchUpActivity } from '../activity.ts'
import type { Channel } from '../channel.ts'
import type { Follower, Gone, Listener } from '../follower.ts'
import { isElsewhere, isGone, type Judge } from '../judge.ts'
import { renderMessage } from '../message.ts'
import type { ReceiverCounters } from './counters.ts'

/** What carries the messages. */
export interface Outlet {
  /** Handed over and not taken by the network yet. */
  readonly bufferedBytes: number
  send(text: string, onSent: () => void): void
  end(reason: EndReason): void
}

/** Why a channel serves nobody any more. */
export type EndReason = 'expired' | 'removed' | 'replaced' | 'moved'

export interface ReceiverParts {
  readonly follower: Follower
  readonly judge: Judge
  readonly clock: Clock
  readonly log: Log
  readonly counters: ReceiverCounters
}

export interface Listening {
  readonly pod: PodRecord
  readonly channel: Channel
  /** Delivered up to here before. */
  readonly from: Version
  readonly outlet: Outlet
}

const maxQueueBytes = 256 * KiB
/** More than this with the connection, and the next message waits in the queue. */
const maxBufferedBytes = 64 * KiB
/** A message beside the URLs in it. */
const messageBytes = 350
const retryMs = 1000

/** Everything that waited, as one. */
interface Collapsed {
  readonly why: 'full' | 'state' | Gone
  /** The first commit in it. */
  readonly from: Version
  readonly at: Version
  /** Of the last deletion in it. */
  readonly ended: string | undefined
}

export class Receiver implements Listener {
  /** Everything up to here was handed over, or was not for this receiver. */
  sent: Version
  /** How many messages were handed over. */
  messages = 0
  readonly #parts: ReceiverParts
  readonly #listening: Listening
  readonly #following: AsyncDisposable
  readonly #cancelEnd: () => void
  #queue: Activity[] = []
  #queuedBytes = 0
  #collapsed: Collapsed | undefined
  /** What the follower has told. */
  #told: Version
  /** The state that the subscriber knows is still to be compared. */
  #comparesState: boolean
  /** By the monotonic clock. */
  #nextMs = 0
  #cancelWait: (() => void) | undefined
  #isPumping = false
  /** The last attempt to send failed; said once. */
  #isDelayed = false
  #isClosed = false

  constructor(parts: ReceiverParts, listening: Listening) {
    const { pod, channel, from } = listening
    this.#parts = parts
    this.#listening = listening
    this.sent = from
    this.#told = from
    this.#comparesState = channel.state !== undefined
    this.#following = parts.follower.follow(pod, channel.topic, from, this)
    this.#cancelEnd = parts.clock.after(Math.max(0, channel.endMs - parts.clock.nowMs()), () => this.end('expired'))
  }

  activity(activity: Activity): void {
    this.#told = activity.version
    if (!this.#hasStarted) return
    if (this.#collapsed !== undefined) return this.#collapse('full', activity)
    this.#queue.push(activity)
    this.#queuedBytes += costOf(activity)
    const { rateMs } = this.#listening.channel
    const isFull = this.#listening.outlet.bufferedBytes + this.#queuedBytes > maxQueueBytes
    if (isFull || (rateMs > 0 && this.#queue.length > 1)) this.#collapse('full')
    this.#wake()
  }

  resync(at: Version, why: Gone): void {
    this.#told = at
    if (!this.#hasStarted) return
    this.#collapse(why)
    this.#wake()
  }

  upTo(at: Version): void {
    this.#told = at
    if (this.#comparesState) {
      this.#comparesState = false
      if (this.#isQuiet && this.messages === 0) this.#collapsed = { why: 'state', from: at, at, ended: undefined }
    }
    if (!this.#isQuiet || this.#isPumping) this.#wake()
    else if (!this.#isClosed) this.sent = at
  }

  get #hasStarted(): boolean {
    return this.#parts.clock.nowMs() >= this.#listening.channel.startMs
  }

  get #isQuiet(): boolean {
    return this.#queue.length === 0 && this.#collapsed === undefined
  }

  #collapse(why: Collapsed['why'], newest?: Activity): void {
    if (this.#collapsed === undefined) this.#parts.counters.collapsed.add()
    const from = this.#collapsed?.from ?? this.#queue[0]?.version ?? this.#told
    const all = newest === undefined ? this.#queue : [newest]
    const deletion = all.findLast(({ type }) => type === 'Delete')
    const ended = deletion === undefined ? this.#collapsed?.ended : deletion.ended
    this.#queue = []
    this.#queuedBytes = 0
    this.#collapsed = { why, from, at: this.#told, ended }
  }

  #wake(): void {
    if (!this.#isPumping && !this.#isClosed) void this.#pump()
  }

  /** Sends until nothing is left, or it has to wait for the reader or for the time. */
  async #pump(): Promise<void> {
    this.#isPumping = true
    // All that one commit means is queued before the first of it is sent.
    await Promise.resolve()
    try {
      while (!this.#isClosed && !this.#isQuiet && !this.#mustWait()) await this.#sendNext()
      if (this.#isQuiet && !this.#isClosed) this.sent = this.#told
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#isPumping = false
    }
  }

  /** The reader has not taken enough, or the time has not come; then it goes on by itself. */
  #mustWait(): boolean {
    const { outlet, channel } = this.#listening
    if (outlet.bufferedBytes > maxBufferedBytes) return true
    const { clock } = this.#parts
    const waitMs = Math.max(channel.startMs - clock.nowMs(), this.#nextMs - clock.monotonicMs())
    if (waitMs > 0) this.#wait(waitMs)
    return waitMs > 0
  }

  #wait(ms: number): void {
    this.#cancelWait ??= this.#parts.clock.after(ms, () => {
      this.#cancelWait = undefined
      this.#wake()
    })
  }

  async #sendNext(): Promise<void> {
    const collapsed = this.#collapsed
    const activity = collapsed === undefined ? this.#queue[0]! : await this.#caughtUp(collapsed)
    if (activity !== undefined) await this.#send(activity)
    if (collapsed !== undefined) {
      // What came meanwhile is said by what was just sent, or is in another of its kind.
      if (this.#collapsed === collapsed) this.#collapsed = undefined
    } else if (this.#queue[0] === activity) this.#shift()
    this.#settle(activity?.version ?? collapsed!.at)
  }

  #shift(): void {
    this.#queuedBytes -= costOf(this.#queue.shift()!)
  }

  /** A commit counts as sent when all that it meant was. */
  #settle(version: Version): void {
    if (this.#isClosed || version.seq <= this.sent.seq) return
    const next = this.#collapsed?.from ?? this.#queue[0]?.version
    if (next === undefined || next.seq > version.seq) this.sent = version
  }

  /** Nothing when it turns out that nothing has changed. */
  async #caughtUp({ why, at, ended }: Collapsed): Promise<Activity | undefined> {
    const { pod, channel } = this.#listening
    const { judge, clock } = this.#parts
    if (why === 'truncated' && !(await judge.changedSince(pod, channel.topic, this.sent))) return undefined
    const state = await judge.stateOf(pod, channel.topic)
    if (why === 'state' && isSameState(state, channel.state)) return undefined
    const activity = catchUpActivity(channel.topic, state !== undefined, at, clock.nowMs())
    return state === undefined && ended !== undefined ? { ...activity, ended } : activity
  }

  async #send(activity: Activity): Promise<void> {
    const { pod, channel, outlet } = this.#listening
    const { judge, clock, counters } = this.#parts
    const found = activity.type === 'Delete' ? undefined : judge.stateOf(pod, channel.topic)
    const state = found instanceof Promise ? await found : found
    // Last, so that nothing is waited for between the judgement and the message.
    const mayRead = judge.mayRead(pod, channel.topic, channel.subscriber, activity.ended)
    if (!(mayRead instanceof Promise ? await mayRead : mayRead)) return counters.denied.add()
    if (this.#isClosed) return
    if (clock.nowMs() >= channel.endMs) return this.end('expired')
    this.messages++
    this.#isDelayed = false
    this.#nextMs = clock.monotonicMs() + channel.rateMs
    outlet.send(renderMessage(pod, activity, state, channel.mediaType), () => this.#wake())
    counters.sent.add()
  }

  #failed(error: unknown): void {
    if (isGone(error)) return this.end(isElsewhere(error) ? 'moved' : 'removed')
    const { log, clock } = this.#parts
    if (!this.#isDelayed) log.warn('notify.delayed', { channel: this.#listening.channel.id, error })
    this.#isDelayed = true
    this.#nextMs = clock.monotonicMs() + retryMs
    this.#wait(retryMs)
  }

  end(reason: EndReason): void {
    if (this.#isClosed) return
    this.close()
    this.#listening.outlet.end(reason)
  }

  /** Nobody receives any more. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelEnd()
    this.#cancelWait?.()
    this.#queue = []
    void this.#following[Symbol.asyncDispose]()
  }
}

function costOf({ topic, object, ended }: Activity): number {
  return messageBytes + topic.length + object.length + (ended?.length ?? 0)
}

/** Whatever representation the subscriber's tag was of, and however it was quoted: what counts is the state in it. */
function isSameState(now: string | undefined, known: string | undefined): boolean {
  return now !== undefined && known !== undefined && opaqueOf(now) === opaqueOf(known)
}

function opaqueOf(tag: string): string {
  return tag.replace(/^W\//, '').replaceAll('"', '').split('.', 1)[0]!
}
