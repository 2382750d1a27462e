// The OpenID library, behind one function. The only entry to it, imported when somebody first needs it: with koa it is 0.2 s of
// parsing and 6 MB that most starts never use. Three of its methods are replaced, where Solid-OIDC or our rules ask for what
// it has no setting for.

import { timingSafeEqual } from 'node:crypto'

import OidcProvider from 'oidc-provider'

import { XpodError } from '../../../base/errors.ts'
import type { Log } from '../../../base/log.ts'
import type { NodeApplication } from '../../../core/http/node-application.ts'
import { secretHash } from './adapter.ts'
import { librarySettings, type LoadedParts } from './settings.ts'
import { readSubject } from '../subject.ts'

const idTokenSeconds = 3600

/** For the keys that sign now: another key needs another one. */
export function createLibrary(parts: LoadedParts): NodeApplication {
  const provider = new OidcProvider(parts.issuer, librarySettings(parts))
  nameModels(provider)
  keepSecretsHashed(provider)
  bindRefreshTokens(provider)
  issueSolidIdTokens(provider, parts)
  report(provider, parts.log)
  return provider.callback()
}

const models = [
  'AccessToken',
  'AuthorizationCode',
  'Client',
  'ClientCredentials',
  'Grant',
  'InitialAccessToken',
  'Interaction',
  'RefreshToken',
  'RegistrationAccessToken',
  'ReplayDetection',
  'Session',
] as const

/** Rows are stored under the names of these classes, and a bundler calls some of them `Interaction2`. */
function nameModels(provider: OidcProvider): void {
  for (const name of models) Object.defineProperty(provider[name], 'name', { value: name })
}

/** What is stored of a client's secret is its hash. */
function keepSecretsHashed(provider: OidcProvider): void {
  provider.Client.prototype.compareClientSecret = function (actual) {
    return timingSafeEqual(Buffer.from(secretHash(actual)), Buffer.from(this.clientSecret!))
  }
}

/** To the key of the proof, for clients with a secret too (rule 11). */
function bindRefreshTokens({ RefreshToken, BaseToken }: OidcProvider): void {
  RefreshToken.prototype.save = function () {
    const jkt = OidcProvider.ctx?.oidc.entities.AccessToken?.jkt
    if (this.jkt === undefined && jkt !== undefined) Object.assign(this, { jkt })
    return BaseToken.prototype.save.call(this)
  }
}

/** Row 76: webid, azp, solid in the audience, and bound to the key of the proof. */
function issueSolidIdTokens(provider: OidcProvider, { issuer, keys, clock }: LoadedParts): void {
  provider.IdToken.prototype.issue = async function () {
    const { oidc } = this.ctx
    const { clientId } = this.client
    const { webId } = readSubject(oidc.account?.accountId)!
    const iat = Math.floor(clock.nowMs() / 1000)
    const jkt = oidc.entities.AccessToken?.jkt
    return keys.sign('JWT', {
      ...(await this.payload()),
      iss: issuer,
      sub: webId,
      webid: webId,
      aud: [clientId, 'solid'],
      azp: clientId,
      auth_time: oidc.entities.AuthorizationCode?.authTime ?? oidc.entities.RefreshToken?.authTime,
      ...(jkt !== undefined && { cnf: { jkt } }),
      iat,
      exp: iat + idTokenSeconds,
    })
  }
}

function report(provider: OidcProvider, log: Log): void {
  provider.on('server_error', (ctx, error) => {
    log.error('oidc.failed', { error })
    if (!(error instanceof XpodError) || !error.retryable || ctx.status !== 500) return
    // What may pass, as a database that is away: nothing has been sent yet.
    ctx.status = error.status
    ctx.body = { error: 'temporarily_unavailable', error_description: error.message }
  })
  provider.on('authorization.error', (_, error) => log.debug('oidc.refused', { at: 'authorization', error }))
  provider.on('grant.error', (_, error) => log.debug('oidc.refused', { at: 'token', error }))
  provider.on('registration_create.error', (_, error) => log.debug('oidc.refused', { at: 'registration', error }))
}
