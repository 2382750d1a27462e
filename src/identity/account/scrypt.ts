// Passwords through scrypt: the parameters are kept with each hash, so they can be raised. One runs at a time (two from
// four cores), because each takes a thread of the pool that also checks signatures (rule 19); 32 wait, then OVERLOADED.

import assert from 'node:assert/strict'
import { scrypt, timingSafeEqual } from 'node:crypto'
import { availableParallelism } from 'node:os'

import { XpodError } from '../../base/errors.ts'
import type { Random } from '../../base/random.ts'

export interface ScryptCost {
  /** log2 of N; memory is 128 · N · r bytes. */
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

/** 32 MiB and about a quarter of a second. */
const defaultCost: ScryptCost = { logN: 15, r: 8, p: 3 }
const keyBytes = 32
const saltBytes = 16

interface Stored {
  readonly cost: ScryptCost
  readonly salt: Uint8Array
  readonly key: Uint8Array
}

export function createScrypt(options: ScryptOptions): Scrypt {
  const { random, cost = defaultCost } = options
  const run = createTurns(options.maxRunning ?? (availableParallelism() >= 4 ? 2 : 1), options.maxWaiting ?? 32)
  return {
    async hash(password) {
      const salt = random.bytes(saltBytes)
      return format({ cost, salt, key: await run(() => derive(password, salt, cost)) })
    },
    async verify(password, stored) {
      const known = parse(stored)
      return timingSafeEqual(await run(() => derive(password, known.salt, known.cost)), known.key)
    },
    isOutdated(stored) {
      const known = parse(stored).cost
      return known.logN !== cost.logN || known.r !== cost.r || known.p !== cost.p
    },
    decoy: format({ cost, salt: random.bytes(saltBytes), key: random.bytes(keyBytes) }),
  }
}

/** `scrypt$logN$r$p$salt$key`. */
function format({ cost, salt, key }: Stored): string {
  return `scrypt$${cost.logN}$${cost.r}$${cost.p}$${base64url(salt)}$${base64url(key)}`
}

function parse(stored: string): Stored {
  const [kind, logN, r, p, salt, key] = stored.split('$')
  assert(kind === 'scrypt' && salt !== undefined && key !== undefined, 'a stored password is one that scrypt made')
  return {
    cost: { logN: Number(logN), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

/** The same password typed on another system may come in another Unicode form (RFC 8265 section 4.2: NFC). */
function derive(password: string, salt: Uint8Array, { logN, r, p }: ScryptCost): Promise<Buffer> {
  const cost = { N: 2 ** logN, r, p, maxmem: 128 * r * (2 ** logN + p + 2) }
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, keyBytes, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
}

/** Runs few at a time in order of arrival, and refuses when too many wait. */
function createTurns(maxRunning: number, maxWaiting: number): <T>(run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (run) => {
    if (running >= maxRunning) {
      if (waiting.length >= maxWaiting) throw new XpodError('OVERLOADED', 'too many log-ins wait')
      // Who ends hands its place over, so nobody slips in between.
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
