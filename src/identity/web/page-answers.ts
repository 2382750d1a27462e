// Pages as answers: who may see one, the cookie that its forms are bound to, and showing it again with what was wrong. A form
// that does not carry this browser's token changes nothing, whoever sent it (rule 14).

import { XpodError } from '../../base/errors.ts'
import type { HttpAnswer } from '../../core/http/message.ts'
import type { Page } from '../pages/models.ts'
import { type AnswerExtras, pageAnswer, redirectAnswer } from './answers.ts'
import type { Form } from './body.ts'
import { frameOf, retryAfterOf } from './frame.ts'
import { front } from './page/visitors.ts'
import { accountPaths, paths } from './paths.ts'
import type { PageCall, PageResult } from './route.ts'
import type { Found } from './route-table.ts'
import { cookiesOf, requireCaller } from './caller.ts'
import type { IdentityParts } from '../use/parts.ts'
import type { Visit } from './visit.ts'

export async function showFront(parts: IdentityParts, visit: Visit): Promise<HttpAnswer> {
  return resultAnswer(parts, { visit, params: {} }, await front.show!(parts, { visit, params: {} }))
}

export async function answerPage(parts: IdentityParts, visit: Visit, { route, params }: Found): Promise<HttpAnswer> {
  try {
    requireCaller(visit, route, params)
  } catch (error) {
    const instead = insteadOf(visit, error)
    if (instead === undefined) throw error
    return redirectAnswer(absolute(parts, instead))
  }
  const call = { visit, params }
  return resultAnswer(parts, call, await route.page!.show!(parts, call))
}

/** Who may not see a page is led to one that helps. */
function insteadOf({ member, path, request }: Visit, error: unknown): string | undefined {
  if (!(error instanceof XpodError)) return undefined
  if (error.code === 'LOGIN_REQUIRED') {
    return request.method === 'POST' ? paths.logIn : `${paths.logIn}?next=${encodeURIComponent(path)}`
  }
  const helps = error.code === 'FORBIDDEN' || error.code === 'ACCOUNT_DELETING'
  return helps && member !== undefined ? accountPaths(member.account.id).home : undefined
}

export async function answerForm(
  parts: IdentityParts,
  visit: Visit,
  { route, params }: Found,
  form: Form,
): Promise<HttpAnswer> {
  const { show, submit } = route.page!
  const call = { visit, params, form }
  try {
    if (!visit.isOwnForm(form.get('csrf') ?? '')) throw new XpodError('FORM_STALE')
    requireCaller(visit, route, params)
    return await resultAnswer(parts, call, await submit!(parts, call))
  } catch (error) {
    // A program that sent a form is told so in JSON.
    if (!(error instanceof XpodError) || !visit.wantsHtml) throw error
    // What a stranger wrote into a form is not shown to anybody.
    const again: PageCall = error.code === 'FORM_STALE' ? { visit, params } : { ...call, error }
    const shown = show === undefined ? undefined : await tryShow(parts, { route, params }, again, show)
    if (shown === undefined || 'redirect' in shown) return failedPage(parts, visit, error)
    return showPage(parts, { ...again, error }, shown, { status: error.status, headers: error.headers })
  }
}

/** The page itself may be what cannot be shown. */
async function tryShow(
  parts: IdentityParts,
  { route, params }: Found,
  call: PageCall,
  show: NonNullable<NonNullable<Found['route']['page']>['show']>,
): Promise<PageResult | undefined> {
  try {
    requireCaller(call.visit, route, params)
    return await show(parts, call)
  } catch (error) {
    if (error instanceof XpodError) return undefined
    throw error
  }
}

export async function failedPage(parts: IdentityParts, visit: Visit, error: XpodError): Promise<HttpAnswer> {
  const retryAfterS = retryAfterOf(error)
  const back = visit.member === undefined ? '/' : accountPaths(visit.member.account.id).home
  const model = { code: error.code, status: error.status, back, ...(retryAfterS === undefined ? {} : { retryAfterS }) }
  const extras = { status: error.status, headers: error.headers }
  return showPage(parts, { visit, params: {} }, { name: 'error', model }, extras)
}

async function resultAnswer(parts: IdentityParts, call: PageCall, result: PageResult): Promise<HttpAnswer> {
  const cookies = cookiesOf(call.visit, result)
  if ('redirect' in result) return redirectAnswer(absolute(parts, result.redirect), { cookies })
  const visit = result.loggedOut ? { ...call.visit, member: undefined, formSecret: undefined } : call.visit
  return showPage(parts, { ...call, visit }, result, { cookies })
}

/** Without forms, so without a cookie for a visitor. */
const plainPages: ReadonlySet<string> = new Set(['front', 'error', 'loggedOut', 'deletionScheduled'])

async function showPage(parts: IdentityParts, call: PageCall, page: Page, extras: AnswerExtras): Promise<HttpAnswer> {
  const { visit } = call
  const isNew = visit.formSecret === undefined && !plainPages.has(page.name)
  const formSecret = isNew ? Buffer.from(parts.random.bytes(16)).toString('base64url') : undefined
  const frame = await frameOf(parts, visit, { formSecret, error: call.error, form: call.form })
  const cookies = [
    ...(extras.cookies ?? []),
    ...(formSecret === undefined ? [] : [visit.cookies.visit(formSecret)]),
    ...renewed(visit, extras),
  ]
  return pageAnswer({ name: page.name, model: page.model as never, frame }, { ...extras, cookies })
}

/** The cookie of a remembered session lives as long as the session, which moves with its use. */
function renewed({ member, formSecret, cookies }: Visit, extras: AnswerExtras): readonly string[] {
  if (member === undefined || formSecret === undefined || !member.session.remember) return []
  return (extras.cookies ?? []).length > 0 ? [] : [cookies.session(formSecret, member.session)]
}

/** What the provider gives is absolute already. */
function absolute({ baseUrl }: IdentityParts, location: string): string {
  return location.startsWith('/') ? baseUrl + location.slice(1) : location
}
