// The client credentials grant (Solid-OIDC, Client Credentials; row 81): a script with an id and a secret that its owner made
// gets an access token for one WebID. Answered without the library: scripts are most of what asks here. Id and secret come
// as Basic with both form-encoded (RFC 6749 section 2.3.1) or in the body; the proof is judged as on pods (rule 8); no scope is needed.

import { XpodError } from '../../base/errors.ts'
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import { createProofKeys, readProof } from '../../pod/auth/dpop-proof.ts'
import { verifySignature } from '../../pod/auth/jws.ts'
import type { Accounts, Credential } from '../account/accounts.ts'
import { oauthError, type OAuthError, tokenAnswer } from './answers.ts'
import { proofAlgorithms } from './discovery.ts'
import type { Records } from './records.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface CredentialsParts {
  readonly issuer: string
  readonly tokenUrl: string
  readonly accounts: Pick<Accounts, 'verifyCredential' | 'touchCredential'>
  readonly isWithdrawnWebId: (webId: string) => boolean
  readonly records: Pick<Records, 'remember'>
  readonly keys: Pick<SigningKeys, 'sign'>
  readonly clock: Clock
  readonly random: Random
}

export type ClientCredentialsGrant = (request: HttpRequest, form: URLSearchParams) => Promise<HttpAnswer>

interface Proven {
  readonly jkt: string
  readonly jti: string
}

const tokenSeconds = 600
/** A proof may be from a minute ahead and lives a minute and a half. */
const replaySeconds = 600

export function createClientCredentials(parts: CredentialsParts): ClientCredentialsGrant {
  const { accounts, keys, clock, random } = parts
  const proofKeys = createProofKeys(clock)

  /** Whose key it is of, or what is wrong with it. */
  async function prove(request: HttpRequest): Promise<Proven | OAuthError> {
    const { dpop } = request.headers
    if (typeof dpop !== 'string') return { error: 'invalid_dpop_proof', detail: 'there is no DPoP header' }
    const target = { method: request.method, url: parts.tokenUrl, authorization: undefined, dpop, origin: undefined }
    try {
      const proof = readProof(dpop, target, { ath: '', nowMs: clock.nowMs(), keys: proofKeys })
      const { key, jti, jws } = proof
      if (!(proofAlgorithms as readonly string[]).includes(key.algorithm)) {
        return { error: 'invalid_dpop_proof', detail: `its algorithm is none of ${proofAlgorithms.join(', ')}` }
      }
      if (!(await verifySignature(jws, key))) return { error: 'invalid_dpop_proof', detail: 'its signature is wrong' }
      return { jkt: key.jkt, jti }
    } catch (error) {
      if (!(error instanceof XpodError) || error.code !== 'PROOF_INVALID') throw error
      return { error: 'invalid_dpop_proof', detail: error.detail }
    }
  }

  function accessToken(credential: Credential, jkt: string): string {
    const iat = Math.floor(clock.nowMs() / 1000)
    const { webId, id, grantId } = credential
    return keys.sign('at+jwt', {
      iss: parts.issuer,
      aud: 'solid',
      sub: webId,
      webid: webId,
      client_id: id,
      azp: id,
      gid: grantId,
      cnf: { jkt },
      iat,
      exp: iat + tokenSeconds,
      jti: random.uuid(),
      scope: 'webid',
    })
  }

  return async (request, form) => {
    const claimed = clientOf(request, form)
    if (claimed === undefined)
      return oauthError(request, { error: 'invalid_client', detail: 'there is no id and secret' })
    const proof = await prove(request)
    if ('error' in proof) return oauthError(request, proof)
    const credential = await accounts.verifyCredential(claimed.id, claimed.secret)
    if (credential === undefined) {
      return oauthError(request, {
        error: 'invalid_client',
        detail: 'the id or the secret is wrong, or it has expired',
      })
    }
    if (parts.isWithdrawnWebId(credential.webId)) {
      return oauthError(request, { error: 'unauthorized_client', detail: 'its WebID is in a pod that is deleted' })
    }
    // Only now: a stranger makes no row.
    if (!(await parts.records.remember(`${proof.jkt} ${proof.jti}`, replaySeconds))) {
      return oauthError(request, { error: 'invalid_dpop_proof', detail: 'it was used before' })
    }
    await accounts.touchCredential(credential.id)
    const token = accessToken(credential, proof.jkt)
    return tokenAnswer({ access_token: token, token_type: 'DPoP', expires_in: tokenSeconds, scope: 'webid' })
  }
}

function clientOf(request: HttpRequest, form: URLSearchParams): { id: string; secret: string } | undefined {
  const [, basic] = /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(request.headers.authorization ?? '') ?? []
  if (basic === undefined) {
    const [id, secret] = [form.get('client_id'), form.get('client_secret')]
    return id === null || secret === null ? undefined : { id, secret }
  }
  const [id = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':')
  const secret = rest.join(':')
  return { id: formDecoded(id), secret: formDecoded(secret) }
}

/** As it is when it is not encoded: some scripts send it so, and no id or secret of ours has a percent sign in it. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
