// The steps of an app's login through the API, in the shapes of Community Solid Server 7. They answer 200 with the `location`
// to go on at, never a redirect. A prompt is `account` as long as nobody is logged in, then `login`, then `consent`.

import { XpodError } from '../../base/errors.ts'
import type { Interaction } from '../provider/contract.ts'
import { cancel, chooseWebId, consent, forgetWebId, isLoggedInFor, requireInteraction } from '../use/app-login.ts'
import { usableWebIds } from '../use/web-ids.ts'
import { paths } from '../web/paths.ts'
import { type JsonRow, memberOf } from '../web/route.ts'
import type { Visit } from '../web/visit.ts'
import { describeFields, flag, readFields, text } from './fields.ts'

const context = 'https://www.w3.org/ns/solid/oidc-context.jsonld'

/** What the browser has to be shown next. */
export function promptOf({ who }: Visit, interaction: Interaction): { readonly prompt: string; readonly path: string } {
  if (!isLoggedInFor(who, interaction)) return { prompt: 'account', path: paths.logIn }
  const { prompt } = interaction
  return prompt === 'login' ? { prompt, path: paths.pickWebId } : { prompt, path: paths.consent }
}

export const prompt: JsonRow = {
  async GET({ baseUrl }, { visit }) {
    const interaction = requireInteraction(await visit.interaction())
    const next = promptOf(visit, interaction)
    return { json: { location: baseUrl + next.path.slice(1), prompt: next.prompt } }
  },
}

const chooseFields = { webId: text, remember: flag }

export const pickWebId: JsonRow = {
  async GET(parts, call) {
    const webIds = await usableWebIds(parts, memberOf(call))
    return { json: { fields: describeFields(chooseFields), webIds } }
  },
  async POST(parts, call) {
    const interaction = requireInteraction(await call.visit.interaction())
    return { json: await chooseWebId(parts, memberOf(call), interaction, readFields(chooseFields, call.json)) }
  },
}

const consentFields = { remember: flag }

export const consentRow: JsonRow = {
  async GET(_parts, { visit }) {
    const { client, webId, scopes } = requireInteraction(await visit.interaction())
    const about = {
      '@context': context,
      client_id: client.id,
      ...(client.name === undefined ? {} : { client_name: client.name }),
      ...(client.uri === undefined ? {} : { client_uri: client.uri }),
      ...(client.logoUri === undefined ? {} : { logo_uri: client.logoUri }),
      scope: scopes.join(' '),
    }
    return { json: { client: about, ...(webId === undefined ? {} : { webId }) } }
  },
  async POST(parts, call) {
    const interaction = requireInteraction(await call.visit.interaction())
    if (call.visit.member === undefined) throw new XpodError('LOGIN_REQUIRED')
    return { json: await consent(parts, call.visit.member, interaction, readFields(consentFields, call.json)) }
  },
}

export const cancelRow: JsonRow = {
  async POST(parts, { visit }) {
    return { json: await cancel(parts, requireInteraction(await visit.interaction())) }
  },
}

export const forgetWebIdRow: JsonRow = {
  async POST(parts, { visit }) {
    return { json: await forgetWebId(parts, requireInteraction(await visit.interaction())) }
  },
}
