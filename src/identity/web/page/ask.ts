// What a page asks before something grave: the password, nothing after a fresh log-in, or to log in again and come back.

import type { Reauthentication } from '../../pages/models.ts'
import { type Ask, askOf, askOfWaysIn } from '../../use/reauthentication.ts'
import { paths } from '../paths.ts'
import { memberOf, type PageCall } from '../route.ts'
import type { IdentityParts } from '../../use/parts.ts'

export async function askModel(parts: IdentityParts, call: PageCall): Promise<Reauthentication> {
  return modelOf(await askOf(parts, memberOf(call)), call)
}

/** Before ways to log in are added or removed. */
export async function waysInAskModel(parts: IdentityParts, call: PageCall): Promise<Reauthentication> {
  return modelOf(await askOfWaysIn(parts, memberOf(call)), call)
}

function modelOf(by: Ask, call: PageCall): Reauthentication {
  return by === 'logIn' ? { by, link: `${paths.logIn}?next=${encodeURIComponent(call.visit.path)}` } : { by }
}
