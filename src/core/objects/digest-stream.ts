// Counts and hashes a stream on its way into a store, so that every implementation tells the same of what it took.

import { createHash, type Hash } from 'node:crypto'

export class DigestCount {
  readonly #hash: Hash = createHash('sha256')
  size = 0

  add(chunk: Uint8Array): void {
    this.size += chunk.length
    this.#hash.update(chunk)
  }

  /** Ends the count. */
  end(): { readonly size: number; readonly sha256: Uint8Array } {
    return { size: this.size, sha256: new Uint8Array(this.#hash.digest()) }
  }
}
