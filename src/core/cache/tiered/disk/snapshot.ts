// The order of the queues as a small file, so that a restart does not forget what was asked for often: for each block its
// fingerprint, its hits and its queue, oldest first. Only a hint: what really lies there is what a listing of names says, and a
// snapshot that is missing, old or damaged costs nothing but the order.

import { join } from 'node:path'
import { crc32 } from 'node:zlib'

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

/** By fingerprint. Empty when there is none that can be trusted. */
export async function readSnapshot({ dir, files, gate }: SnapshotParts): Promise<Map<number, Rank>> {
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
  return outcome.failure === undefined ? decode(outcome.value) : new Map<number, Rank>()
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

function decode(bytes: Buffer): Map<number, Rank> {
  const ranks = new Map<number, Rank>()
  const end = bytes.length - 4
  if (end < headBytes || bytes.readUInt32LE(end) !== crc32(bytes.subarray(0, end))) return ranks
  for (let at = headBytes, place = 0; at + entryBytes <= end; at += entryBytes, place++) {
    const flags = bytes.readUInt8(at + 4)
    ranks.set(bytes.readInt32LE(at), { place, isMain: (flags & mainFlag) !== 0, hits: flags & ~mainFlag })
  }
  return ranks
}
