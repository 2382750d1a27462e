// What is asked for every request and lies in the database: read into memory again and again, so that every center sees what
// another wrote. When the database is away, what was known last holds, and the log says so once for each time.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import { createSingleFlight } from '../../base/single-flight.ts'

const pollMs = 2000

export interface PolledRead extends AsyncDisposable {
  /** Reads now: what this process has written before is known when it resolves. */
  refresh(): Promise<void>
}

/** Resolves after the first read, whose failure is thrown. `unread` is the event of a later one that fails. */
export async function pollRead(
  read: () => Promise<void>,
  { clock, log, unread }: { readonly clock: Clock; readonly log: Log; readonly unread: string },
): Promise<PolledRead> {
  const flight = createSingleFlight<void>()
  await read()
  let isBehind = false
  const stop = clock.every(pollMs, () => {
    flight('read', read).then(
      () => (isBehind = false),
      (error: unknown) => {
        if (!isBehind) log.error(unread, { error })
        isBehind = true
      },
    )
  })
  return {
    /** A read that began before the caller's write would not see it, so the next one is waited for as well. */
    async refresh() {
      await flight('read', read)
      await flight('read', read)
    },
    async [Symbol.asyncDispose]() {
      stop()
    },
  }
}
