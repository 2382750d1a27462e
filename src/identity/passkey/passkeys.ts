// Passkeys: the two ceremonies of WebAuthn (W3C Web Authentication Level 3, sections 7.1 and 7.2), judged by a library that
// loads with the first one. A passkey is all that is needed to log in, so the person must have been verified, and it is
// found by the browser itself: nothing here tells which accounts have one. Who made an authenticator is never asked.

import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import { isLoopbackName } from '../../core/routing/host.ts'
import type { Database } from '../../core/db/database.ts'
import type { Account, AccountId, Accounts, Login, Passkey } from '../account/accounts.ts'
import type { Sealer } from '../sealing.ts'
import type { Throttle } from '../throttle.ts'
import { challengeMs, type Challenges, createChallenges, type Purpose } from './challenges.ts'

export interface Visit {
  readonly address: string
  readonly device?: string
}

export interface Passkeys {
  /** What `navigator.credentials.create` takes, as JSON. */
  beginRegistration(account: Account): Promise<object>
  /** Throws PASSKEY_INVALID, PASSKEY_TAKEN, ACCOUNT_FULL, NAME_INVALID. */
  finishRegistration(account: AccountId, made: { readonly name: string; readonly response: unknown }): Promise<Passkey>
  /** What `navigator.credentials.get` takes, as JSON. */
  beginLogin(): Promise<object>
  /** The account in any state. Throws PASSKEY_INVALID, TOO_MANY_ATTEMPTS. */
  finishLogin(response: unknown, from: Visit): Promise<Account>
}

export interface PasskeysOptions {
  readonly accounts: Pick<
    Accounts,
    'get' | 'logins' | 'webIds' | 'passkeys' | 'findPasskey' | 'addPasskey' | 'touchPasskey'
  >
  readonly db: Database
  readonly sealer: Sealer
  readonly throttle?: Pick<Throttle, 'admit' | 'forgive'>
  readonly baseUrl: string
  readonly clock: Clock
}

/** EdDSA, ES256 and RS256: what every authenticator can do one of. */
const algorithms = [-8, -7, -257]
const userVerification = 'required'
const maxIdLength = 1364
const maxTransports = 8

/** Undefined where browsers have no passkeys: without TLS (unless it is this machine), and on IP addresses. */
export function createPasskeys(options: PasskeysOptions): Passkeys | undefined {
  const { protocol, hostname } = new URL(options.baseUrl)
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  if (isAddress || (protocol !== 'https:' && !isLoopbackName(hostname))) return undefined
  return openPasskeys(options)
}

function openPasskeys(options: PasskeysOptions): Passkeys {
  const { origin, hostname } = new URL(options.baseUrl)
  const challenges = createChallenges(options)
  const expect = (purpose: Purpose, account?: AccountId): Expected => ({
    expectedOrigin: origin,
    expectedRPID: hostname,
    expectedChallenge: (challenge) => challenges.fits(challenge, purpose, account),
    requireUserVerification: true,
  })
  const ceremony = { ...options, challenges, expect }
  return { ...registration(ceremony), ...login(ceremony) }
}

interface Expected {
  readonly expectedOrigin: string
  readonly expectedRPID: string
  readonly expectedChallenge: (challenge: string) => boolean
  readonly requireUserVerification: boolean
}

interface Ceremony extends PasskeysOptions {
  readonly challenges: Challenges
  readonly expect: (purpose: Purpose, account?: AccountId) => Expected
}

function registration(ceremony: Ceremony): Pick<Passkeys, 'beginRegistration' | 'finishRegistration'> {
  const { accounts, challenges, expect } = ceremony
  const { hostname, host } = new URL(ceremony.baseUrl)
  return {
    async beginRegistration(account) {
      const { generateRegistrationOptions } = await import('@simplewebauthn/server')
      const known = await accounts.passkeys(account.id)
      return generateRegistrationOptions({
        rpName: host,
        rpID: hostname,
        userID: new Uint8Array(Buffer.from(account.id)),
        userName: await shownName(accounts, account),
        challenge: challenges.make('registration', account.id),
        timeout: challengeMs,
        excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
        authenticatorSelection: { residentKey: 'required', userVerification },
        supportedAlgorithmIDs: algorithms,
      })
    },
    async finishRegistration(account, { name, response }) {
      const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
      const answer = await withoutAttestation(response)
      const expected = expect('registration', account)
      const { registrationInfo } = await judge(() =>
        verifyRegistrationResponse({ ...expected, response: answer, supportedAlgorithmIDs: algorithms }),
      )
      if (registrationInfo === undefined) throw new XpodError('PASSKEY_INVALID')
      await challenges.useUp(challengeOf(answer.response.clientDataJSON))
      const { id, publicKey, counter } = registrationInfo.credential
      const transports = readTransports(answer.response.transports)
      await accounts.addPasskey({ id, account, name, publicKey, counter, transports })
      const made = await accounts.findPasskey(id)
      if (made === undefined) throw new XpodError('PASSKEY_INVALID', 'it was removed meanwhile')
      return made
    },
  }
}

