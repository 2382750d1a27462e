// Fingerprints of what left or was turned away, oldest forgotten first, bounded by the bytes they stood for. A ring and a
// map: taking the oldest key of a Map again and again would step over its holes.

const maxGhosts = 1 << 20
const firstCapacity = 1 << 10

export class Ghosts {
  maxBytes: number
  /** Fingerprint → its place in the ring, counted from the first ever. */
  readonly #places = new Map<number, number>()
  #ring = { fingerprints: new Int32Array(firstCapacity), sizes: new Uint32Array(firstCapacity) }
  #first = 0
  #next = 0
  #bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  has(fingerprint: number): boolean {
    return this.#places.has(fingerprint)
  }

  add(fingerprint: number, bytes: number): void {
    this.delete(fingerprint)
    if (this.#next - this.#first === this.#ring.sizes.length) this.#grow()
    const at = this.#next & (this.#ring.sizes.length - 1)
    this.#ring.fingerprints[at] = fingerprint
    this.#ring.sizes[at] = bytes
    this.#places.set(fingerprint, this.#next++)
    this.#bytes += bytes
    while (this.#bytes > this.maxBytes || this.#next - this.#first > maxGhosts) this.#forgetOldest()
  }

  /** True when it was there. */
  delete(fingerprint: number): boolean {
    const place = this.#places.get(fingerprint)
    if (place === undefined) return false
    this.#places.delete(fingerprint)
    const at = place & (this.#ring.sizes.length - 1)
    this.#bytes -= this.#ring.sizes[at]!
    this.#ring.sizes[at] = 0
    return true
  }

  #forgetOldest(): void {
    const fingerprint = this.#ring.fingerprints[this.#first & (this.#ring.sizes.length - 1)]!
    // Not when it was deleted, or added again further on.
    if (this.#places.get(fingerprint) === this.#first) this.delete(fingerprint)
    this.#first++
  }

  #grow(): void {
    const { fingerprints, sizes } = this.#ring
    const capacity = sizes.length * 2
    const ring = { fingerprints: new Int32Array(capacity), sizes: new Uint32Array(capacity) }
    for (let place = this.#first; place < this.#next; place++) {
      ring.fingerprints[place & (capacity - 1)] = fingerprints[place & (sizes.length - 1)]!
      ring.sizes[place & (capacity - 1)] = sizes[place & (sizes.length - 1)]!
    }
    this.#ring = ring
  }
}
