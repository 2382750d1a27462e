// Checks what nobody reads, so that rot is found before it is asked for. First objects of several blocks that were filled
// piece by piece: their content is compared with the hash of the whole, which none of their readers could do. Then one block
// after the other, a hundredth of all bytes a day. Gives way to everybody who wants the disk; reads a bounded amount a round.

import { createHash, type Hash } from 'node:crypto'

import { MiB } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import { Block } from './block.ts'
import type { Counts } from './counts.ts'
import type { DiskGate } from './disk/gate.ts'
import type { Shelf } from './shelf.ts'

export interface ScrubberParts {
  readonly shelf: Shelf
  readonly gate: DiskGate
  readonly counts: Counts
  readonly clock: Clock
  /** The content of an object is not what its hash says. */
  readonly onMismatch: (key: string) => Promise<void>
}

/** The last block may take it further. */
const maxRoundBytes = 64 * MiB
const dayMs = 86_400_000
/** Of all bytes, in a day. */
const share = 0.01
/** Objects that wait to be compared; the first whole read of one beyond compares it as well. */
const maxUnproven = 1000

export class Scrubber {
  readonly #parts: ScrubberParts
  /** Hashes by key, in the order they were filled. */
  readonly #unproven = new Map<string, Uint8Array>()
  /** How far the first of them is: blocks read, and their hash. */
  #proof: { readonly key: string; blocks: number; hash: Hash } | undefined
  /** Of the next block, counted through all. */
  #place = 0
  #dueBytes = 0
  #lastMs: number

  constructor(parts: ScrubberParts) {
    this.#parts = parts
    this.#lastMs = parts.clock.monotonicMs()
  }

  /** All blocks of this object are here, and nobody has compared their content with its hash. */
  suspect(key: string, sha256: Uint8Array): void {
    if (this.#unproven.size < maxUnproven) this.#unproven.set(key, sha256)
  }

  /** What is due since the last one. Ends early when somebody else wants the disk. */
  async round(signal: AbortSignal): Promise<void> {
    const { shelf } = this.#parts
    this.#fallDue()
    let leftBytes = maxRoundBytes
    const check = async (block: Block, hash?: Hash): Promise<boolean> => {
      if (leftBytes <= 0 || !(await this.#check(block, hash, signal))) return false
      leftBytes -= block.length
      return true
    }
    for (const [key, sha256] of this.#unproven) {
      if (!(await this.#prove(key, sha256, check))) return
      this.#unproven.delete(key)
      this.#proof = undefined
    }
    while (this.#dueBytes > 0 && shelf.blocks > 0) {
      const block = shelf.blockAt(this.#place % shelf.blocks)!
      const isWhole = await check(block)
      // One that is damaged or gone has had its turn as well.
      if (!isWhole && shelf.holds(block)) return
      this.#place = (this.#place % shelf.blocks) + 1
      this.#dueBytes -= block.length
    }
  }

  #fallDue(): void {
    const { shelf, clock } = this.#parts
    const nowMs = clock.monotonicMs()
    const moreBytes = (shelf.space.usedBytes * share * (nowMs - this.#lastMs)) / dayMs
    this.#dueBytes = Math.min(maxRoundBytes, this.#dueBytes + moreBytes)
    this.#lastMs = nowMs
  }

  /** True when there is nothing left to find out. */
  async #prove(
    key: string,
    sha256: Uint8Array,
    check: (block: Block, hash: Hash) => Promise<boolean>,
  ): Promise<boolean> {
    const { shelf, onMismatch } = this.#parts
    if (this.#proof?.key !== key) this.#proof = { key, blocks: 0, hash: createHash('sha256') }
    const proof = this.#proof
    for (;;) {
      if (!shelf.hasAll(key) || shelf.isProven(key)) return true
      const objectBytes = shelf.sizeOf(key)!
      if (proof.blocks === shelf.layout.countOf(objectBytes)) break
      const block = new Block(shelf.layout, { key, number: proof.blocks, objectBytes })
      // Of this block so far: who gives way in the middle begins it again.
      const hash = proof.hash.copy()
      if (!(await check(block, hash))) return !shelf.hasAll(key)
      proof.hash = hash
      proof.blocks++
    }
    if (proof.hash.digest().equals(sha256)) shelf.prove(key)
    else await onMismatch(key)
    return true
  }

  /** Reads a whole block. False when it is damaged or gone, or when others are to go first. */
  async #check(block: Block, hash: Hash | undefined, signal: AbortSignal): Promise<boolean> {
    const { shelf, gate, counts } = this.#parts
    for (let at = 0; at < block.length; ) {
      if (signal.aborted || !gate.isIdle) return false
      const piece = await shelf.read(block, at, block.length)
      if (piece === undefined) return false
      hash?.update(piece)
      counts.scrubbed.add(piece.length)
      at += piece.length
    }
    return true
  }
}
