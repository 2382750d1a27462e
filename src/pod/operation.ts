// What a method handler gets after authentication: one request, who asks, and the pod it is about. Handlers authorize
// themselves, because what must be allowed depends on what they find (WAC, Reading and Writing Resources).

import type { Random } from '../base/random.ts'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Authorizer } from './access/modes.ts'
import type { Agent } from './auth/agent.ts'
import type { PodRequest } from './exchange.ts'
import type { PodHome } from './home.ts'
import type { RdfWorkers } from './rdf/workers.ts'
import type { PodStore } from './store/pod-store.ts'

export interface Operation {
  readonly request: PodRequest
  readonly agent: Agent
  readonly home: PodHome
}

/** What the handlers need to do their work; each takes the narrowest part of it. */
export interface PodParts {
  readonly store: PodStore
  readonly authorizer: Authorizer
  readonly rdf: RdfWorkers
  /** Whether somebody logs in here with a WebID that lives in the document at this URL. */
  readonly isLogin: (documentUrl: string) => boolean | Promise<boolean>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits: PodLimits
}

export interface PodLimits {
  /** Largest body of one resource, bytes (--max-body). */
  readonly maxBodyBytes: number
  /** RDF above this is stored as sent, unvalidated, and served in its own type only. 64 MiB. */
  readonly maxRdfBytes: number
  /** PATCH bodies, 1 MiB; what they change, 16 MiB. */
  readonly maxPatchBytes: number
  readonly maxPatchTargetBytes: number
}
