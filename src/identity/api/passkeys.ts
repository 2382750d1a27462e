// The ceremonies of passkeys as rows of the API: what they do is in passkey/routes.ts.

import { XpodError } from '../../base/errors.ts'
import { type PasskeyRoute, passkeyRoutes } from '../passkey/routes.ts'
import { openSession } from '../use/log-in.ts'
import type { Visitor } from '../use/parts.ts'
import { requireFreshLogIn } from '../use/reauthentication.ts'
import { root } from '../web/paths.ts'
import { afterLogIn } from '../web/page/visitors.ts'
import { type JsonRow, memberOf, type Route } from '../web/route.ts'

export const passkeyRows: readonly Route[] = passkeyRoutes.map((route) => ({
  path: root + route.path,
  needs: route.needs === 'account' ? 'usable' : 'nobody',
  json: rowOf(route),
}))

function rowOf(route: PasskeyRoute): JsonRow {
  return {
    async POST(parts, call) {
      const { visit, json } = call
      const { passkeys, mail, baseUrl } = parts
      if (passkeys === undefined) throw new XpodError('NOT_FOUND')
      if (route.needsFreshLogIn) await requireFreshLogIn(parts, memberOf(call))
      const { reply, loggedIn: account } = await route.run({ passkeys, mail }, callerOf(visit.who), json)
      if (account === undefined) return { json: reply }
      const { remember, next } = json as { readonly remember?: unknown; readonly next?: unknown }
      const wish = { account, remember: remember !== undefined && remember !== false }
      const loggedIn = await openSession(parts, visit.who, wish)
      const location = await afterLogIn(visit, account.id, typeof next === 'string' ? next : '')
      return { json: { ...reply, location: baseUrl + location.slice(1) }, loggedIn }
    },
  }
}

/** The device counts for any account here: who it is becomes known only by the passkey, which nobody can guess. */
function callerOf({ account, address, device }: Visitor) {
  return {
    address,
    ...(account === undefined ? {} : { account }),
    ...(device === undefined ? {} : { device: device.id }),
  }
}
