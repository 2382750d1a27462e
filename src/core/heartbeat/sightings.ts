// The beats of other nodes as this process has seen them: which, and since when it has seen no other, by its own monotonic
// clock. Whoever acts on one has to find the same beat at the same server once more, because nobody may have looked meanwhile.
// On another server, or one that has restarted, everything begins anew: what it says may be older than what was seen before.

import type { Clock } from '../../base/clock.ts'

export interface Beat {
  readonly id: string
  readonly instance: string
  readonly beat: number
}

export interface Sighting extends Beat {
  /** Of the server that said so. */
  readonly era: string
  /** If it still is the same there. */
  readonly unchangedMs: number
}

interface Seen extends Beat {
  readonly firstMs: number
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
        return [beat.id, { ...beat, firstMs: isSame ? known.firstMs : nowMs }]
      }),
    )
    return isOther
  }

  of(id: string): Sighting | undefined {
    const seen = this.#seen.get(id)
    if (seen === undefined) return undefined
    const { instance, beat, firstMs } = seen
    return { id, instance, beat, era: this.#era, unchangedMs: this.#clock.monotonicMs() - firstMs }
  }
}
