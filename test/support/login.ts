// An authenticator with real fetching, for tests without a server.

import { systemClock, type Clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { type FetchDoor, openFetchDoor } from '../../src/core/http/fetch-door.ts'
import type { LocalDocuments } from '../../src/pod/access/remote-document.ts'
import type { Authenticator } from '../../src/pod/auth/agent.ts'
import { createAuthenticator } from '../../src/pod/auth/authenticator.ts'
import type { ReplayOptions } from '../../src/pod/auth/replay-table.ts'
import { openRdfWorkers } from '../../src/pod/rdf/workers.ts'

export interface LoginOptions {
  readonly clock?: Clock
  readonly local?: LocalDocuments
  readonly replays?: ReplayOptions
  readonly door?: Pick<FetchDoor, 'fetch'>
}

export function testAuthenticator(options: LoginOptions = {}): Authenticator {
  const clock = options.clock ?? systemClock
  return createAuthenticator({
    door: options.door ?? openFetchDoor({ allowInternal: [], allowLoopback: true, clock: systemClock, log: silentLog }),
    local: options.local ?? (() => undefined),
    rdf: openRdfWorkers({ log: silentLog }),
    clock,
    log: silentLog,
    ...(options.replays !== undefined && { replays: options.replays }),
  })
}
