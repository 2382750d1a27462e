// The beats of other nodes as this process has seen them: which, and for how long it has seen the same one, by its own
// monotonic clock. Only what lies between two looks counts, so a node is never taken for dead because nobody looked. On
// another server, or one that has restarted, everything begins anew: what it says may be older than what was seen before.

import type { Clock } from '../../base/clock.ts'

export interface Beat {
  readonly id: string
  readonly instance: string
  readonly beat: number
}

export interface Sighting extends Beat {
  /** Of the database that said so. */
  readonly era: string
  readonly unchangedMs: number
}

interface Seen extends Beat {
  readonly firstMs: number
  lastMs: number
}

export class Sightings {
  readonly #clock: Clock
  #era = ''
  #seen = new Map<string, Seen>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All nodes there are, as one look has found them. True when it was at another server than before. */
  look(era: string, beats: readonly Beat[]): boolean {
    const nowMs = this.#clock.monotonicMs()
    const isOther = this.#era !== '' && era !== this.#era
    const before = era === this.#era ? this.#seen : new Map<string, Seen>()
    this.#era = era
    this.#seen = new Map(
      beats.map((beat) => {
        const known = before.get(beat.id)
        const isSame = known?.beat === beat.beat && known.instance === beat.instance
        return [beat.id, { ...beat, firstMs: isSame ? known.firstMs : nowMs, lastMs: nowMs }]
      }),
    )
    return isOther
  }

  of(id: string): Sighting | undefined {
    const seen = this.#seen.get(id)
    if (seen === undefined) return undefined
    const { instance, beat, firstMs, lastMs } = seen
    return { id, instance, beat, era: this.#era, unchangedMs: lastMs - firstMs }
  }
}
