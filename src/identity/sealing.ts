// Secrets that must be read back (signing keys) lie in SQL sealed with AES-256-GCM under a key from a file that is made on
// the first start (0600) and is no part of the data: a copy of the database alone signs nothing.

import assert from 'node:assert/strict'

import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import type { Database } from '../core/db/database.ts'

export interface Sealer {
  seal(bytes: Uint8Array): Uint8Array
  /** Throws SECRET_MISMATCH. */
  open(sealed: Uint8Array): Uint8Array
}

export interface SealerOptions {
  readonly db: Database
  readonly clock: Clock
  readonly random: Random
}

/** Throws SECRET_MISMATCH when the stored secrets were sealed under another key, SECRET_UNUSABLE. */
export async function openSealer(secretFile: string, options: SealerOptions): Promise<Sealer> {
  assert.fail(`not there yet ${secretFile} ${typeof options}`)
}
