// Passwords through scrypt: the parameters are kept with each hash, so they can be raised. One runs at a time (two from
// four cores), because each takes a thread of the pool that also checks signatures (rule 19); 32 wait, then OVERLOADED.

import assert from 'node:assert/strict'

import type { Random } from '../../base/random.ts'

export interface ScryptCost {
  /** log2 of N. */
  readonly logN: number
  readonly r: number
  readonly p: number
}

export interface ScryptOptions {
  readonly random: Random
  readonly cost?: ScryptCost
  readonly maxRunning?: number
  readonly maxWaiting?: number
}

export interface Scrypt {
  /** Throws OVERLOADED. */
  hash(password: string): Promise<string>
  /** Throws OVERLOADED. */
  verify(password: string, stored: string): Promise<boolean>
  /** Whether it was made with other parameters than today's. */
  isOutdated(stored: string): boolean
  /** A hash that no password has: to verify against when there is none, so that both take as long. */
  readonly decoy: string
}

export function createScrypt(options: ScryptOptions): Scrypt {
  assert.fail(`not there yet ${typeof options}`)
}
