// Byte helpers: sizes with units, joining chunks under a bound, giving memory back before the collector comes to it.

import { XpodError } from './errors.ts'

export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1000,
  kib: KiB,
  m: 1e6,
  mb: 1e6,
  mib: MiB,
  g: 1e9,
  gb: 1e9,
  gib: GiB,
  t: 1e12,
  tb: 1e12,
  tib: 1024 * GiB,
}

/** Parses `50GB`, `16 KiB`, `1000`; undefined when it is not a size. Decimal units are powers of 1000, as on disks. */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text)
  const unit = match === null ? undefined : units[match[2]!.toLowerCase()]
  if (match === null || unit === undefined) return undefined
  const size = Math.floor(Number(match[1]) * unit)
  return Number.isSafeInteger(size) ? size : undefined
}

/** Reads a whole body of at most `maxBytes`; throws BODY_TOO_LARGE beyond it. */
export async function collect(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes)
      throw new XpodError('BODY_TOO_LARGE', `more than ${maxBytes} bytes`, { members: { limit: maxBytes } })
    chunks.push(chunk)
  }
  return chunks.length === 1 ? Buffer.from(chunks[0]!.buffer, chunks[0]!.byteOffset, size) : Buffer.concat(chunks, size)
}

/**
 * Gives the memory of a chunk back now, and leaves it empty. The collector lets 32 MiB of chunks gather that nobody has any
 * more, however little memory is wanted. Only for whoever has the chunk alone; a part of a larger buffer stays as it is.
 */
export function freeChunk({ buffer, byteLength }: Uint8Array): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}

const given = new WeakSet<Uint8Array>()

/** Nobody else has this chunk or will keep it: whoever is the last to read it may free it. A view made of it is not given. */
export function giveChunk(chunk: Uint8Array): Uint8Array {
  given.add(chunk)
  return chunk
}

/** Frees what was given; for the last reader. */
export function freeGiven(chunk: Uint8Array): void {
  if (given.has(chunk)) freeChunk(chunk)
}
