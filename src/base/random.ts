// Chance comes in as a Random, so that tests are exact. The only file that draws random numbers.

import { randomBytes, randomUUID } from 'node:crypto'

export interface Random {
  bytes(length: number): Uint8Array
  /** An unsigned 32-bit integer. */
  uint32(): number
  /** UUID version 4, lower case with hyphens. */
  uuid(): string
  /** UUID version 7 (RFC 9562): sorts by its creation time. */
  uuid7(nowMs: number): string
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uint32: () => draw(4).readUInt32BE(0),
  uuid: () => randomUUID(),
  uuid7: (nowMs) => uuid7From(nowMs, draw(10)),
}

// Few bytes at a time cost a call of the kernel each; each write needs some.
const poolBytes = 4096
let pool = Buffer.alloc(0)
let drawn = 0

/** The next bytes of the pool; used at once and never kept. */
function draw(length: number): Buffer {
  if (drawn + length > pool.length) {
    pool = randomBytes(poolBytes)
    drawn = 0
  }
  drawn += length
  return pool.subarray(drawn - length, drawn)
}

/** RFC 9562 section 5.7: 48 bits of milliseconds, then the given 10 random bytes with version and variant set. */
function uuid7From(nowMs: number, random: Buffer): string {
  const time = nowMs.toString(16).padStart(12, '0')
  const hex = random.toString('hex')
  const variant = '89ab'[random[9]! & 3]!
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(3, 6)}-${hex.slice(6, 18)}`
}
