// The door of account pages and API: takes a request below `.account/`, or the front page for a browser, and answers it. It
// judges who may come, which body it is and whether a form is this site's own, and turns every refusal into an answer. What
// there is to do is in the table of routes.

import { XpodError } from '../../base/errors.ts'
import { apiVersion, controlsOf } from '../api/controls.ts'
import { cssMessage } from '../api/messages.ts'
import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import { hostOf, isLoopbackName } from '../../core/routing/host.ts'
import { errorAnswer, jsonAnswer, optionsAnswer, redirectAnswer } from './answers.ts'
import { readSent } from './body.ts'
import { cookiesOf, requireCaller } from './caller.ts'
import { answerForm, answerPage, failedPage, showFront } from './page-answers.ts'
import { paths, root } from './paths.ts'
import { readLanguage, wantsHtml } from './preference.ts'
import type { JsonMethod, JsonResult, Route } from './route.ts'
import { createRouteTable, type Found } from './route-table.ts'
import { routes } from './routes.ts'
import type { IdentityParts } from '../use/parts.ts'
import { openVisit, type Visit } from './visit.ts'

export interface IdentityRoutes {
  /** `path` is canonical. Undefined when it is none of these. */
  handle(request: HttpRequest, path: string): Promise<HttpAnswer> | undefined
}

export function createIdentityRoutes(parts: IdentityParts): IdentityRoutes {
  const find = createRouteTable(routes)
  return {
    handle(request, path) {
      if (path === '/') return isRead(request) && wantsHtml(request) ? frontPage(parts, request) : undefined
      if (!path.startsWith(root) && path !== root.slice(0, -1)) return undefined
      return answer(parts, request, { path, found: find(path) ?? undefined, isFolder: find(`${path}/`) !== undefined })
    },
  }
}

function isRead({ method }: HttpRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

async function frontPage(parts: IdentityParts, request: HttpRequest): Promise<HttpAnswer> {
  const visit = await openVisit(parts, request, '/')
  return (await otherSpelling(parts, visit)) ?? showFront(parts, visit)
}

interface Place {
  readonly path: string
  readonly found: Found | undefined
  /** The path with a slash at its end is one of ours. */
  readonly isFolder: boolean
}

async function answer(parts: IdentityParts, request: HttpRequest, place: Place): Promise<HttpAnswer> {
  const visit = await openVisit(parts, request, place.path)
  try {
    if (place.found === undefined && place.isFolder && isRead(request)) {
      return redirectAnswer(`${parts.baseUrl}${place.path.slice(1)}/${queryOf(request)}`, { status: 308 })
    }
    if (place.found === undefined) throw new XpodError('NOT_FOUND')
    return await serve(parts, visit, place.found)
  } catch (error) {
    if (!(error instanceof XpodError)) throw error
    return visit.wantsHtml ? failedPage(parts, visit, error) : jsonError(error, error.status)
  }
}

async function serve(parts: IdentityParts, visit: Visit, found: Found): Promise<HttpAnswer> {
  const { route } = found
  const { request } = visit
  if (request.method === 'OPTIONS') return optionsAnswer(methodsOf(route))
  if (isRead(request)) {
    const asPage = route.page?.show !== undefined && (visit.wantsHtml || route.json?.GET === undefined)
    if (asPage) return (await otherSpelling(parts, visit)) ?? answerPage(parts, visit, found)
    return serveJson(parts, visit, found, {})
  }
  const sent = await readSent(request)
  if (sent.kind === 'json') return serveJson(parts, visit, found, sent.json)
  if (request.method !== 'POST' || route.page?.submit === undefined) throw notAllowed(route)
  return answerForm(parts, visit, found, sent.form)
}

/**
 * In the right language and under the base URL's own name, so that cookies and forms belong to it. Letters are written in
 * the language that their reader has last switched to.
 */
async function otherSpelling(parts: IdentityParts, visit: Visit): Promise<HttpAnswer | undefined> {
  const language = readLanguage(visit.query.get('lang'))
  if (language === undefined) {
    const to = isAlias(parts.baseUrl, visit.request) && parts.baseUrl + visit.path.slice(1) + queryOf(visit.request)
    return to ? redirectAnswer(to) : undefined
  }
  const { account } = visit.who
  if (account !== undefined && account.language !== language) await parts.accounts.setLanguage(account.id, language)
  const query = new URLSearchParams(visit.query)
  query.delete('lang')
  const to = `${parts.baseUrl}${visit.path.slice(1)}${query.size === 0 ? '' : `?${query.toString()}`}`
  return redirectAnswer(to, { cookies: [visit.cookies.language(language)] })
}

/** Another loopback name of a base URL that is loopback itself: a proxy in front would not speak like this. */
function isAlias(baseUrl: string, { headers }: HttpRequest): boolean {
  const base = new URL(baseUrl)
  const host = hostOf(`${base.protocol}//${headers.host ?? ''}`)
  if (host === undefined || host.host === base.host) return false
  return isLoopbackName(base.hostname) && isLoopbackName(host.hostname) && host.port === hostOf(base.origin)?.port
}

async function serveJson(
  parts: IdentityParts,
  visit: Visit,
  { route, params }: Found,
  json: unknown,
): Promise<HttpAnswer> {
  const method = visit.request.method === 'HEAD' ? 'GET' : visit.request.method
  const run: JsonMethod | undefined =
    method === 'GET' || method === 'POST' || method === 'DELETE' ? route.json?.[method] : undefined
  if (run === undefined) throw notAllowed(route)
  try {
    requireCaller(visit, route, params)
    return await jsonResult(parts, visit, await run(parts, { visit, params, json }))
  } catch (error) {
    if (!(error instanceof XpodError)) throw error
    return jsonError(error, route.json?.status?.(error) ?? error.status)
  }
}

async function jsonResult(parts: IdentityParts, visit: Visit, result: JsonResult): Promise<HttpAnswer> {
  const { loggedIn } = result
  const interaction = await visit.interaction()
  const account = result.loggedOut ? undefined : (loggedIn?.account.id ?? visit.member?.account.id)
  const authorization = loggedIn === undefined ? {} : { authorization: loggedIn.token }
  const location =
    loggedIn === undefined || interaction === undefined ? {} : { location: parts.baseUrl + paths.prompt.slice(1) }
  const json = { ...location, ...result.json, ...authorization }
  const controls = controlsOf(parts, account, interaction)
  return jsonAnswer({ ...json, controls, version: apiVersion }, { cookies: cookiesOf(visit, result) })
}

function jsonError(error: XpodError, status: number): HttpAnswer {
  return errorAnswer(error, status, cssMessage(error))
}

function methodsOf({ json, page }: Route): readonly string[] {
  const hasGet = json?.GET !== undefined || page?.show !== undefined
  const hasPost = json?.POST !== undefined || page?.submit !== undefined
  return [
    ...(hasGet ? ['GET', 'HEAD'] : []),
    ...(hasPost ? ['POST'] : []),
    ...(json?.DELETE === undefined ? [] : ['DELETE']),
    'OPTIONS',
  ]
}

function notAllowed(route: Route): XpodError {
  return new XpodError('METHOD_NOT_ALLOWED', '', { headers: ['Allow', methodsOf(route).join(', ')] })
}

function queryOf({ target }: HttpRequest): string {
  const at = target.indexOf('?')
  return at < 0 ? '' : target.slice(at)
}
