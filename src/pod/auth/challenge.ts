// What a 401 asks for (RFC 9110 section 11.6.1, RFC 9449 section 7.1): one WWW-Authenticate value per scheme.

import type { ErrorCode } from '../../base/error-codes.ts'

const bearer = 'Bearer scope="openid webid"'
const dpop = 'DPoP algs="ES256 RS256"'

const plain: readonly string[] = [bearer, dpop]
const badToken: readonly string[] = [bearer, `${dpop}, error="invalid_token"`]
const badProof: readonly string[] = [bearer, `${dpop}, error="invalid_dpop_proof"`]

/** The values of WWW-Authenticate; `error` is what made the request fail, when it was a bad login. */
export function challenge(error?: ErrorCode): readonly string[] {
  if (error === 'TOKEN_INVALID') return badToken
  if (error === 'PROOF_INVALID') return badProof
  return plain
}
