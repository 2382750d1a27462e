// How often strangers may try. Kept in memory only: a stranger causes no row, and a restart or a second center gives some
// tries more, not a way in. Attempts are counted per account and address together, and per address; an account as a whole
// is never closed: under attack every address has fewer tries, and a device that logged in before keeps all of its own.

import assert from 'node:assert/strict'

import type { Clock } from '../base/clock.ts'

export interface Attempt {
  /** As typed: e-mail address, name or WebID. */
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
  /** The admitted attempt was right: it and those before it are forgiven. */
  forgive(attempt: Attempt): void
  /** Counts a row that a stranger makes (rule 16). Throws TOO_MANY_ATTEMPTS with Retry-After. */
  take(row: StrangerRow, address: string): void
}

export interface ThrottleOptions {
  readonly clock: Clock
  /** Of each kind of row, and of failed log-ins, an address and hour; undefined: no limit by address (loopback). */
  readonly perAddressHour: number | undefined
}

export function createThrottle(options: ThrottleOptions): Throttle {
  assert.fail(`not there yet ${typeof options}`)
}
