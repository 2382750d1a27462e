// Bodies that are small enough to travel with the change that names them: nothing is staged for them, so there is nothing
// to reserve, to keep alive or to collect.

import { hash } from 'node:crypto'

import { KiB } from '../../base/bytes.ts'
import type { Staged } from './change.ts'

export const maxInlineBytes = 64 * KiB

/** At most `maxInlineBytes`. */
export function stageInline(bytes: Uint8Array): Staged {
  const inline = ownBytes(bytes)
  const sha256 = new Uint8Array(hash('sha256', inline, 'buffer'))
  return { size: inline.length, sha256, inline, blob: undefined, [Symbol.asyncDispose]: nothing }
}

/** A slice of a pooled buffer would keep the whole pool alive, and take it along to another thread. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
}

async function nothing(): Promise<void> {}
