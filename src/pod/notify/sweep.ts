// Removes channels that have ended, every minute, through the index on their end and a bounded number at a time. Nobody waits
// for it: to readers an ended channel is gone already. A failure is logged and tried again with the next round.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { ChannelStore } from './channels.ts'

const roundMs = 60_000
const chunkRows = 500
/** Of one round. */
const maxChunks = 20

/** Disposing waits for the round that runs. */
export function startSweeping(parts: {
  readonly channels: Pick<ChannelStore, 'expire'>
  readonly clock: Clock
  readonly log: Log
}): AsyncDisposable {
  const { channels, clock, log } = parts
  let running: Promise<void> | undefined
  const closing = new AbortController()

  async function round(): Promise<void> {
    for (let chunk = 0; chunk < maxChunks && !closing.signal.aborted; chunk++) {
      if ((await channels.expire(clock.nowMs(), chunkRows)) < chunkRows) return
    }
  }

  const stop = clock.every(roundMs, () => {
    running ??= round()
      .catch((error: unknown) => log.error('channels.unswept', { error }))
      .finally(() => {
        running = undefined
      })
  })
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      stop()
      await running
    },
  }
}
