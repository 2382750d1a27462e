// A map of many values of which few are in use. Each lies as text in one growing buffer outside the heap, found through an
// open-addressed index of offsets: a million of them cost bytes, not objects, and nothing for the garbage collector to walk.
// Those asked for are kept as themselves as well, up to a bound. What is replaced or deleted leaves a hole; when half of the
// buffer is holes, it is written anew.

import assert from 'node:assert/strict'

import { freeChunk } from '../../base/bytes.ts'

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
const lastAscii = 0x7f
/** Of UTF-8, for a unit of UTF-16. */
const maxBytesOfUnit = 3
const firstHash = 0x811c9dc5
const hashPrime = 0x01000193

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
    const hash = hashOf(key)
    this.#remove(key, hash)
    this.#makeRoom()
    this.#enter(hash, this.#append(key, this.#packing.pack(value)))
    this.#size++
  }

  delete(key: string): void {
    this.#remove(key, hashOf(key))
  }

  #remove(key: string, hash: number): void {
    this.#unpacked.delete(key)
    const slot = this.#find(key, hash)
    if (slot < 0) return
    const at = this.#slots[slot]!
    this.#holeBytes += this.#entryEnd(at) - at
    this.#slots[slot] = removed
    this.#size--
  }

  #unpack(key: string): V | undefined {
    const slot = this.#find(key, hashOf(key))
    if (slot < 0) return undefined
    const at = this.#slots[slot]!
    const value = this.#packing.unpack(this.#bytes.toString('utf8', this.#keyEnd(at), this.#entryEnd(at)))
    if (this.#unpacked.size >= maxUnpacked) this.#unpacked.clear()
    this.#unpacked.set(key, value)
    return value
  }

  /** The slot of a key, or -1. */
  #find(key: string, hash: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = this.#slots[slot]!
      if (at === empty) return -1
      if (at !== removed && this.#isKeyAt(at, key)) return slot
    }
  }

  /** Without making a string of what lies there: ASCII, and only that, has as many bytes as characters. */
  #isKeyAt(at: number, key: string): boolean {
    const start = at + headBytes
    const end = this.#keyEnd(at)
    if (end - start > key.length) return this.#bytes.toString('utf8', start, end) === key
    if (end - start < key.length) return false
    for (let index = 0; index < key.length; index++) {
      const code = key.charCodeAt(index)
      if (code > lastAscii || code !== this.#bytes[start + index]) return false
    }
    return true
  }

  #keyEnd(at: number): number {
    return at + headBytes + this.#bytes.readUInt16LE(at)
  }

  #entryEnd(at: number): number {
    return this.#keyEnd(at) + this.#bytes.readUInt16LE(at + 2)
  }

  #append(key: string, value: string): number {
    const at = this.#end
    const most = at + headBytes + maxBytesOfUnit * (key.length + value.length)
    if (most > this.#bytes.length) this.#growTo(Math.max(most, Math.ceil(this.#bytes.length * 1.5)))
    const bytes = this.#bytes
    const keyLength = writeText(bytes, key, at + headBytes)
    const valueLength = writeText(bytes, value, at + headBytes + keyLength)
    assert(keyLength <= maxLength && valueLength <= maxLength, 'a packed entry is short')
    bytes.writeUInt16LE(keyLength, at)
    bytes.writeUInt16LE(valueLength, at + 2)
    this.#end = at + headBytes + keyLength + valueLength
    return at
  }

  #growTo(length: number): void {
    const grown = Buffer.allocUnsafeSlow(length)
    this.#bytes.copy(grown, 0, 0, this.#end)
    freeChunk(this.#bytes)
    this.#bytes = grown
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
    let length = firstSlots
    while (length < 2 * (this.#size + 1)) length *= 2
    this.#slots = new Uint32Array(length)
    this.#taken = 0
    if (isHoley) this.#closeHoles(slots)
    for (const at of slots) {
      if (at > removed) this.#enter(hashOfBytes(this.#bytes, at + headBytes, this.#keyEnd(at)), at)
    }
  }

  /** Writes the entries anew, one after the other, and their offsets into the slots. */
  #closeHoles(slots: Uint32Array): void {
    const closed = Buffer.allocUnsafeSlow(Math.max(firstBytes, this.#bytes.length - this.#holeBytes))
    let end = firstOffset
    for (const [slot, at] of slots.entries()) {
      if (at <= removed) continue
      slots[slot] = end
      end += this.#bytes.copy(closed, end, at, this.#entryEnd(at))
    }
    freeChunk(this.#bytes)
    this.#bytes = closed
    this.#end = end
    this.#holeBytes = 0
  }
}

/** Like Buffer.write, which takes longer for texts this short. */
function writeText(bytes: Buffer, text: string, at: number): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > lastAscii) return bytes.write(text, at)
    bytes[at + index] = code
  }
  return text.length
}

/** FNV-1a of the key in UTF-8. */
function hashOf(key: string): number {
  let hash = firstHash
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index)
    if (code > lastAscii) return hashOfBytes(Buffer.from(key))
    hash = Math.imul(hash ^ code, hashPrime)
  }
  return hash >>> 0
}

function hashOfBytes(bytes: Buffer, start = 0, end = bytes.length): number {
  let hash = firstHash
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ bytes[index]!, hashPrime)
  return hash >>> 0
}
