// A map of many values of which few are in use: each is kept as a short text, and those asked for also as themselves, up to
// a bound. What `get` gives is the same object as long as nothing else was asked for in between that pushed it out.

export interface Packing<V> {
  pack(value: V): string
  unpack(packed: string): V
}

const maxUnpacked = 10_000

export class PackedMap<V> {
  readonly #packing: Packing<V>
  readonly #packed = new Map<string, string>()
  readonly #unpacked = new Map<string, V>()

  constructor(packing: Packing<V>) {
    this.#packing = packing
  }

  get size(): number {
    return this.#packed.size
  }

  get(key: string): V | undefined {
    return this.#unpacked.get(key) ?? this.#unpack(key)
  }

  #unpack(key: string): V | undefined {
    const packed = this.#packed.get(key)
    if (packed === undefined) return undefined
    const value = this.#packing.unpack(packed)
    if (this.#unpacked.size >= maxUnpacked) this.#unpacked.delete(this.#unpacked.keys().next().value!)
    this.#unpacked.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#unpacked.delete(key)
    this.#packed.set(key, this.#packing.pack(value))
  }

  delete(key: string): void {
    this.#unpacked.delete(key)
    this.#packed.delete(key)
  }
}
