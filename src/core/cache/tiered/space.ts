// How much of the disk may be used, and is. Bytes are reserved before anything is written and given back after it is gone, so
// what lies there is never more than the limit. The limit gives way further when the file system itself runs short.

export interface SpaceOptions {
  readonly limitBytes: number
  /** Starts to remove what is dispensable next: resolves with whether it is gone. Undefined when there is nothing. */
  readonly evict: () => Promise<boolean> | undefined
}

export class Space {
  readonly #evict: SpaceOptions['evict']
  #limitBytes: number
  #ceilingBytes = Number.POSITIVE_INFINITY
  #usedBytes = 0

  constructor(options: SpaceOptions) {
    this.#limitBytes = options.limitBytes
    this.#evict = options.evict
  }

  /** Lying there, being written, and being removed. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** What holds now: the limit, or less. */
  get limitBytes(): number {
    return Math.min(this.#limitBytes, this.#ceilingBytes)
  }

  /** Resolves when no more is used, as far as anything can be removed. */
  async setLimit(bytes: number): Promise<void> {
    this.#limitBytes = bytes
    await this.settle()
  }

  /** Because of the file system, whatever the limit says. */
  async setCeiling(bytes: number): Promise<void> {
    this.#ceilingBytes = Math.max(0, bytes)
    await this.settle()
  }

  /** False when there is no room for it and none can be made. */
  async reserve(bytes: number): Promise<boolean> {
    return bytes <= this.limitBytes && this.#fit(bytes)
  }

  release(bytes: number): void {
    this.#usedBytes -= bytes
  }

  /** Counts what was found there. */
  adopt(bytes: number): void {
    this.#usedBytes += bytes
  }

  async settle(): Promise<void> {
    await this.#fit(0)
  }

  /** One thing at a time: each makes room for about as much as was asked for. Counted where it was seen to fit. */
  async #fit(bytes: number): Promise<boolean> {
    while (this.#usedBytes + bytes > this.limitBytes) {
      const leaving = this.#evict()
      if (leaving === undefined || !(await leaving)) return false
    }
    this.#usedBytes += bytes
    return true
  }
}
