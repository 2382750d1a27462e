// What stands around a page: language, who is logged in, the token of its forms, what was wrong with the form that was sent.

import type { XpodError } from '../../base/errors.ts'
import { type Frame, type Notice, notices, type Problem } from '../pages/models.ts'
import type { Member } from '../use/parts.ts'
import type { Form } from './body.ts'
import { formToken } from './form-token.ts'
import { links, memberLinks } from './paths.ts'
import type { IdentityParts } from '../use/parts.ts'
import type { Visit } from './visit.ts'

export interface FrameWish {
  /** Made for this answer, when the browser had none. */
  readonly formSecret?: string | undefined
  readonly error?: XpodError | undefined
  readonly form?: Form | undefined
}

export async function frameOf(parts: IdentityParts, visit: Visit, wish: FrameWish = {}): Promise<Frame> {
  const secret = visit.formSecret ?? wish.formSecret
  const notice = wish.error === undefined ? noticeOf(visit) : undefined
  return {
    language: visit.language,
    csrf: secret === undefined ? '' : formToken(secret),
    path: pathOf(visit),
    baseUrl: parts.baseUrl,
    links,
    member: visit.member && {
      label: await labelOf(parts, visit.member),
      links: memberLinks(visit.member.account.id),
    },
    problems: wish.error === undefined ? [] : [problemOf(wish.error, wish.form)],
    ...(notice === undefined ? {} : { notice }),
  }
}

export async function labelOf(parts: IdentityParts, { account }: Pick<Member, 'account'>): Promise<string> {
  if (account.name !== undefined) return account.name
  const logins = await parts.accounts.logins(account.id)
  return logins.find(({ email }) => email !== undefined)?.email ?? account.id.slice(0, 8)
}

function noticeOf({ query }: Visit): Notice | undefined {
  return notices.find((notice) => notice === query.get('done'))
}

function pathOf({ path, query }: Visit): string {
  const kept = new URLSearchParams([...query].filter(([name]) => name !== 'lang' && name !== 'done'))
  return kept.size === 0 ? path : `${path}?${kept.toString()}`
}

/** Which inputs an error may be about; the first that the form has is meant. */
const inputs: Readonly<Record<string, readonly string[]>> = {
  EMAIL_INVALID: ['email'],
  EMAIL_TAKEN: ['email'],
  PASSWORD_INVALID: ['newPassword', 'password'],
  PASSWORD_WRONG: ['oldPassword', 'password'],
  POD_EXISTS: ['podName', 'name'],
  POD_NAME_INVALID: ['podName', 'name'],
  POD_NAME_RESERVED: ['podName', 'name'],
  NAME_INVALID: ['name'],
  NAME_MISMATCH: ['name'],
  INVITE_INVALID: ['invite'],
  WEBID_INVALID: ['webId'],
  WEBID_TAKEN: ['webId'],
  WEBID_UNKNOWN: ['webId'],
  WEBID_UNPROVEN: ['webId'],
  EXPIRY_INVALID: ['expires'],
  NOT_SURE: ['sure'],
}

function problemOf(error: XpodError, form: Form | undefined): Problem {
  const field = inputs[error.code]?.find((name) => form?.has(name) === true)
  const retryAfterS = retryAfterOf(error)
  return {
    code: error.code,
    ...(field === undefined ? {} : { field }),
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  }
}

export function retryAfterOf({ headers }: XpodError): number | undefined {
  const at = headers.indexOf('Retry-After')
  return at < 0 ? undefined : Number(headers[at + 1])
}
