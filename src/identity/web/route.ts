// What one address does: the one table of routes (routes.ts) has these for API and pages alike. A row says who may come; the
// router judges that, reads the body, checks the form's token and turns what is thrown into an answer.

import { XpodError } from '../../base/errors.ts'
import type { Page, PageModels, PageName } from '../pages/models.ts'
import type { LoggedIn } from '../use/log-in.ts'
import type { Member } from '../use/parts.ts'
import type { Form } from './body.ts'
import type { IdentityParts } from '../use/parts.ts'
import type { Visit } from './visit.ts'

/** What stands in the path for `:name`. */
export type Params = Readonly<Record<string, string>>

/** Of a call of the API. */
export interface JsonCall {
  readonly visit: Visit
  readonly params: Params
  readonly json: unknown
}

export interface JsonResult {
  readonly json: object
  /** A session was opened: its cookie is set, its token told, and `location` added inside a login for an app. */
  readonly loggedIn?: LoggedIn
  /** The session has ended. */
  readonly loggedOut?: boolean
}

export type JsonMethod = (parts: IdentityParts, call: JsonCall) => Promise<JsonResult>

export interface JsonRow {
  readonly GET?: JsonMethod
  readonly POST?: JsonMethod
  readonly DELETE?: JsonMethod
  /** Where Community Solid Server answers another status than the table of errors says. */
  readonly status?: (error: XpodError) => number | undefined
}

/** Of a page. */
export interface PageCall {
  readonly visit: Visit
  readonly params: Params
  /** What was sent, when the page is shown again with what was wrong. */
  readonly form?: Form
  /** The error that it is shown again with. */
  readonly error?: XpodError
}

export interface FormCall extends PageCall {
  readonly form: Form
}

export type PageResult =
  | (Page & { readonly loggedOut?: boolean })
  | { readonly redirect: string; readonly loggedIn?: LoggedIn; readonly loggedOut?: boolean }

export interface PageRow {
  /** A page, or where to go instead. Also shown again when `submit` throws, unless it throws itself. */
  readonly show?: (parts: IdentityParts, call: PageCall) => Promise<PageResult>
  readonly submit?: (parts: IdentityParts, call: FormCall) => Promise<PageResult>
}

export interface Route {
  /** Absolute; a segment `:name` takes anything. */
  readonly path: string
  /** account: logged in, and with `:account` in the path, as that account. usable: and not about to be deleted. */
  readonly needs: 'nobody' | 'account' | 'usable'
  readonly json?: JsonRow
  readonly page?: PageRow
}

/** The router has seen to it; a mistake in the table must not go unnoticed. */
export function memberOf({ visit }: { readonly visit: Visit }): Member {
  if (visit.member === undefined) throw new XpodError('LOGIN_REQUIRED')
  return visit.member
}

export function page<Name extends PageName>(name: Name, model: PageModels[Name]): Page {
  return { name, model } as Page
}

/** Trimmed; "" when there is none. */
export function fieldOf(form: Form | undefined, name: string): string {
  return form?.get(name)?.trim() ?? ''
}

/** As typed: a password may begin with a space. */
export function secretOf(form: Form, name: string): string {
  return form.get(name) ?? ''
}

export function isChecked(form: Form | undefined, name: string): boolean {
  return form?.has(name) === true
}
