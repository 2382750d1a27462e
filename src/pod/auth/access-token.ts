// Solid-OIDC access tokens (section 5.2 ff.) the first time they are seen: claims, signature by a key of the issuer, and whether
// the WebID trusts that issuer. The claims are judged before anything is fetched.

import { KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import { isUnreadable } from '../access/remote-document.ts'
import type { IssuerKeys } from './issuer-keys.ts'
import {
  type Algorithm,
  headerOf,
  isAlgorithm,
  isObject,
  type Json,
  type Jws,
  splitJws,
  verifySignature,
} from './jws.ts'
import type { TrustsIssuer } from './web-id.ts'

/** What a valid token says. */
export interface Grant {
  readonly webId: string
  readonly clientId: string | undefined
  readonly issuer: string
  /** Under which what was granted can be taken back; of our own tokens. */
  readonly grantId: string | undefined
  /** Thumbprint of the key that must sign the proofs. */
  readonly jkt: string
  readonly expiresMs: number
}

interface Claims {
  readonly grant: Grant
  readonly jws: Jws
  readonly algorithm: Algorithm
  readonly kid: string | undefined
}

const maxTokenLength = 16 * KiB
const maxUrlLength = 2048
const maxAheadMs = 60_000

/** Throws TOKEN_INVALID. Judges everything but the signature and the WebID. */
export function readToken(text: string, nowMs: number): Claims {
  const jws = splitJws(text, maxTokenLength)
  const header = jws && headerOf(jws)
  if (jws === undefined || header === undefined) throw invalid('it is no signed JWT')
  const { alg, kid, crit } = header
  if (!isAlgorithm(alg)) throw invalid('its algorithm is not accepted')
  if (crit !== undefined) throw invalid('it has critical extensions')
  if (kid !== undefined && typeof kid !== 'string') throw invalid('its key id is no string')
  checkTimes(jws.payload, nowMs)
  return { grant: readGrant(jws.payload), jws, algorithm: alg, kid }
}

function checkTimes(payload: Json, nowMs: number): void {
  const { exp, iat, nbf } = payload
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf))) throw invalid('it lacks exp or iat')
  if (exp * 1000 <= nowMs) throw invalid('it is expired')
  if (Math.max(iat, nbf ?? iat) * 1000 > nowMs + maxAheadMs) throw invalid('it is from the future, or a clock is wrong')
}

function readGrant(payload: Json): Grant {
  const { aud, iss, webid, cnf, exp, client_id: clientId, azp, gid } = payload
  if (aud !== 'solid' && !(Array.isArray(aud) && aud.includes('solid'))) throw invalid('its audience is not solid')
  if (!isUrl(iss) || /[?#]/.test(iss)) throw invalid('iss is no issuer')
  if (!isUrl(webid)) throw invalid('it has no webid')
  const jkt = isObject(cnf) ? cnf['jkt'] : undefined
  if (typeof jkt !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(jkt)) throw invalid('it is not bound to a key')
  const client = clientId ?? azp
  if (client !== undefined && (typeof client !== 'string' || client.length > maxUrlLength))
    throw invalid('client_id is no id')
  const grantId = typeof gid === 'string' ? gid : undefined
  return { webId: webid, clientId: client, issuer: iss, grantId, jkt, expiresMs: (exp as number) * 1000 }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > maxUrlLength || !/^https?:\/\//i.test(value)) return false
  return URL.canParse(value) && new URL(value).username === '' && new URL(value).password === ''
}

/** Throws TOKEN_INVALID, also when the provider or the WebID cannot be reached: that is nobody's server error. */
export async function verifyToken(claims: Claims, by: { keys: IssuerKeys; trusts: TrustsIssuer }): Promise<Grant> {
  const { grant, jws, algorithm, kid } = claims
  const keys = await by.keys.find(grant.issuer, { kid, algorithm }).catch((error: unknown) => {
    throw unreachable('the keys of its issuer cannot be read', error)
  })
  let isSigned = false
  for (const key of keys) isSigned ||= await verifySignature(jws, key)
  if (!isSigned) throw invalid('its signature is not of its issuer')
  const isTrusted = await by.trusts(grant.webId, grant.issuer).catch((error: unknown) => {
    throw unreachable('the document of its WebID cannot be read', error)
  })
  if (!isTrusted) throw invalid('its WebID does not list its issuer')
  return grant
}

/** Why it is unreachable goes to the log only, or the answer would tell what lies inside our network. */
function unreachable(detail: string, error: unknown): unknown {
  return isUnreadable(error) ? invalid(detail, error) : error
}

export function invalid(detail: string, cause?: unknown): XpodError {
  return new XpodError('TOKEN_INVALID', detail, { cause })
}
