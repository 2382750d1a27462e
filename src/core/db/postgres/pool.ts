// The connections of this process, at most `size`, and who waits for one. When none can be had it is down: whoever asks is
// told at once instead of waiting, and one attempt after the other is made, further and further apart and never in step with
// other processes, until the server takes writes again. Both ends of an outage are logged once.

import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Random } from '../../../base/random.ts'
import { type Connection, type ConnectionParts, openConnection } from './connection.ts'
import { outsideError } from './failure.ts'

export interface PoolOptions extends ConnectionParts {
  readonly size: number
  readonly random: Random
  readonly log: Log
}

interface Waiter {
  readonly resolve: (connection: Connection) => void
  readonly reject: (error: unknown) => void
  readonly cancel: () => void
}

const maxWaiting = 10_000
/** So long a caller waits for a connection while others have them all. */
const maxWaitMs = 5000
/** A connection is replaced after this, so that a name that moved is noticed. */
const lifetimeMs = 30 * 60_000
const renewMs = 5000
const firstRetryMs = 100
const maxRetryMs = 5000

export class Pool implements AsyncDisposable {
  isClosing = false
  readonly #options: PoolOptions
  readonly #open = new Set<Connection>()
  readonly #idle: Connection[] = []
  /** In the order of asking; a set, so that one that gives up is found at once. */
  readonly #waiters = new Set<Waiter>()
  #connecting = 0
  #failures = 0
  #cancelRetry: (() => void) | undefined
  /** Why nobody can have a connection. */
  #downBecause: unknown
  /** Connections that were made before are closed when they come back. */
  #oldestMs = Number.NEGATIVE_INFINITY
  /** The address that answered last. */
  #address = 0
  readonly #following: Disposable

  constructor(options: PoolOptions) {
    this.#options = options
    // What still runs at the former server must not be taken for done, however it ends there.
    this.#following = options.succession.onChange(() => {
      for (const connection of this.#open) connection.destroy()
    })
  }

  get isUp(): boolean {
    return this.#downBecause === undefined
  }
  /** Connections that something runs on. */
  get used(): number {
    return this.#open.size - this.#idle.length
  }
  get waiting(): number {
    return this.#waiters.size
  }

  /** Makes the first connection. Throws what the driver or the server says. */
  async start(): Promise<void> {
    this.release(await this.#connect())
  }

  /** Throws DATABASE_UNAVAILABLE at once while it is down; OVERLOADED when too many wait, or for too long. */
  async acquire(): Promise<Connection> {
    if (this.isClosing) throw new XpodError('SHUTTING_DOWN')
    if (this.#downBecause !== undefined) throw outsideError(this.#downBecause)
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    if (this.#waiters.size >= maxWaiting) throw new XpodError('OVERLOADED', 'too much waits for the database')
    return this.#wait()
  }

  release(connection: Connection): void {
    if (connection.isEnded) return
    if (this.isClosing || this.#isOld(connection)) return this.#drop(connection)
    const next = this.#nextWaiter()
    if (next === undefined) this.#idle.push(connection)
    else next.resolve(connection)
  }

  /** It takes no writes any more: what is open is closed, and a server that does is looked for; not at every write. */
  renew(): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#oldestMs < renewMs) return
    this.#oldestMs = nowMs
    for (const connection of this.#idle.splice(0)) this.#drop(connection)
  }

  /** Waits for nobody: what runs on a connection fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosing = true
    this.#following[Symbol.dispose]()
    this.#cancelRetry?.()
    this.#rejectAll(new XpodError('SHUTTING_DOWN'))
    for (const connection of this.#open) connection.close()
    this.#open.clear()
  }

  #wait(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        cancel: this.#options.clock.after(maxWaitMs, () => {
          this.#waiters.delete(waiter)
          reject(new XpodError('OVERLOADED', 'all connections to the database are busy'))
        }),
      }
      this.#waiters.add(waiter)
      this.#grow()
    })
  }

  #nextWaiter(): Waiter | undefined {
    const [waiter] = this.#waiters
    if (waiter === undefined) return undefined
    this.#waiters.delete(waiter)
    waiter.cancel()
    return waiter
  }

  #rejectAll(error: unknown): void {
    for (let waiter = this.#nextWaiter(); waiter !== undefined; waiter = this.#nextWaiter()) waiter.reject(error)
  }

  /** One attempt for each that waits, as far as there is room. While attempts fail, only the timer makes any. */
  #grow(): void {
    while (
      this.#cancelRetry === undefined &&
      this.#connecting < this.#waiters.size &&
      this.#open.size + this.#connecting < this.#options.size
    ) {
      this.#connecting++
      void this.#attempt()
    }
  }

  async #attempt(): Promise<void> {
    try {
      const connection = await this.#connect()
      this.#connecting--
      this.#hasSucceeded()
      this.release(connection)
    } catch (error) {
      this.#connecting--
      this.#hasFailed(error)
    }
  }

  async #connect(): Promise<Connection> {
    const { target } = this.#options
    const connection = await openConnection(this.#options, this.#address)
    this.#address = Math.max(0, target.addresses.indexOf(connection.address))
    if (this.isClosing) {
      connection.close()
      throw new XpodError('SHUTTING_DOWN')
    }
    this.#open.add(connection)
    connection.onEnd(() => this.#forget(connection))
    return connection
  }

  #hasSucceeded(): void {
    this.#failures = 0
    if (this.#downBecause === undefined) return
    this.#downBecause = undefined
    this.#options.log.info('db.up')
  }

  #hasFailed(error: unknown): void {
    if (this.isClosing || this.#cancelRetry !== undefined) return
    const { clock, random, log } = this.#options
    if (this.#open.size === 0) {
      if (this.#downBecause === undefined) log.error('db.down', { error })
      this.#downBecause = error
      this.#rejectAll(outsideError(error))
    }
    const mostMs = Math.min(maxRetryMs, firstRetryMs * 2 ** this.#failures++)
    this.#cancelRetry = clock.after(jitter(random, mostMs), () => {
      this.#cancelRetry = undefined
      this.#connecting++
      void this.#attempt().then(() => this.#grow())
    })
  }

  #isOld({ openedMs }: Connection): boolean {
    return openedMs < this.#oldestMs || this.#options.clock.monotonicMs() - openedMs > lifetimeMs
  }

  #drop(connection: Connection): void {
    this.#forget(connection)
    connection.close()
  }

  /** Its place is free: for somebody who waits, if anybody does. */
  #forget(connection: Connection): void {
    this.#open.delete(connection)
    const place = this.#idle.indexOf(connection)
    if (place >= 0) this.#idle.splice(place, 1)
    if (!this.isClosing) this.#grow()
  }
}

/** Between half of it and all of it. */
export function jitter(random: Random, mostMs: number): number {
  return mostMs / 2 + (mostMs / 2) * (random.uint32() / 2 ** 32)
}
