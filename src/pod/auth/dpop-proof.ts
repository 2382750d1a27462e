// DPoP proofs (RFC 9449 section 4.3, Solid-OIDC section 5.2, rule 8): everything that can be judged from the proof and the
// request alone. The signature is not judged here and neither is whether the proof was used before.

import { ExpiringCache } from '../../core/cache/expiring.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { KiB, MiB } from '../../base/bytes.ts'
import { canonicalUrl } from '../url.ts'
import type { Credentials } from './agent.ts'
import {
  headerOf,
  importKey,
  isAlgorithm,
  isObject,
  type Json,
  type Jws,
  type PublicKey,
  splitJws,
  thumbprint,
} from './jws.ts'

export interface Proof {
  readonly jws: Jws
  readonly key: ProofKey
  readonly jti: string
  /** Seconds since 1970, maybe with a fraction. */
  readonly iat: number
}

/** A client signs all its proofs with one key, so the header of a proof stands for it and is only taken apart once. */
interface ProofKey extends PublicKey {
  readonly jkt: string
}

export type ProofKeys = (jws: Jws) => ProofKey

const maxProofLength = 8 * KiB
const maxJtiLength = 512
export const maxAgeMs = 90_000
const maxAheadMs = 60_000
const keepKeyMs = 3_600_000

export function createProofKeys(clock: Clock): ProofKeys {
  const known = new ExpiringCache<ProofKey>({
    clock,
    maxEntries: 100_000,
    maxWeight: 64 * MiB,
    // A key object of OpenSSL holds about 1 KiB outside the heap.
    weigh: (rawHeader) => rawHeader.length + KiB,
  })
  return (jws) => {
    let key = known.get(jws.rawHeader)
    if (key === undefined) known.set(jws.rawHeader, (key = proofKey(headerOf(jws) ?? {})), keepKeyMs)
    return key
  }
}

function proofKey(header: Json): ProofKey {
  const { typ, alg, jwk } = header
  if (typeof typ !== 'string' || typ.toLowerCase() !== 'dpop+jwt') throw invalid('typ is not dpop+jwt')
  if (!isAlgorithm(alg)) throw invalid('its algorithm is not accepted')
  if (Object.hasOwn(header, 'crit')) throw invalid('it has critical extensions')
  if (!isObject(jwk)) throw invalid('it has no jwk')
  const key = importKey(jwk, alg)
  const jkt = thumbprint(jwk)
  if (key === undefined || jkt === undefined) throw invalid('its jwk is not a public key for its algorithm')
  return { ...key, jkt }
}

/** Throws PROOF_INVALID. `ath` is the base64url SHA-256 of the access token. */
export function readProof(
  text: string,
  request: Credentials,
  context: { ath: string; nowMs: number; keys: ProofKeys },
): Proof {
  const jws = splitJws(text, maxProofLength)
  if (jws === undefined) throw invalid('it is no signed JWT')
  const { htm, htu, iat, jti, ath } = jws.payload
  if (htm !== request.method) throw invalid('htm is not the method of the request')
  if (htu !== request.url && !isSameUrl(htu, request.url)) throw invalid('htu is not the URL of the request')
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw invalid('it has no iat')
  if (iat * 1000 < context.nowMs - maxAgeMs) throw invalid('it is too old, or a clock is wrong')
  if (iat * 1000 > context.nowMs + maxAheadMs) throw invalid('it is from the future, or a clock is wrong')
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength) throw invalid('it has no usable jti')
  if (ath !== undefined && ath !== context.ath) throw invalid('ath is not the hash of the token')
  return { jws, key: context.keys(jws), jti, iat }
}

function isSameUrl(htu: unknown, url: string): boolean {
  return typeof htu === 'string' && canonicalUrl(htu)?.url === url
}

export function invalid(detail: string, cause?: unknown): XpodError {
  return new XpodError('PROOF_INVALID', detail, { cause })
}
