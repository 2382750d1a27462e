// What clients read to learn how to log in here (OpenID Connect Discovery 1.0, RFC 8414; rows 72, 77, 81): constant for a base
// URL, so nobody has to load the library for it. A test compares it with what the library would say.

import { signingAlgorithm } from './signing-keys.ts'

export const scopes = ['openid', 'profile', 'offline_access', 'webid'] as const
/** Of proofs at the token endpoint: what clients in use have (Inrupt's ES256, the conformance harness RS256). */
export const proofAlgorithms = ['ES256', 'RS256'] as const
export const clientAuthentication = ['client_secret_basic', 'client_secret_post', 'none'] as const
const grantTypes = ['authorization_code', 'refresh_token', 'client_credentials'] as const

export const paths = {
  authorization: '/.oidc/auth',
  token: '/.oidc/token',
  registration: '/.oidc/reg',
  keys: '/.oidc/jwks',
  endSession: '/.oidc/session/end',
  revocation: '/.oidc/token/revocation',
} as const

export function discoveryDocument(issuer: string): Readonly<Record<string, unknown>> {
  const at = (path: string): string => new URL(path, issuer).href
  return {
    issuer,
    authorization_endpoint: at(paths.authorization),
    token_endpoint: at(paths.token),
    registration_endpoint: at(paths.registration),
    jwks_uri: at(paths.keys),
    end_session_endpoint: at(paths.endSession),
    revocation_endpoint: at(paths.revocation),
    scopes_supported: scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['form_post', 'fragment', 'query'],
    grant_types_supported: grantTypes,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [signingAlgorithm],
    token_endpoint_auth_methods_supported: clientAuthentication,
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: proofAlgorithms,
    claims_supported: ['azp', 'iss', 'sub', 'webid'],
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    solid_oidc_supported: 'https://solidproject.org/TR/solid-oidc',
  }
}
