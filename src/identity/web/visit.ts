// One request to the account pages or API, understood: where it goes, who is logged in, in which language, and which cookies
// count. A cookie on an unsafe request counts only when the request comes from this very site, or from a program that is no
// browser; otherwise it goes on as not logged in (rule 14). A token in `Authorization: CSS-Account-Token` needs none of that.

import type { HttpRequest } from '../../core/http/message.ts'
import type { Account, Language, Session } from '../account/accounts.ts'
import type { Interaction } from '../provider/contract.ts'
import type { IdentityParts, Member, Visitor } from '../use/parts.ts'
import { type CookieWriter, createCookieWriter, nameOf, openDevice, readCookie } from './cookies.ts'
import { isFormToken } from './form-token.ts'
import { acceptedLanguage, readLanguage, wantsHtml } from './preference.ts'

export interface Visit {
  readonly request: HttpRequest
  /** Canonical, absolute. */
  readonly path: string
  readonly query: URLSearchParams
  readonly isSafe: boolean
  readonly wantsHtml: boolean
  readonly language: Language
  readonly who: Visitor
  /** Who is logged in. */
  readonly member: Member | undefined
  /** What forms of this browser are bound to. */
  readonly formSecret: string | undefined
  readonly cookies: CookieWriter
  isOwnForm(token: string): boolean
  /** The login of an app that this browser is in the middle of; looked up once. */
  interaction(): Promise<Interaction | undefined>
}

const maxUserAgent = 200

export async function openVisit(parts: IdentityParts, request: HttpRequest, path: string): Promise<Visit> {
  const at = request.target.indexOf('?')
  const isSafe = request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS'
  const jar = cookieJar(parts, request, isSafe)
  const token = tokenOf(request) ?? jar('account')
  const known = token === undefined ? undefined : await findMember(parts, token)
  const language = readLanguage(jar('language')) ?? known?.account.language ?? acceptedLanguage(request)
  const who: Visitor = {
    address: request.remoteAddress,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, maxUserAgent),
    language,
    device: openDevice(parts.sealer, jar('device')),
    ...known,
  }
  const formSecret = known === undefined ? jar('visit') : token
  let interaction: Promise<Interaction | undefined> | undefined
  return {
    request,
    path,
    query: new URLSearchParams(at < 0 ? '' : request.target.slice(at + 1)),
    isSafe,
    wantsHtml: wantsHtml(request),
    language,
    who,
    member: known && { ...who, ...known },
    formSecret,
    cookies: createCookieWriter(parts.baseUrl, { sealer: parts.sealer, nowMs: () => parts.clock.nowMs() }),
    isOwnForm: (sent) => isFormToken(sent, formSecret),
    interaction: () => (interaction ??= counts(parts, request, isSafe) ? parts.provider.interaction(request) : nothing),
  }
}

const nothing = Promise.resolve(undefined)

function cookieJar(parts: IdentityParts, request: HttpRequest, isSafe: boolean) {
  const isHttps = parts.baseUrl.startsWith('https:')
  const cookiesCount = counts(parts, request, isSafe)
  return (name: Parameters<typeof nameOf>[0]): string | undefined =>
    cookiesCount ? readCookie(request, nameOf(name, isHttps)) : undefined
}

/** Whether the cookies of this request say anything about its sender's will. */
function counts({ baseUrl }: IdentityParts, { headers }: HttpRequest, isSafe: boolean): boolean {
  if (isSafe) return true
  if (headers.origin !== undefined) return `${headers.origin}/` === baseUrl
  return headers['sec-fetch-site'] === undefined
}

/** `CSS-Account-Token <token>`, any case, as Community Solid Server takes it. */
function tokenOf({ headers }: HttpRequest): string | undefined {
  return /^CSS-Account-Token +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

async function findMember(
  { accounts }: IdentityParts,
  token: string,
): Promise<{ readonly account: Account; readonly session: Session } | undefined> {
  const session = await accounts.findSession(token)
  const account = session && (await accounts.get(session.account))
  return account && { account, session }
}
