// The beat of this node in what several nodes share: every three seconds it says "I am here" and sees who else is. While beats
// are taken, the lease lasts; when another process has taken this node's name, it is over for good. Knows nothing of where
// beats are written, and does not judge who is dead: whoever takes something over asks for what was seen.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import { Lease } from './lease.ts'
import { type Beat, type Sighting, Sightings } from './sightings.ts'

export interface HeartbeatOptions {
  /** Writes one beat. May fail; must not be delayed by load. */
  readonly beat: () => Promise<Beaten>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Another process beats as this node: this one commits nothing any more and must end. */
  readonly onReplaced: () => void
}

/** What a beat saw when it was taken. */
export interface Beaten {
  /** False: another process has this node's name. */
  readonly isMine: boolean
  /** Of the server that took it; another after a restart or a failover. */
  readonly era: string
  readonly beats: readonly Beat[]
}

export interface Heartbeat extends AsyncDisposable {
  /** 0 while memory may not answer; another number after each time that it was so in between. */
  term(): number
  /** What was seen of another node's beat. */
  seen(node: string): Sighting | undefined
  /** What memory knows may not be so any more: it is over until the next beat, which is sent at once. */
  doubt(): void
  /** Calls back after the lease was lost, when it is held again. */
  onRegained(listener: () => void): Disposable
}

const everyMs = 3000
/** A beat that was on its way while the lease was dropped is sent again, so many times. */
const maxDoubts = 3

/** The first beat is taken when it resolves. Throws DATABASE_UNAVAILABLE. */
export async function startHeartbeat(options: HeartbeatOptions): Promise<Heartbeat> {
  const heart = new Heart(options)
  await heart.start()
  return heart
}

class Heart implements Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #lease: Lease
  readonly #sightings: Sightings
  readonly #listeners = new Set<() => void>()
  readonly #observe: (seconds: number) => void
  #beating: Promise<void> | undefined
  #stop = (): void => {}
  #isClosed = false
  /** What the log was told last. */
  #term = 0
  #isReplaced = false

  constructor(options: HeartbeatOptions) {
    const { clock, metrics } = options
    this.#options = options
    this.#lease = new Lease(clock)
    this.#sightings = new Sightings(clock)
    metrics.gaugeFrom('xpod_lease_held', 'Whether memory may answer reads.', () => Number(this.#lease.isHeld))
    const seconds = metrics.histogram('xpod_heartbeat_seconds', 'Time of a beat.', [0.001, 0.01, 0.1, 1, 3])
    this.#observe = (value) => seconds.observe(value)
  }

  async start(): Promise<void> {
    await this.#beat()
    this.#term = this.term()
    this.#stop = this.#options.clock.every(everyMs, () => this.#tick())
  }

  term(): number {
    return this.#isReplaced ? 0 : this.#lease.term
  }

  seen(node: string): Sighting | undefined {
    return this.#sightings.of(node)
  }

  doubt(): void {
    this.#lease.drop()
    this.#tick()
  }

  onRegained(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#stop()
    await this.#beating
  }

  #tick(): void {
    this.#tellTerm()
    this.#beating ??= this.#beat()
      .catch((error: unknown) => this.#options.log.warn('center.beat-missed', { error }))
      .finally(() => {
        this.#beating = undefined
        this.#tellTerm()
      })
  }

  async #beat(): Promise<void> {
    for (let attempt = 1; attempt <= maxDoubts && !this.#isReplaced && !this.#isClosed; attempt++) {
      const sent = this.#lease.now()
      const { isMine, era, beats } = await this.#options.beat()
      this.#observe((this.#lease.now().monotonicMs - sent.monotonicMs) / 1000)
      if (!isMine) return this.#replaced()
      if (this.#lease.renew(sent, this.#sightings.look(era, beats))) return
    }
  }

  #replaced(): void {
    this.#isReplaced = true
    this.#stop()
    this.#options.log.error('center.replaced')
    this.#options.onReplaced()
  }

  #tellTerm(): void {
    const term = this.term()
    if (term === this.#term) return
    this.#term = term
    const { log } = this.#options
    if (term === 0) return log.warn('center.lease-lost')
    log.info('center.lease-held')
    for (const listener of this.#listeners) listener()
  }
}
