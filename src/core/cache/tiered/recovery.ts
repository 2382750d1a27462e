// What lies in the directory after a start: names are listed directory by directory, and nothing is opened. Meanwhile blocks
// are served by their names and nothing is added, because it is not known how much is there. The order comes from the
// snapshot; what is not in it counts as new.

import { join } from 'node:path'

import { othersFirst } from '../../../base/clock.ts'
import type { Block } from './block.ts'
import type { BlockFiles } from './disk/block-files.ts'
import type { FileOperations } from './disk/files.ts'
import type { DiskGate } from './disk/gate.ts'
import { type Ranks, readSnapshot } from './disk/snapshot.ts'
import type { S3Fifo } from './policy/s3-fifo.ts'
import type { Shelf } from './shelf.ts'

export interface RecoveryParts {
  readonly dir: string
  readonly files: FileOperations
  readonly gate: DiskGate
  readonly blocks: BlockFiles
  readonly shelf: Shelf
  readonly policy: S3Fifo<Block>
}

/** Things between which others get their turn. */
const batch = 500

/** False when the directory could not be read to its end; then it is to be tried again. */
export async function recover(parts: RecoveryParts, signal: AbortSignal): Promise<boolean> {
  const { dir, files, gate, shelf } = parts
  const found = new Found(await readSnapshot(parts))
  const top = await gate.run('write', () => files.list(dir))
  if (top.failure !== undefined) return false
  let done = 0
  for (const shard of top.value.filter((name) => /^[0-9a-f]$/.test(name))) {
    const listed = await gate.run('write', () => files.list(join(dir, shard)))
    if (listed.failure !== undefined || signal.aborted) return false
    for (const name of listed.value) {
      await settle(parts, found, { shard, name })
      if (++done % batch === 0) await othersFirst()
    }
  }
  for (const block of found.inOrder()) {
    if (shelf.holds(block)) parts.policy.restore(block, found.isMain(block))
    if (++done % batch === 0) await othersFirst()
  }
  if (signal.aborted) return false
  await shelf.recovered()
  return true
}

async function settle(
  { dir, blocks, shelf }: RecoveryParts,
  found: Found,
  { shard, name }: { readonly shard: string; readonly name: string },
): Promise<void> {
  const block = shelf.layout.parse(name)
  const isPlaced = block !== undefined && block.shard === shard
  const verdict = isPlaced ? shelf.adopt(block) : 'unwanted'
  if (verdict === 'adopted') found.add(block!)
  if (verdict === 'unwanted') await blocks.remove(join(dir, shard, name))
}

/** What was found, in the order of the snapshot without sorting it. */
class Found {
  readonly #ranks: Ranks
  readonly #ranked: (Block | undefined)[]
  readonly #others: Block[] = []

  constructor(ranks: Ranks) {
    this.#ranks = ranks
    this.#ranked = Array.from<Block | undefined>({ length: ranks.size })
  }

  add(block: Block): void {
    const rank = this.#ranks.get(block.fingerprint)
    if (rank === undefined || this.#ranked[rank.place] !== undefined) this.#others.push(block)
    else {
      block.hits = Math.max(block.hits, rank.hits)
      this.#ranked[rank.place] = block
    }
  }

  isMain(block: Block): boolean {
    return this.#ranks.get(block.fingerprint)?.isMain ?? false
  }

  *inOrder(): Generator<Block> {
    for (const block of this.#ranked) if (block !== undefined) yield block
    yield* this.#others
  }
}
