// The contract of the place where large bodies lie: immutable blobs under keys that are never reused. The hash is metadata,
// names do not depend on it. Implementations: filesystem now, S3 later, memory for tests; one suite in test/conformance runs on all.

export interface StoredObject {
  readonly key: string
  readonly size: number
}

export interface PutOptions {
  /** As announced; never needed. */
  readonly size?: number | undefined
  /** Nobody else has the chunks of the body: the store may free each when it is done with it. */
  readonly ownsChunks?: boolean | undefined
}

/** What a reader knows already. Never needed; it saves a cache before the store from asking. */
export interface ReadHints {
  /** Of the whole object. */
  readonly size?: number | undefined
  /** Of the whole object. */
  readonly sha256?: Uint8Array | undefined
  /** Everything is read once (an export, an index, a move): caches stay as they are. */
  readonly isScan?: boolean | undefined
  /** What came before was damaged: as the store itself has it, past any cache, which drops what it has. */
  readonly isFresh?: boolean | undefined
}

export interface ObjectStore extends AsyncDisposable {
  /**
   * Stores a body durably: when it resolves, the bytes and their name survive a power cut. Nothing is visible under the
   * key before. Throws DISK_FULL, OVERLOADED, or the signal's reason; then nothing is left behind but what a sweep removes.
   */
  put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    options: PutOptions,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly sha256: Uint8Array }>
  /** Streams the object or an inclusive range of it. Throws NOT_FOUND before the first chunk. */
  get(
    key: string,
    range: { readonly start: number; readonly end: number } | undefined,
    signal: AbortSignal,
    hints?: ReadHints,
  ): Promise<AsyncIterable<Uint8Array>>
  head(key: string): Promise<StoredObject | undefined>
  /** Deletes what is there of these keys; missing ones are no error. */
  delete(keys: readonly string[]): Promise<void>
  /** A page in key order. For doctor and recounts only; nothing on a request path lists. */
  list(prefix: string, after: string | undefined, limit: number): Promise<readonly StoredObject[]>
  /** Writes, reads and deletes a probe object; throws what is wrong. */
  probe(): Promise<void>
  /** Why it cannot be used at the moment, where that is known without asking it. */
  readonly trouble?: string | undefined
  /** What is free and what there is in all, or undefined when the store does not tell. */
  room(): Promise<{ readonly freeBytes: number; readonly totalBytes: number } | undefined>
}
