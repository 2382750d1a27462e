// What the things that people can do are made of, and who does them. API and pages call the same use-cases with these; a
// use-case judges and acts, and knows nothing of HTTP, JSON or markup. Every refusal is an XpodError.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import type { DocumentReaders } from '../../pod/access/remote-document.ts'
import type { RdfWorkers } from '../../pod/rdf/workers.ts'
import type { Account, Accounts, Language, Session } from '../account/accounts.ts'
import type { Mail } from '../mail/mail.ts'
import type { Passkeys } from '../passkey/passkeys.ts'
import type { Provider } from '../provider/contract.ts'
import type { Sealer } from '../sealing.ts'
import type { Throttle } from '../throttle.ts'

/** Who may make an account (rule 17). */
export type Registration = 'open' | 'invite' | 'closed'

/** Of a pod, for lists; sizes in bytes. */
export interface PodState {
  readonly id: string
  readonly name: string
  /** Its base URL. */
  readonly base: string
  readonly owners: readonly string[]
  /** Those of them that everybody is told. */
  readonly shownOwners: readonly string[]
  /** RFC 3339. */
  readonly created: string
  readonly bytes: number
  readonly resources: number
  readonly quotaBytes: number
}

/** Pods as accounts need them. */
export interface PodMaker {
  /** Throws POD_EXISTS, POD_NAME_INVALID, POD_NAME_RESERVED. Without `webId` the pod's own profile is the WebID. */
  create(wish: {
    readonly id?: string | undefined
    readonly name: string
    readonly webId?: string | undefined
  }): Promise<PodState>
  /** By id or name. Throws POD_UNKNOWN. */
  show(pod: string): Promise<PodState>
  setOwners(podId: string, owners: Pick<PodState, 'owners' | 'shownOwners'>): Promise<void>
}

export interface IdentityParts {
  /** Canonical origin with a trailing slash; the issuer. */
  readonly baseUrl: string
  /** How the URL of a pod is made of its name. */
  readonly podAddress: 'path' | 'host'
  readonly registration: Registration
  /** Of one account. */
  readonly maxPods: number
  readonly accounts: Accounts
  /** Whether its document is in a pod that is deleted. */
  readonly isWithdrawnWebId: (webId: string) => boolean
  readonly throttle: Throttle
  /** Undefined when this server sends no letters. */
  readonly mail: Mail | undefined
  /** Undefined where the base URL cannot have any. */
  readonly passkeys: Passkeys | undefined
  readonly provider: Pick<Provider, 'interaction' | 'finish' | 'apps' | 'revokeApp' | 'revokeWebId'>
  readonly sealer: Sealer
  readonly pods: PodMaker
  /** To read the documents of WebIDs. */
  readonly readers: DocumentReaders
  readonly rdf: Pick<RdfWorkers, 'parse'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** A browser or program that has logged in before: told by a sealed cookie. */
export interface Device {
  readonly id: string
  readonly accounts: readonly string[]
}

export interface Visitor {
  readonly address: string
  readonly userAgent: string
  readonly language: Language
  readonly device: Device | undefined
  /** Who is logged in already. */
  readonly account?: Account
  readonly session?: Session
}

export interface Member extends Visitor {
  readonly account: Account
  readonly session: Session
}
