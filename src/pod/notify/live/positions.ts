// Where the channels of open connections stand, written to the store by and by: many positions in one write, and none twice
// in a few seconds. What is not written when the process dies is told again, never skipped. Holds one position a channel.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Version } from '../../store/resource.ts'
import type { Channel } from '../channel.ts'
import type { ChannelPosition, ChannelStore } from '../channels.ts'

const writeEveryMs = 10_000
const maxPerWrite = 500

export interface PositionsParts {
  readonly channels: Pick<ChannelStore, 'moveTo'>
  readonly clock: Clock
  readonly log: Log
}

export class Positions implements AsyncDisposable {
  readonly #parts: PositionsParts
  readonly #moved = new Map<string, ChannelPosition>()
  #cancel: (() => void) | undefined
  #writing: Promise<void> | undefined

  constructor(parts: PositionsParts) {
    this.#parts = parts
  }

  /** Where a channel stands: as it was read, or as it has moved since. */
  of({ id, position }: Channel): Version {
    const moved = this.#moved.get(id)?.position
    return moved !== undefined && moved.seq > position.seq ? moved : position
  }

  move({ pod, id }: Channel, position: Version): void {
    const known = this.#moved.get(id)
    if (known !== undefined && known.position.seq >= position.seq) return
    this.#moved.set(id, { pod, id, position })
    this.#cancel ??= this.#parts.clock.after(writeEveryMs, () => {
      this.#cancel = undefined
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
    })
  }

  /** A channel that is gone stands nowhere. */
  forget(id: string): void {
    this.#moved.delete(id)
  }

  async #write(): Promise<void> {
    try {
      for (;;) {
        const some = [...this.#moved.values()].slice(0, maxPerWrite)
        if (some.length === 0) return
        await this.#parts.channels.moveTo(some)
        for (const one of some) if (this.#moved.get(one.id) === one) this.#moved.delete(one.id)
      }
    } catch (error) {
      // They stay for the next time; until then they would be told again.
      this.#parts.log.warn('notify.positions', { error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel?.()
    await this.#writing
    await this.#write()
  }
}
