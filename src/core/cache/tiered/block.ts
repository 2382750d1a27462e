// A block: the piece of one object that is kept or dropped as a whole. Its name says everything about it but its content
// (object, number, size of the object), so that a listing of names is enough to know what a directory holds.

import { KiB } from '../../../base/bytes.ts'
import { headerBytes, maxBlockBytes } from './disk/format.ts'
import { Slot } from './policy/contract.ts'

/** What a file takes at least, and in steps of which. */
const allocationBytes = 4 * KiB
/** For the name in its directory and the entry in the snapshot. */
const indexBytes = 256
/** The directories, the snapshot and a probe. */
export const fixedBytes = 128 * KiB
const keyPattern = /^[A-Za-z0-9-]{1,64}\/[A-Za-z0-9-]{1,64}$/
const namePattern = /^([A-Za-z0-9-]{1,64})_([A-Za-z0-9-]{1,64})_([0-9a-z]{1,8})_([0-9a-z]{1,11})$/

export class Block extends Slot {
  readonly key: string
  /** Counted from 0. */
  readonly number: number
  readonly objectBytes: number
  /** Bytes of the object in it. */
  readonly length: number

  constructor(layout: Layout, what: { readonly key: string; readonly number: number; readonly objectBytes: number }) {
    const length = layout.lengthOf(what.number, what.objectBytes)
    super({ fingerprint: fingerprintOf(what.key, what.number), group: groupOf(what.key), bytes: costOf(length) })
    this.key = what.key
    this.number = what.number
    this.objectBytes = what.objectBytes
    this.length = length
  }

  get name(): string {
    return `${this.key.replace('/', '_')}_${this.number.toString(36)}_${this.objectBytes.toString(36)}`
  }

  /** One of 16 directories. */
  get shard(): string {
    return (this.fingerprint & 0xf).toString(16)
  }
}

/** How objects are cut into blocks. */
export class Layout {
  readonly blockBytes: number

  constructor(blockBytes: number) {
    if (blockBytes > maxBlockBytes) throw new RangeError(`a block has at most ${maxBlockBytes} bytes`)
    this.blockBytes = blockBytes
  }

  numberAt(offset: number): number {
    return Math.floor(offset / this.blockBytes)
  }

  startOf(number: number): number {
    return number * this.blockBytes
  }

  /** Blocks of an object. */
  countOf(objectBytes: number): number {
    return Math.ceil(objectBytes / this.blockBytes)
  }

  lengthOf(number: number, objectBytes: number): number {
    return Math.min(this.blockBytes, objectBytes - this.startOf(number))
  }

  /** Undefined for what no block of this layout is called. */
  parse(name: string): Block | undefined {
    const match = namePattern.exec(name)
    if (match === null) return undefined
    const key = `${match[1]}/${match[2]}`
    const number = Number.parseInt(match[3]!, 36)
    const objectBytes = Number.parseInt(match[4]!, 36)
    if (!Number.isSafeInteger(objectBytes) || this.lengthOf(number, objectBytes) <= 0) return undefined
    const block = new Block(this, { key, number, objectBytes })
    return block.name === name ? block : undefined
  }
}

export function isCacheable(key: string): boolean {
  return keyPattern.test(key)
}

/** What a block of this length takes of the room: its file as allocated, and its share of the indexes. */
export function costOf(length: number): number {
  return Math.ceil((headerBytes + length) / allocationBytes) * allocationBytes + indexBytes
}

/** The first part of the key. */
function groupOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}

/** FNV-1a, 32 bits, with the bits mixed at the end. */
export function fingerprintOf(key: string, number: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ number, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
