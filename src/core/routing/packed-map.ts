// A map of many values of which few are in use. Each lies as text in one growing buffer outside the heap, found through an
// open-addressed index of offsets: a million of them cost bytes, not objects, and nothing for the garbage collector to walk.
// Those asked for are kept as themselves as well, up to a bound. What is replaced or deleted leaves a hole; when half of the
// buffer is holes, it is written anew.

import assert from 'node:assert/strict'

export interface Packing<V> {
  pack(value: V): string
  unpack(packed: string): V
}

const maxUnpacked = 10_000
const firstBytes = 4096
const firstSlots = 64
/** Before each entry: length of its key, then of its value. */
const headBytes = 4
const maxLength = 0xffff
const empty = 0
/** An entry was here; probing goes on. */
const removed = 1
/** Offsets are kept above the two marks. */
const firstOffset = 2

export class PackedMap<V> {
  readonly #packing: Packing<V>
  readonly #unpacked = new Map<string, V>()
  #bytes = Buffer.allocUnsafeSlow(firstBytes)
  #slots = new Uint32Array(firstSlots)
  /** End of what is written. */
  #end = firstOffset
  #holeBytes = 0
  /** Slots that are not empty. */
  #taken = 0
  #size = 0

  constructor(packing: Packing<V>) {
    this.#packing = packing
  }

  get size(): number {
    return this.#size
  }

  get(key: string): V | undefined {
    return this.#unpacked.get(key) ?? this.#unpack(key)
  }

  set(key: string, value: V): void {
    this.delete(key)
    this.#makeRoom()
    const at = this.#append(Buffer.from(key), Buffer.from(this.#packing.pack(value)))
    this.#enter(this.#hash(key), at)
    this.#size++
  }

  delete(key: string): void {
    this.#unpacked.delete(key)
    const slot = this.#find(key)
    if (slot < 0) return
    this.#holeBytes += this.#entryBytes(this.#slots[slot]!)
    this.#slots[slot] = removed
    this.#size--
  }

  #unpack(key: string): V | undefined {
    const slot = this.#find(key)
    if (slot < 0) return undefined
    const at = this.#slots[slot]!
    const start = at + headBytes + this.#bytes.readUInt16LE(at)
    const value = this.#packing.unpack(this.#bytes.toString('utf8', start, start + this.#bytes.readUInt16LE(at + 2)))
    if (this.#unpacked.size >= maxUnpacked) this.#unpacked.clear()
    this.#unpacked.set(key, value)
    return value
  }

  /** The slot of a key, or -1. */
  #find(key: string): number {
    const mask = this.#slots.length - 1
    for (let slot = this.#hash(key) & mask; ; slot = (slot + 1) & mask) {
      const at = this.#slots[slot]!
      if (at === empty) return -1
      if (at !== removed && this.#keyAt(at) === key) return slot
    }
  }

  #keyAt(at: number): string {
    return this.#bytes.toString('utf8', at + headBytes, at + headBytes + this.#bytes.readUInt16LE(at))
  }

  #entryBytes(at: number): number {
    return headBytes + this.#bytes.readUInt16LE(at) + this.#bytes.readUInt16LE(at + 2)
  }

  /** FNV-1a. */
  #hash(key: string): number {
    let hash = 0x811c9dc5
    for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
    return hash >>> 0
  }

  #append(key: Buffer, value: Buffer): number {
    assert(key.length <= maxLength && value.length <= maxLength, 'a packed entry is short')
    const at = this.#end
    const end = at + headBytes + key.length + value.length
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(end, Math.ceil(this.#bytes.length * 1.5)))
      this.#bytes.copy(grown, 0, 0, at)
      this.#bytes = grown
    }
    this.#bytes.writeUInt16LE(key.length, at)
    this.#bytes.writeUInt16LE(value.length, at + 2)
    key.copy(this.#bytes, at + headBytes)
    value.copy(this.#bytes, at + headBytes + key.length)
    this.#end = end
    return at
  }

  #enter(hash: number, at: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot]! > removed) slot = (slot + 1) & mask
    if (this.#slots[slot] === empty) this.#taken++
    this.#slots[slot] = at
  }

  /** Keeps a third of the slots empty, so that probing is short, and the holes below half of the bytes. */
  #makeRoom(): void {
    const isTight = 3 * (this.#taken + 1) > 2 * this.#slots.length
    const isHoley = this.#holeBytes > firstBytes && 2 * this.#holeBytes > this.#end
    if (!isTight && !isHoley) return
    const slots = this.#slots
    const bytes = this.#bytes
    let length = firstSlots
    while (length < 2 * (this.#size + 1)) length *= 2
    this.#slots = new Uint32Array(length)
    this.#taken = 0
    if (isHoley) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(firstBytes, bytes.length - this.#holeBytes))
      this.#end = firstOffset
      this.#holeBytes = 0
    }
    for (const from of slots) {
      if (from <= removed) continue
      const middle = from + headBytes + bytes.readUInt16LE(from)
      const key = bytes.subarray(from + headBytes, middle)
      const at = isHoley ? this.#append(key, bytes.subarray(middle, middle + bytes.readUInt16LE(from + 2))) : from
      this.#enter(this.#hash(key.toString()), at)
    }
  }
}
