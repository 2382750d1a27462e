// What the tiered cache is for those who compose and operate it: an ObjectStore, and a size that may change.

import type { ObjectStore } from '../../objects/object-store.ts'

/** Bytes, or a share of the file system it lies on; 0 is off. */
export type CacheSize = number | { readonly percent: number }

export interface TieredObjects extends ObjectStore {
  /** From now on; resolves when no more than that is used. */
  setMaxSize(size: CacheSize): Promise<void>
  /** Resolves when everything that lay there at the start is known, or cannot be. */
  readonly recovered: Promise<void>
}
