// Who may come to an address, and the cookies that an answer leaves with them.

import { XpodError } from '../../base/errors.ts'
import type { LoggedIn } from '../use/log-in.ts'
import type { Params, Route } from './route.ts'
import type { Visit } from './visit.ts'

/** Throws LOGIN_REQUIRED, FORBIDDEN, ACCOUNT_DELETING. */
export function requireCaller({ member }: Visit, { needs }: Route, params: Params): void {
  if (needs === 'nobody') return
  if (member === undefined) throw new XpodError('LOGIN_REQUIRED')
  if (params.account !== undefined && params.account !== member.account.id) throw new XpodError('FORBIDDEN')
  if (needs === 'usable' && member.account.state === 'deleting') throw new XpodError('ACCOUNT_DELETING')
}

export function cookiesOf(
  { cookies }: Visit,
  { loggedIn, loggedOut }: { readonly loggedIn?: LoggedIn; readonly loggedOut?: boolean },
): readonly string[] {
  if (loggedIn !== undefined) {
    return [cookies.session(loggedIn.token, loggedIn.session), cookies.device(loggedIn.device)]
  }
  return loggedOut ? [cookies.endSession()] : []
}