function login(ceremony: Ceremony): Pick<Passkeys, 'beginLogin' | 'finishLogin'> {
  const { accounts, throttle, challenges, expect } = ceremony
  const { hostname } = new URL(ceremony.baseUrl)
  return {
    async beginLogin() {
      const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
      const challenge = challenges.make('login')
      return generateAuthenticationOptions({ rpID: hostname, challenge, timeout: challengeMs, userVerification })
    },
    async finishLogin(response, from) {
      const answer = readAnswer(response) as AuthenticationResponseJSON
      const attempt = { login: answer.id, ...from }
      throttle?.admit(attempt)
      const passkey = await accounts.findPasskey(answer.id)
      if (passkey === undefined) throw new XpodError('PASSKEY_INVALID', 'it is not known here')
      const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
      const { id, publicKey, counter } = passkey
      const credential = { id, publicKey: new Uint8Array(publicKey), counter }
      const { verified, authenticationInfo } = await judge(() =>
        verifyAuthenticationResponse({ ...expect('login'), response: answer, credential }),
      )
      if (!verified || !isHolder(answer, passkey.account)) throw new XpodError('PASSKEY_INVALID')
      await challenges.useUp(challengeOf(answer.response.clientDataJSON))
      await accounts.touchPasskey(id, authenticationInfo.newCounter)
      const account = await accounts.get(passkey.account)
      if (account === undefined) throw new XpodError('PASSKEY_INVALID', 'it is not known here')
      throttle?.forgive(attempt)
      return account
    },
  }
}

/** What the browser shows to choose by: the e-mail address, the name or a WebID. */
async function shownName(accounts: PasskeysOptions['accounts'], { id, name }: Account): Promise<string> {
  const hasEmail = (login: Login): boolean => login.email !== undefined
  const email = (await accounts.logins(id)).find(hasEmail)?.email
  return email ?? name ?? (await accounts.webIds(id))[0]?.webId ?? id
}

/** The library throws plain errors for whatever it does not like. */
async function judge<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    throw new XpodError('PASSKEY_INVALID', '', { cause })
  }
}

function readAnswer(response: unknown): unknown {
  const { id, response: answer } = (typeof response === 'object' && response !== null ? response : {}) as Partial<
    Record<string, unknown>
  >
  const isAnswer =
    typeof id === 'string' &&
    id.length <= maxIdLength &&
    /^[\w-]+$/.test(id) &&
    typeof answer === 'object' &&
    answer !== null
  if (!isAnswer) throw new XpodError('PASSKEY_INVALID', 'this is no answer of a browser')
  return response
}

/**
 * The answer as one without a statement of who made the authenticator. None was asked for, and judging one would mean
 * certificate chains of a stranger's choice, with lists to fetch from a stranger's addresses.
 */
async function withoutAttestation(response: unknown): Promise<RegistrationResponseJSON> {
  const answer = readAnswer(response) as RegistrationResponseJSON
  const { decodeAttestationObject, isoBase64URL, isoCBOR } = await import('@simplewebauthn/server/helpers')
  return judge(async () => {
    const authData = decodeAttestationObject(isoBase64URL.toBuffer(answer.response.attestationObject)).get('authData')
    const plain = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ])
    const attestationObject = isoBase64URL.fromBuffer(isoCBOR.encode(plain as Parameters<typeof isoCBOR.encode>[0]))
    return { ...answer, response: { ...answer.response, attestationObject } }
  })
}

/** Of an answer that was judged. */
function challengeOf(clientDataJSON: string): string {
  return (JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as { challenge: string }).challenge
}

/** The handle is the account id, as it was given at the registration; an authenticator may leave it out. */
function isHolder({ response: { userHandle } }: AuthenticationResponseJSON, account: AccountId): boolean {
  return userHandle === undefined || userHandle === Buffer.from(account).toString('base64url')
}

/** A hint for browsers, in words of a short list that grows. */
function readTransports(sent: unknown): string[] {
  if (!Array.isArray(sent)) return []
  return sent
    .filter((one): one is string => typeof one === 'string' && /^[a-z-]{1,20}$/.test(one))
    .slice(0, maxTransports)
}
