// Who is asking: Solid-OIDC access tokens bound to a DPoP key, from any issuer (Solid-OIDC section 5, rules 8 and 9). A token is
// verified once and remembered by its hash; a proof is verified every time. A request without Authorization is answered at
// once. Anything else that is not a good token with a good proof is refused: nobody falls back to anonymous.

import { hash } from 'node:crypto'

import { MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import type { DocumentReaders } from '../access/remote-document.ts'
import type { RdfWorkers } from '../rdf/workers.ts'
import { type Grant, invalid as invalidToken, readToken, verifyToken } from './access-token.ts'
import { type Agent, anonymous, type Authenticator, type Credentials } from './agent.ts'
import { createProofKeys, invalid as invalidProof, maxAgeMs, type Proof, readProof } from './dpop-proof.ts'
import { createIssuerKeys, type IssuerKeys } from './issuer-keys.ts'
import { verifySignature } from './jws.ts'
import { defaultReplayOptions, type ReplayOptions, ReplayTable } from './replay-table.ts'
import { createTrustsIssuer } from './web-id.ts'

/** The login provider that is part of this service: its tokens need no network, and can be taken back (rule 9). */
export interface LocalIssuers extends IssuerKeys {
  isLocal(issuer: string): boolean
  /** Answers from memory: it is asked for every request with a token of ours. */
  isRevoked(grantId: string): boolean
  /** The same for every token: whether the document of its WebID is in a pod that is deleted. */
  isWithdrawnWebId(webId: string): boolean
}

export interface AuthenticatorOptions extends DocumentReaders {
  readonly own?: LocalIssuers
  readonly rdf: RdfWorkers
  readonly clock: Clock
  readonly log: Log
  readonly metrics?: Metrics | undefined
  readonly replays?: ReplayOptions
}

const keepTokenMs = 300_000
const maxTokens = 100_000
const maxTokenWeight = 64 * MiB

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, log } = options
  const { own } = options
  const by = { keys: keysOf(own, createIssuerKeys(options)), trusts: createTrustsIssuer(options) }
  const proofKeys = createProofKeys(clock)
  const replays = new ReplayTable(options.replays ?? defaultReplayOptions)
  const grants = new ExpiringCache<Grant>({
    clock,
    maxEntries: maxTokens,
    maxWeight: maxTokenWeight,
    weigh: (ath, grant) => 200 + ath.length + grant.webId.length + grant.issuer.length + (grant.clientId?.length ?? 0),
  })
  const count = counters(options.metrics)

  async function identify(request: Credentials, authorization: string): Promise<Agent> {
    const token = tokenOf(authorization)
    const nowMs = clock.nowMs()
    // The hash names the token in memory and is what a proof's ath must be.
    const ath = hash('sha256', token, 'base64url')
    const known = grants.get(ath)
    if (known !== undefined && known.expiresMs <= nowMs) throw invalidToken('it is expired')
    const proof = readProof(oneProof(request.dpop), request, { ath, nowMs, keys: proofKeys })
    const claims = known === undefined ? readToken(token, nowMs) : undefined
    if (proof.key.jkt !== (known ?? claims!.grant).jkt) throw invalidProof('its key is not the one of the token')
    // Before anything is fetched for the token: only the holder of the key can make this server fetch.
    const isSigned = verifySignature(proof.jws, proof.key)
    if (!(typeof isSigned === 'boolean' ? isSigned : await isSigned)) throw invalidProof('its signature is wrong')
    const grant = known ?? (await verifyToken(claims!, by))
    // Also when it is remembered. A foreign token names no grant of ours.
    const { grantId, issuer } = grant
    if (own?.isLocal(issuer)) requireStanding(own, grantId)
    if (own?.isWithdrawnWebId(grant.webId)) throw invalidToken('its WebID is in a pod that is deleted')
    if (known === undefined) grants.set(ath, grant, Math.min(grant.expiresMs - nowMs, keepTokenMs))
    useOnce(proof)
    return agentOf(grant, request.origin, own?.isLocal(issuer) ? grantId : undefined)
  }

  function useOnce(proof: Proof): void {
    const ends = Math.floor(proof.iat + maxAgeMs / 1000) + 1
    const remembered = replays.remember({ jkt: proof.key.jkt, jti: proof.jti }, Math.floor(clock.nowMs() / 1000), ends)
    if (remembered === 'used') throw invalidProof('it was used before')
    if (remembered === 'full') throw new XpodError('REPLAY_FULL', 'wait a moment and send fewer requests')
  }

  async function counted(request: Credentials, authorization: string): Promise<Agent> {
    try {
      const agent = await identify(request, authorization)
      count.accepted()
      return agent
    } catch (error) {
      count.refused()
      if (error instanceof XpodError) log.debug('login.refused', { error })
      throw error
    }
  }

  return {
    authenticate: (request) => {
      if (request.authorization === undefined) {
        return request.origin === undefined ? anonymous : { origin: request.origin }
      }
      return counted(request, request.authorization)
    },
  }
}

/** All our access tokens name their grant. Our id tokens do not: they would outlive being taken back. */
function requireStanding(own: LocalIssuers, grantId: string | undefined): void {
  if (grantId === undefined) throw invalidToken('it is no access token')
  if (own.isRevoked(grantId)) throw invalidToken('it was taken back')
}

function keysOf(own: LocalIssuers | undefined, elsewhere: IssuerKeys): IssuerKeys {
  if (own === undefined) return elsewhere
  return { find: (issuer, wanted) => (own.isLocal(issuer) ? own : elsewhere).find(issuer, wanted) }
}

const credentials = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([A-Za-z0-9._~+/-]+=*) *$/

function tokenOf(authorization: string): string {
  const [, scheme = '', token = ''] = credentials.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'dpop') return token
  if (scheme.toLowerCase() === 'bearer') throw invalidToken('send it as Authorization: DPoP, with a proof')
  throw invalidToken('Authorization must be: DPoP and a token')
}

function oneProof(dpop: string | string[] | undefined): string {
  if (dpop === undefined) throw invalidProof('there is no DPoP header')
  // node:http joins repeated headers with a comma, which no proof contains.
  if (typeof dpop !== 'string' || dpop.includes(',')) throw invalidProof('there is more than one DPoP header')
  return dpop
}

function agentOf(grant: Grant, origin: string | undefined, ownGrant: string | undefined): Agent {
  return {
    webId: grant.webId,
    issuer: grant.issuer,
    ...(grant.clientId !== undefined && { clientId: grant.clientId }),
    ...(origin !== undefined && { origin }),
    ...(ownGrant !== undefined && { grant: ownGrant }),
  }
}

function counters(metrics: Metrics | undefined) {
  const counter = (outcome: string) =>
    metrics?.counter('xpod_logins_total', 'Requests with a token, by outcome', { outcome })
  const [accepted, refused] = [counter('accepted'), counter('refused')]
  return { accepted: () => accepted?.add(), refused: () => refused?.add() }
}
