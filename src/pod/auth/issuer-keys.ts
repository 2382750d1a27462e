// The signing keys of login providers: discovery document, then key set (OpenID Connect Discovery 1.0 section 4), both through
// one reader. Kept 5 minutes, failures a few seconds. A key id that is not there makes it look again, at most every 30 s an
// issuer, so that rotated keys work at once and invented key ids cost nothing.

import { KiB, MiB } from '../../base/bytes.ts'
import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { ExpiringCache } from '../../core/cache/expiring.ts'
import { createSingleFlight } from '../../base/single-flight.ts'
import { type DocumentReaders, isUnreadable, readRemote } from '../access/remote-document.ts'
import { type Algorithm, importKey, isObject, type Json, type PublicKey } from './jws.ts'

export interface IssuerKeys {
  /** Keys that may have signed; more than one only when no key id is given. Throws FETCH_REFUSED, FETCH_FAILED. */
  find(
    issuer: string,
    wanted: { readonly kid: string | undefined; readonly algorithm: Algorithm },
  ): Promise<PublicKey[]>
}

interface KeySet {
  readonly keys: readonly Json[]
  readonly bytes: number
  readonly fetchedMs: number
  readonly failure: XpodError | undefined
}

const keepMs = 300_000
const keepFailureMs = 5_000
const lookAgainMs = 30_000
const maxDocumentBytes = 256 * KiB
const maxKeys = 100
/** How many keys are tried for a token that names none. */
const maxTries = 4

export function createIssuerKeys(options: DocumentReaders & { readonly clock: Clock }): IssuerKeys {
  const { clock } = options
  const flights = createSingleFlight<KeySet>()
  const known = new ExpiringCache<KeySet>({
    clock,
    maxEntries: 100_000,
    maxWeight: 64 * MiB,
    weigh: (issuer, set) => issuer.length + set.bytes,
  })

  function load(issuer: string, kept?: KeySet): Promise<KeySet> {
    return flights(issuer, async () => {
      const fetched = await fetchKeySet(options, issuer)
      // A provider that fails while it is asked for a new key keeps the keys it had.
      const set =
        fetched.failure === undefined || kept === undefined ? fetched : { ...kept, fetchedMs: fetched.fetchedMs }
      known.set(issuer, set, set.failure === undefined ? keepMs : keepFailureMs)
      return set
    })
  }

  return {
    async find(issuer, wanted) {
      let set = known.get(issuer) ?? (await load(issuer))
      let keys = select(set.keys, wanted)
      if (keys.length === 0 && set.failure === undefined && clock.monotonicMs() - set.fetchedMs >= lookAgainMs) {
        set = await load(issuer, set)
        keys = select(set.keys, wanted)
      }
      if (set.failure !== undefined) throw set.failure
      return keys
    },
  }

  async function fetchKeySet(readers: DocumentReaders, issuer: string): Promise<KeySet> {
    const fetchedMs = clock.monotonicMs()
    try {
      const discovery = await readJson(readers, `${withoutSlash(issuer)}/.well-known/openid-configuration`)
      if (typeof discovery['issuer'] !== 'string' || withoutSlash(discovery['issuer']) !== withoutSlash(issuer)) {
        throw new XpodError('FETCH_FAILED', 'the discovery document is of another issuer')
      }
      if (typeof discovery['jwks_uri'] !== 'string') throw new XpodError('FETCH_FAILED', 'it names no key set')
      const { keys } = await readJson(readers, discovery['jwks_uri'])
      if (!Array.isArray(keys)) throw new XpodError('FETCH_FAILED', 'the key set has no keys')
      const kept = keys.filter(isObject).slice(0, maxKeys)
      return { keys: kept, bytes: JSON.stringify(kept).length, fetchedMs, failure: undefined }
    } catch (error) {
      if (!isUnreadable(error)) throw error
      return { keys: [], bytes: 0, fetchedMs, failure: error }
    }
  }
}

/** Issuers are compared as strings, but for one trailing slash. */
export function withoutSlash(issuer: string): string {
  return issuer.endsWith('/') ? issuer.slice(0, -1) : issuer
}

async function readJson(readers: DocumentReaders, url: string): Promise<Json> {
  const { bytes } = await readRemote(readers, url, { accept: 'application/json', maxBytes: maxDocumentBytes })
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw new XpodError('FETCH_FAILED', 'it is not JSON', { cause: error })
  }
  if (!isObject(value)) throw new XpodError('FETCH_FAILED', 'it is no JSON object')
  return value
}

function select(keys: readonly Json[], wanted: { kid: string | undefined; algorithm: Algorithm }): PublicKey[] {
  const found: PublicKey[] = []
  for (const jwk of keys) {
    if (wanted.kid !== undefined && jwk['kid'] !== wanted.kid) continue
    const key = importKey(jwk, wanted.algorithm)
    if (key !== undefined) found.push(key)
    if (found.length === maxTries) break
  }
  return found
}
