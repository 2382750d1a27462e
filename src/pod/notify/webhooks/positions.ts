// Writes how far channels are delivered, some time after it is true: the last position of each, many in one write, once a
// second. A crash in between sends the last second again (at least once); nothing is written for a single event.

import type { Clock } from '../../../base/clock.ts'
import type { Log } from '../../../base/log.ts'
import type { Channel } from '../channel.ts'
import type { ChannelPosition, ChannelStore } from '../channels.ts'

const everyMs = 1000
const maxRowsAWrite = 500

export interface Positions extends AsyncDisposable {
  moved(channel: Pick<Channel, 'pod' | 'id'>, at: Pick<ChannelPosition, 'position' | 'nextMs'>): void
}

export function writePositions(parts: {
  readonly channels: Pick<ChannelStore, 'moveTo'>
  readonly clock: Clock
  readonly log: Log
}): Positions {
  const { channels, clock, log } = parts
  /** One a channel: as many as there are. */
  const moved = new Map<string, ChannelPosition>()
  let writing: Promise<void> | undefined

  async function writeAll(): Promise<void> {
    while (moved.size > 0) {
      const rows = [...moved.values().take(maxRowsAWrite)]
      for (const { id } of rows) moved.delete(id)
      try {
        await channels.moveTo(rows)
      } catch (error) {
        log.error('notify.positions-unwritten', { channels: rows.length, error })
        // Tried again with the next round, unless a later position is there by then.
        for (const row of rows) if (!moved.has(row.id)) moved.set(row.id, row)
        return
      }
    }
  }

  const write = (): Promise<void> => (writing ??= writeAll().finally(() => (writing = undefined)))
  const cancel = clock.every(everyMs, () => void (moved.size > 0 && write()))
  return {
    moved: ({ pod, id }, at) => void moved.set(id, { pod, id, ...at }),
    async [Symbol.asyncDispose]() {
      cancel()
      await writing
      await write()
    },
  }
}
