// Logging out as an app asks for it (OpenID Connect RP-Initiated Logout 1.0). It ends the account's session as well, and with
// it everything that was let in from it: the next login asks for the password. An id token of the very WebID that is logged in
// stands for the person's word; without one they are asked. Written here because the library neither takes id tokens with
// `solid` in their audience nor apps that registered no address to return to.

import { hash } from 'node:crypto'

import { KiB } from '../../base/bytes.ts'
import { XpodError } from '../../base/errors.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import { headerOf, splitJws, verifySignature } from '../../pod/auth/jws.ts'
import type { Accounts } from '../account/accounts.ts'
import { type FindClient, mayLogOutTo, originOf } from './clients.ts'
import { type CookieNames, cookieOf } from './cookies.ts'
import { paths } from './discovery.ts'
import type { ProviderPages } from './pages.ts'
import type { Records } from './records.ts'
import type { SigningKeys } from './signing-keys.ts'
import { readSubject, type Subject } from './subject.ts'

export interface EndSessionParts {
  readonly issuer: string
  readonly accounts: Pick<Accounts, 'endSession'>
  readonly records: Records
  readonly findClient: FindClient
  readonly keys: Pick<SigningKeys, 'find'>
  readonly cookies: CookieNames
  readonly pages: () => Promise<ProviderPages>
}

/** `params` are those of the query, or of a posted form. */
export type EndSession = (request: HttpRequest, params: URLSearchParams) => Promise<HttpAnswer>

interface Hint {
  readonly clientId: string
  readonly webId: string
}

interface Current {
  readonly cookie: string
  readonly subject: Subject | undefined
}

const maxHintLength = 16 * KiB
const algorithm = 'ES256'

export function createEndSession(parts: EndSessionParts): EndSession {
  const { records, pages, issuer, cookies } = parts

  async function end({ cookie, subject }: Current): Promise<void> {
    if (subject !== undefined) await parts.accounts.endSession(subject.session)
    await records.delete('Session', cookie)
  }

  async function leave(request: HttpRequest, target: string | undefined): Promise<HttpAnswer> {
    const secure = issuer.startsWith('https:') ? '; Secure' : ''
    const forgotten = ['Set-Cookie', `${cookies.session}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure}`]
    if (target !== undefined) {
      return { status: 303, headers: ['Location', target, 'Cache-Control', 'no-store', ...forgotten], body: undefined }
    }
    const page = (await pages()).loggedOut(request)
    return { ...page, headers: [...page.headers, ...forgotten] }
  }

  return async (request, params) => {
    const hint = await readHint(parts, params.get('id_token_hint'))
    const target = await targetOf(parts, params, hint)
    const current = await currentSession(parts, request)
    if (current === undefined) return leave(request, target)
    const isAsked = current.subject === undefined || hint?.webId === current.subject.webId
    const isConfirmed = request.method === 'POST' && params.get('confirm') === confirmation(current)
    if (isAsked || isConfirmed) {
      await end(current)
      return leave(request, target)
    }
    const fields = { ...Object.fromEntries(params), confirm: confirmation(current) }
    const redirectOrigin = target === undefined ? undefined : originOf(target)
    return (await pages()).logOut({ action: new URL(paths.endSession, issuer).href, fields, redirectOrigin }, request)
  }
}

/** Whoever can send this has seen the question in this very session. */
function confirmation({ cookie }: Current): string {
  return hash('sha256', `log out ${cookie}`, 'base64url')
}

async function currentSession(
  { records, cookies }: EndSessionParts,
  request: HttpRequest,
): Promise<Current | undefined> {
  const cookie = cookieOf(request, cookies.session)
  const record = cookie === undefined ? undefined : await records.find('Session', cookie)
  return record && { cookie: record.id, subject: readSubject(record.payload['accountId']) }
}

/** Where to go afterwards, with the app's state; undefined: stay here. Throws CLIENT_INVALID. */
async function targetOf(
  { findClient }: EndSessionParts,
  params: URLSearchParams,
  hint: Hint | undefined,
): Promise<string | undefined> {
  const uri = params.get('post_logout_redirect_uri')
  const named = params.get('client_id') ?? undefined
  if (hint !== undefined && named !== undefined && named !== hint.clientId)
    throw invalid('client_id is not of the id_token_hint')
  const clientId = hint?.clientId ?? named
  if (uri === null || clientId === undefined) return undefined
  const client = await findClient(clientId)
  if (client === undefined) throw invalid('it is not registered here')
  if (!mayLogOutTo(client, uri)) throw invalid('its post_logout_redirect_uri is not registered')
  const target = new URL(uri)
  const state = params.get('state')
  if (state !== null) target.searchParams.set('state', state)
  return target.href
}

/** Expired ones count: they say who was logged in. Throws CLIENT_INVALID. */
async function readHint({ keys, issuer }: EndSessionParts, text: string | null): Promise<Hint | undefined> {
  if (text === null || text === '') return undefined
  const jws = splitJws(text, maxHintLength)
  const { kid, alg, typ } = (jws && headerOf(jws)) ?? {}
  if (jws === undefined || alg !== algorithm || typ !== 'JWT' || typeof kid !== 'string')
    throw invalid('its id_token_hint is no id token')
  const { iss, azp, webid } = jws.payload
  const [key] = await keys.find(kid)
  const isOurs = key !== undefined && iss === issuer && (await verifySignature(jws, key))
  // A key that is gone has signed tokens that ended long ago: the person is asked instead.
  if (key === undefined) return undefined
  if (!isOurs || typeof azp !== 'string' || typeof webid !== 'string')
    throw invalid('its id_token_hint is not of this issuer')
  return { clientId: azp, webId: webid }
}

function invalid(detail: string): XpodError {
  return new XpodError('CLIENT_INVALID', detail)
}
