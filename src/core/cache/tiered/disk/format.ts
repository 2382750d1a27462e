// What a file of the cache looks like: a header of 4 KiB, then the bytes of one block. The header names the block, so that a
// file under a wrong name is not taken for it, and has a CRC-32 of every 32 KiB, so that any part can be checked alone. Nothing
// is synced: what a power cut leaves behind does not pass the checks.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

import { KiB } from '../../../../base/bytes.ts'

export const headerBytes = 4 * KiB
/** What one checksum covers; the last piece of a block may be shorter. */
export const pieceBytes = 32 * KiB

const magic = Buffer.from('xpodblk1')
const nameAt = 8
const nameBytes = 16
const lengthAt = nameAt + nameBytes
const sumsAt = lengthAt + 4
const sealAt = headerBytes - 4
/** A header has room for the sums of so many bytes. */
export const maxBlockBytes = Math.floor((sealAt - sumsAt) / 4) * pieceBytes

/** The CRC-32 of each piece, over the borders of the chunks. */
export function checksums(chunks: readonly Uint8Array[], length: number): Uint32Array {
  const sums = new Uint32Array(Math.ceil(length / pieceBytes))
  let at = 0
  for (const chunk of chunks) {
    for (let from = 0; from < chunk.length; ) {
      const piece = Math.floor(at / pieceBytes)
      const taken = Math.min(chunk.length - from, (piece + 1) * pieceBytes - at)
      sums[piece] = crc32(chunk.subarray(from, from + taken), sums[piece])
      from += taken
      at += taken
    }
  }
  assert.equal(at, length, 'a block is as long as it says')
  return sums
}

export function encodeHeader(name: string, length: number, sums: Uint32Array): Buffer {
  assert(length <= maxBlockBytes)
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  nameHash(name).copy(header, nameAt)
  header.writeUInt32LE(length, lengthAt)
  for (const [index, sum] of sums.entries()) header.writeUInt32LE(sum, sumsAt + 4 * index)
  header.writeUInt32LE(crc32(header.subarray(0, sealAt)), sealAt)
  return header
}

/** The sums, or undefined when this is not the whole header of the block of this name and length. */
export function decodeHeader(header: Buffer, name: string, length: number): Uint32Array | undefined {
  const isIt =
    header.length === headerBytes &&
    header.subarray(0, magic.length).equals(magic) &&
    header.readUInt32LE(sealAt) === crc32(header.subarray(0, sealAt)) &&
    header.readUInt32LE(lengthAt) === length &&
    header.subarray(nameAt, nameAt + nameBytes).equals(nameHash(name))
  if (!isIt) return undefined
  return Uint32Array.from({ length: Math.ceil(length / pieceBytes) }, (_, index) =>
    header.readUInt32LE(sumsAt + 4 * index),
  )
}

/** Whether these bytes, which begin at the start of a piece, are what was written. */
export function areIntact(bytes: Uint8Array, firstPiece: number, sums: Uint32Array): boolean {
  for (let at = 0, piece = firstPiece; at < bytes.length; at += pieceBytes, piece++) {
    if (crc32(bytes.subarray(at, at + pieceBytes)) !== sums[piece]) return false
  }
  return true
}

function nameHash(name: string): Buffer {
  return hash('sha256', name, 'buffer').subarray(0, nameBytes)
}
