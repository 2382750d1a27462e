// How this server proves to webhooks that a message is its own (Solid Notifications Protocol, WebhookChannel2023,
// Authentication): a Solid-OIDC token for a WebID of the server, signed with the provider's key, and a DPoP proof for each
// request with a key of this process that never leaves it. The token names no grant, so no pod here takes it for a login:
// a webhook that points at a pod of this service writes nothing there.

import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'

import type { Clock } from '../../../base/clock.ts'
import type { Random } from '../../../base/random.ts'
import { type Json, thumbprint } from '../../../pod/auth/jws.ts'
import type { WebhookSigner } from '../../../pod/notify/webhooks/attempt.ts'
import { signingAlgorithm, type SigningKeys, signJws } from '../signing-keys.ts'

export interface WebhookSignerParts {
  readonly issuer: string
  readonly keys: Pick<SigningKeys, 'sign'>
  readonly clock: Clock
  readonly random: Random
}

interface ProofKey {
  readonly jwk: Json
  readonly jkt: string
  readonly privateKey: KeyObject
}

/** Where the document of the sender lies, below the base URL. */
const senderPath = '/.notifications/WebhookChannel2023/sender'
const tokenSeconds = 600
/** Then there is another, so that each has most of its life before it. */
const keepTokenMs = 300_000

export function createWebhookSigner({ issuer, keys, clock, random }: WebhookSignerParts): WebhookSigner {
  const sender = new URL(senderPath, issuer).href
  let key: ProofKey | undefined
  let token: { readonly text: string; readonly ath: string; readonly madeMs: number } | undefined

  function currentToken({ jkt }: ProofKey): { readonly text: string; readonly ath: string } {
    const nowMs = clock.nowMs()
    if (token !== undefined && Math.abs(nowMs - token.madeMs) < keepTokenMs) return token
    const iat = Math.floor(nowMs / 1000)
    const text = keys.sign('at+jwt', {
      iss: issuer,
      aud: 'solid',
      sub: sender,
      webid: sender,
      client_id: sender,
      azp: sender,
      cnf: { jkt },
      iat,
      exp: iat + tokenSeconds,
      jti: random.uuid(),
    })
    token = { text, ath: hash('sha256', text, 'base64url'), madeMs: nowMs }
    return token
  }

  return {
    sender,
    async sign(sendTo) {
      key ??= makeProofKey()
      const { text, ath } = currentToken(key)
      const proof = {
        htm: 'POST',
        // Without query and fragment (RFC 9449 section 4.2).
        htu: sendTo.replace(/[?#].*$/s, ''),
        iat: Math.floor(clock.nowMs() / 1000),
        jti: random.uuid(),
        ath,
      }
      const dpop = signJws({ alg: signingAlgorithm, typ: 'dpop+jwt', jwk: key.jwk }, proof, key.privateKey)
      return { authorization: `DPoP ${text}`, dpop }
    },
  }
}

function makeProofKey(): ProofKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }) }
  return { jwk, jkt: thumbprint(jwk)!, privateKey }
}
