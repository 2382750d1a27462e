// How often strangers may try. Kept in memory only: a stranger causes no row, and a restart or a second center gives some
// tries more, not a way in. Attempts are counted per account and address together, and per address; an account as a whole
// is never closed: under attack every address has fewer tries, and a device that logged in before keeps all of its own.

import { hash } from 'node:crypto'

import type { Clock } from '../base/clock.ts'
import { XpodError } from '../base/errors.ts'
import { networkOf } from '../core/http/forwarded.ts'

export interface Attempt {
  /** The account's id where it is known before the password is judged, otherwise as typed. */
  readonly login: string
  /** Of the client; IPv6 counts by its /64. */
  readonly address: string
  /** Set only when the caller has verified that this device (a cookie, a session) logged in to this very account before. */
  readonly device?: string
}

/** What strangers make rows of. */
export type StrangerRow = 'account' | 'client' | 'interaction' | 'reset'

export interface Throttle {
  /** Counts the attempt; asked before any hashing. Throws TOO_MANY_ATTEMPTS with Retry-After. */
  admit(attempt: Attempt): void
  /** The admitted attempt was right: it and those before it from there are forgiven. */
  forgive(attempt: Attempt): void
  /** Counts a row that a stranger makes (rule 16). Throws TOO_MANY_ATTEMPTS with Retry-After. */
  take(row: StrangerRow, address: string): void
}

export interface ThrottleOptions {
  readonly clock: Clock
  /** Of each kind of row, and of failed log-ins, an address and hour; undefined: no limit by address (loopback). */
  readonly perAddressHour: number | undefined
  /** Of each kind of count; beyond it the oldest is forgotten. */
  readonly maxCounts?: number
}

const hourMs = 60 * 60_000
/** Of one account from one address or device, in a quarter of an hour. */
const triesWindowMs = 15 * 60_000
const tries = 10
/** The same while the account is under attack: this many tries that were not forgiven within an hour, from anywhere. */
const triesUnderAttack = 3
const attackTries = 100

export function createThrottle({ clock, perAddressHour, maxCounts = 50_000 }: ThrottleOptions): Throttle {
  const byPair = new Counts({ clock, windowMs: triesWindowMs, maxCounts })
  const byLogin = new Counts({ clock, windowMs: hourMs, maxCounts })
  const byAddress = new Counts({ clock, windowMs: hourMs, maxCounts })

  return {
    admit({ login, address, device }) {
      const account = loginKey(login)
      if (device !== undefined) return byPair.take([account, 'device', device], tries)
      const from = networkOf(address)
      const allowed = byLogin.of([account]) >= attackTries ? triesUnderAttack : tries
      byPair.take([account, 'address', from], allowed)
      if (perAddressHour !== undefined) byAddress.take(['log-in', from], perAddressHour)
      byLogin.add([account])
    },
    forgive({ login, address, device }) {
      const account = loginKey(login)
      if (device !== undefined) return byPair.forget([account, 'device', device])
      const from = networkOf(address)
      byLogin.subtract([account], byPair.of([account, 'address', from]))
      byPair.forget([account, 'address', from])
      byAddress.subtract(['log-in', from], 1)
    },
    take(row, address) {
      if (perAddressHour !== undefined) byAddress.take([row, networkOf(address)], perAddressHour)
    },
  }
}

function loginKey(login: string): string {
  return login.trim().toLowerCase()
}

interface Count {
  n: number
  readonly endsMs: number
}

/** Counts in windows that begin with their first event. Keys are hashed, so each count is small whatever was typed. */
class Counts {
  readonly #options: { readonly clock: Clock; readonly windowMs: number; readonly maxCounts: number }
  readonly #counts = new Map<string, Count>()

  constructor(options: { readonly clock: Clock; readonly windowMs: number; readonly maxCounts: number }) {
    this.#options = options
  }

  of(key: readonly string[]): number {
    return this.#living(digest(key))?.n ?? 0
  }

  add(key: readonly string[]): void {
    const name = digest(key)
    const living = this.#living(name)
    if (living !== undefined) living.n++
    else this.#begin(name)
  }

  /** Throws TOO_MANY_ATTEMPTS when `allowed` have been counted. */
  take(key: readonly string[], allowed: number): void {
    const living = this.#living(digest(key))
    if ((living?.n ?? 0) >= allowed) {
      const seconds = Math.ceil(((living?.endsMs ?? 0) - this.#options.clock.monotonicMs()) / 1000)
      throw new XpodError('TOO_MANY_ATTEMPTS', '', { headers: ['Retry-After', String(Math.max(1, seconds))] })
    }
    this.add(key)
  }

  subtract(key: readonly string[], n: number): void {
    const living = this.#living(digest(key))
    if (living !== undefined) living.n = Math.max(0, living.n - n)
  }

  forget(key: readonly string[]): void {
    this.#counts.delete(digest(key))
  }

  #living(name: string): Count | undefined {
    const count = this.#counts.get(name)
    if (count !== undefined && count.endsMs <= this.#options.clock.monotonicMs()) {
      this.#counts.delete(name)
      return undefined
    }
    return count
  }

  #begin(name: string): void {
    const { clock, windowMs, maxCounts } = this.#options
    if (this.#counts.size >= maxCounts) this.#counts.delete(this.#counts.keys().next().value!)
    this.#counts.set(name, { n: 1, endsMs: clock.monotonicMs() + windowMs })
  }
}

function digest(key: readonly string[]): string {
  return hash('sha256', JSON.stringify(key), 'base64url').slice(0, 16)
}
