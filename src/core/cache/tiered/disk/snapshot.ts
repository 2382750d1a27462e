// The order of the queues as a small file, so that a restart does not forget what was asked for often: for each block its
// fingerprint, its hits and its queue, oldest first. Only a hint: what really lies there is what a listing of names says, and a
// snapshot that is missing, old or damaged costs nothing but the order.

import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { othersFirst } from '../../../../base/clock.ts'
import type { Slot } from '../policy/contract.ts'
import type { S3Fifo } from '../policy/s3-fifo.ts'
import type { FileOperations } from './files.ts'
import type { DiskGate } from './gate.ts'

export interface Rank {
  readonly place: number
  readonly isMain: boolean
  readonly hits: number
}

export interface SnapshotParts {
  /** Where the blocks lie. */
  readonly dir: string
  readonly files: FileOperations
  readonly gate: DiskGate
}

const magic = Buffer.from('xpodord1')
const headBytes = magic.length + 4
const entryBytes = 5
const mainFlag = 0x80
/** More than a cache has blocks. */
const maxEntries = 1 << 22
/** Entries between which others get their turn. */
const batch = 20_000

/** Written as a draft first, at a path that nothing has. */
export async function writeSnapshot<Kept extends Slot>(
  parts: SnapshotParts & { readonly draft: string },
  policy: S3Fifo<Kept>,
): Promise<void> {
  const { dir, files, gate, draft } = parts
  const bytes = encode(policy)
  const outcome = await gate.run('write', async () => {
    const file = await files.open(draft, 'wx+')
    try {
      if ((await file.write([bytes], 0)) < bytes.length) throw new Error('short write')
    } finally {
      await file.close()
    }
    await files.rename(draft, pathIn(dir))
  })
  if (outcome.failure !== undefined && outcome.failure !== 'late') await gate.run('write', () => files.unlink(draft))
}

/** Empty when there is none that can be trusted. */
export async function readSnapshot({ dir, files, gate }: SnapshotParts): Promise<Ranks> {
  const outcome = await gate.run('write', async () => {
    const file = await files.open(pathIn(dir), 'r')
    try {
      const head = Buffer.alloc(headBytes)
      await file.read(head, 0)
      const count = head.subarray(0, magic.length).equals(magic) ? head.readUInt32LE(magic.length) : 0
      const bytes = Buffer.alloc(headBytes + Math.min(count, maxEntries) * entryBytes + 4)
      return bytes.subarray(0, await file.read(bytes, 0))
    } finally {
      await file.close()
    }
  })
  return indexed(outcome.failure === undefined && isIntact(outcome.value) ? outcome.value : Buffer.alloc(0))
}

/** What a snapshot says, found by fingerprint: 13 bytes an entry, because a million of them come at every start. */
export class Ranks {
  readonly #bytes: Buffer
  /** Open addressing: one more than the place of an entry, 0 where there is none. */
  readonly #places: Uint32Array
  readonly size: number

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.size = Math.max(0, Math.floor((bytes.length - headBytes - 4) / entryBytes))
    this.#places = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(2, this.size * 1.5))))
  }

  /** Makes the entry of a place known. */
  index(place: number): void {
    let at = slotOf(this.#fingerprintAt(place)) & (this.#places.length - 1)
    while (this.#places[at] !== 0) at = (at + 1) & (this.#places.length - 1)
    this.#places[at] = place + 1
  }

  get(fingerprint: number): Rank | undefined {
    let at = slotOf(fingerprint) & (this.#places.length - 1)
    for (; this.#places[at] !== 0; at = (at + 1) & (this.#places.length - 1)) {
      const place = this.#places[at]! - 1
      if (this.#fingerprintAt(place) !== fingerprint) continue
      const flags = this.#bytes.readUInt8(headBytes + place * entryBytes + 4)
      return { place, isMain: (flags & mainFlag) !== 0, hits: flags & ~mainFlag }
    }
    return undefined
  }

  #fingerprintAt(place: number): number {
    return this.#bytes.readInt32LE(headBytes + place * entryBytes)
  }
}

function slotOf(fingerprint: number): number {
  return Math.imul(fingerprint, 0x9e3779b1) >>> 0
}

/** Others get their turn meanwhile. */
async function indexed(bytes: Buffer): Promise<Ranks> {
  const ranks = new Ranks(bytes)
  for (let place = 0; place < ranks.size; place++) {
    ranks.index(place)
    if (place % batch === batch - 1) await othersFirst()
  }
  return ranks
}

function pathIn(dir: string): string {
  return join(dir, 'index.snap')
}

function encode<Kept extends Slot>(policy: S3Fifo<Kept>): Buffer {
  const bytes = Buffer.alloc(headBytes + policy.count * entryBytes + 4)
  magic.copy(bytes)
  bytes.writeUInt32LE(policy.count, magic.length)
  let at = headBytes
  for (const slot of policy.slots()) {
    bytes.writeInt32LE(slot.fingerprint, at)
    bytes.writeUInt8(slot.hits | (policy.isMain(slot) ? mainFlag : 0), at + 4)
    at += entryBytes
  }
  bytes.writeUInt32LE(crc32(bytes.subarray(0, at)), at)
  return bytes
}

function isIntact(bytes: Buffer): boolean {
  const end = bytes.length - 4
  return end >= headBytes && bytes.readUInt32LE(end) === crc32(bytes.subarray(0, end))
}
