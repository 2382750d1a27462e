// How the library is set: what Solid-OIDC asks (solid.md section 1.14), what clients in use need (clients-and-operators.md B and
// G), and nothing else switched on. Loaded with the library.

import { type Configuration, errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'

import type { Clock } from '../../../base/clock.ts'
import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { Accounts } from '../../account/accounts.ts'
import type { Throttle } from '../../throttle.ts'
import { createAdapter } from './adapter.ts'
import type { ClientDocuments } from '../client-document.ts'
import type { CookieNames } from '../cookies.ts'
import { clientAuthentication, paths, proofAlgorithms, scopes } from '../discovery.ts'
import { grantSeconds, offlineParameter } from '../interactions.ts'
import type { Records } from '../records.ts'
import { signingAlgorithm, type SigningKeys } from '../signing-keys.ts'
import { readSubject } from '../subject.ts'

export interface LibraryParts {
  readonly issuer: string
  readonly records: Records
  readonly documents: ClientDocuments
  readonly accounts: Pick<Accounts, 'get' | 'accountOfWebId'>
  readonly isWithdrawnWebId: (webId: string) => boolean
  readonly keys: SigningKeys
  readonly cookies: CookieNames
  readonly throttle: Pick<Throttle, 'take'>
}

export interface LoadedParts extends LibraryParts {
  readonly clock: Clock
  readonly log: Log
}

const hourSeconds = 3600
const daySeconds = 24 * hourSeconds
const toleranceSeconds = 60

export function librarySettings(parts: LibraryParts): Configuration {
  const { issuer, cookies } = parts
  const short = { httpOnly: true, sameSite: 'lax', path: '/.account/' } as const
  return {
    adapter: createAdapter(parts),
    jwks: { keys: parts.keys.current().map(({ privateJwk }) => ({ ...privateJwk })) as never[] },
    routes: {
      authorization: paths.authorization,
      token: paths.token,
      registration: paths.registration,
      jwks: paths.keys,
      end_session: paths.endSession,
      revocation: paths.revocation,
    },
    scopes,
    claims: { openid: ['sub'], webid: ['webid'] },
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    clientAuthMethods: [...clientAuthentication],
    clientDefaults: { id_token_signed_response_alg: signingAlgorithm, response_types: ['code'] },
    enabledJWA: { idTokenSigningAlgValues: [signingAlgorithm], dPoPSigningAlgValues: [...proofAlgorithms] },
    extraParams: [offlineParameter],
    clockTolerance: toleranceSeconds,
    pkce: { required: () => true },
    rotateRefreshToken: false,
    cookies: { names: { ...cookies }, short, long: { httpOnly: true, sameSite: 'lax' } },
    ttl: {
      AccessToken: hourSeconds,
      AuthorizationCode: 60,
      Grant: grantSeconds,
      IdToken: hourSeconds,
      Interaction: hourSeconds,
      RefreshToken: 180 * daySeconds,
      Session: 14 * daySeconds,
    },
    features: features(issuer),
    interactions: { policy: policy(parts), url: () => new URL('/.account/oidc/prompt/', issuer).href },
    findAccount: (_, accountId) => findAccount(parts, accountId),
    loadExistingGrant,
    clientBasedCORS: () => true,
    extraTokenClaims: (_, token) => {
      const subject = readSubject('accountId' in token ? token.accountId : undefined)
      return { webid: subject?.webId, gid: 'grantId' in token ? token.grantId : undefined }
    },
    formats: {
      customizers: {
        jwt: (_, token, jwt) => {
          const subject = readSubject('accountId' in token ? token.accountId : undefined)
          if (subject !== undefined) jwt.payload.sub = subject.webId
        },
      },
    },
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token') && isOffline(ctx),
    expiresWithSession: async (ctx) => !isOffline(ctx),
    // Where a page is shown instead of an answer to the app; the caller makes it from this.
    renderError: (ctx, out) => {
      ctx.type = 'json'
      ctx.body = out
    },
    // No client may make this server fetch: documents of apps come through our own door.
    fetch: () => Promise.reject(new Error('the library fetches nothing')),
  }
}

function features(issuer: string): NonNullable<Configuration['features']> {
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: true },
    registration: { enabled: true, issueRegistrationAccessToken: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => issuer,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: scopes.join(' '),
        audience: 'solid',
        accessTokenFormat: 'jwt',
        accessTokenTTL: hourSeconds,
        jwt: { sign: { alg: signingAlgorithm } },
      }),
    },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
    rpInitiatedLogout: { enabled: true },
    pushedAuthorizationRequests: { enabled: false },
    userinfo: { enabled: false },
  }
}

/** The app asked to stay connected and the person agreed, in this login or an earlier one (so also with prompt=none). */
function isOffline({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.entities.Grant?.getOIDCScope().split(' ').includes('offline_access') ?? false
}

/** The library asks again for a WebID that has no open account behind it any more, or no document that others can read. */
async function findAccount({ accounts, isWithdrawnWebId }: LibraryParts, accountId: string) {
  const subject = readSubject(accountId)
  if (subject === undefined) return undefined
  const { account, webId } = subject
  if (isWithdrawnWebId(webId) || (await accounts.accountOfWebId(webId)) !== account) return undefined
  if ((await accounts.get(account))?.state !== 'open') return undefined
  return { accountId, claims: () => ({ sub: webId, webid: webId }) }
}

async function loadExistingGrant({ oidc }: KoaContextWithOIDC) {
  const granted = oidc.result?.consent?.grantId ?? oidc.session?.grantIdFor(oidc.client!.clientId)
  const grant = granted === undefined ? undefined : await oidc.provider.Grant.find(granted)
  return grant?.accountId === oidc.account?.accountId ? grant : undefined
}

/** Two prompts: choose a WebID, let the app in. */
function policy({ throttle }: LibraryParts): interactionPolicy.DefaultPolicy {
  const prompts = interactionPolicy.base()
  const { Check } = interactionPolicy
  const login = prompts.get('login')!
  // It would compare the subject of the hint with ours, which names more than the WebID.
  login.checks.remove('id_token_hint')
  login.checks.add(
    new Check('hint_of_another', 'the id_token_hint is of another WebID', 'login_required', ({ oidc }) => {
      const hint = oidc.entities.IdTokenHint?.payload
      return hint !== undefined && hint['webid'] !== readSubject(oidc.session?.accountId)?.webId
    }),
  )
  login.checks.add(
    new Check('no_account', 'there is no open account any more', 'login_required', ({ oidc }) => {
      return oidc.session?.accountId !== undefined && oidc.account === undefined
    }),
  )
  login.checks.add(
    new Check('stranger', 'too many logins were begun from this address', 'login_required', (ctx) => {
      const isStranger = ctx.oidc.session?.accountId === undefined && ctx.oidc.route === 'authorization'
      if (isStranger && !ctx.oidc.prompts.has('none')) takeOne(throttle, ctx.ip)
      return false
    }),
  )
  return prompts
}

function takeOne(throttle: Pick<Throttle, 'take'>, address: string): void {
  try {
    throttle.take('interaction', address)
  } catch (error) {
    if (!(error instanceof XpodError)) throw error
    const refusal = new errors.CustomOIDCProviderError('temporarily_unavailable', error.message)
    throw Object.assign(refusal, { status: 429, statusCode: 429, allow_redirect: false })
  }
}
