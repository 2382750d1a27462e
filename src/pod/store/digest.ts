// The digest of a resource and of a pod (store rule 26): XOR over all resources of the first 128 bits of SHA-256 over what
// makes each of them, so that two copies of a pod compare in constant time and each commit keeps the sum up to date.

import { hash } from 'node:crypto'

import type { Key } from '../path.ts'

export const digestBytes = 16

export interface Digested {
  readonly key: Key
  /** The number of the kind as stored. */
  readonly kind: number
  readonly mediaType: string
  readonly sha256: Uint8Array
  readonly modifiedMs: number
  readonly size: number
}

export function resourceDigest(row: Digested): Buffer {
  const hex = Buffer.from(row.sha256.buffer, row.sha256.byteOffset, row.sha256.length).toString('hex')
  const text = `${row.key}\0${row.kind}\0${row.mediaType}\0${hex}\0${row.modifiedMs}\0${row.size}`
  return hash('sha256', text, 'buffer').subarray(0, digestBytes)
}

/** XORs `d` into `sum`, which takes a resource in or out. */
export function xorInto(sum: Uint8Array, d: Uint8Array): void {
  for (let index = 0; index < digestBytes; index++) sum[index]! ^= d[index]!
}
