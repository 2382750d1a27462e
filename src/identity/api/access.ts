// What has access in a member's name, through the API: credentials in the shapes of Community Solid Server 7 with name, last
// use and expiry besides; and beyond it sessions and connected apps.

import { createCredential, endOtherSessions, endSession, findCredential, listApps, revokeApp } from '../use/access.ts'
import { revokeCredential } from '../use/access.ts'
import { accountPaths } from '../web/paths.ts'
import { type JsonRow, memberOf } from '../web/route.ts'
import type { Credential, Session } from '../account/accounts.ts'
import { describeFields, optionalNumber, optionalText, readFields, text } from './fields.ts'

const credentialFields = { name: optionalText, webId: text }
/** Seconds until it ends; ours alone, and left out of what is described. */
const expiryFields = { expiresIn: optionalNumber }

export const credentials: JsonRow = {
  async GET(parts, call) {
    const { account } = memberOf(call)
    const own = await parts.accounts.credentials(account.id)
    const resources = own.map(({ id }) => [id, parts.baseUrl + credentialPath(account.id, id).slice(1)] as const)
    return {
      json: {
        fields: describeFields(credentialFields),
        clientCredentials: Object.fromEntries(resources),
        details: own.map(credentialDetails),
      },
    }
  },
  async POST(parts, call) {
    const member = memberOf(call)
    const { name, webId } = readFields(credentialFields, call.json)
    const { expiresIn } = readFields(expiryFields, call.json)
    const expiresMs = expiresIn === undefined ? undefined : parts.clock.nowMs() + expiresIn * 1000
    const { id, secret } = await createCredential(parts, member, { name, webId, expiresMs })
    return { json: { id, secret, resource: parts.baseUrl + credentialPath(member.account.id, id).slice(1) } }
  },
}

export const credential: JsonRow = {
  GET: async (parts, call) => ({
    json: credentialDetails(await findCredential(parts, memberOf(call), call.params.credential!)),
  }),
  async DELETE(parts, call) {
    await revokeCredential(parts, memberOf(call), { id: call.params.credential! })
    return { json: {} }
  },
}

function credentialPath(account: string, id: string): string {
  return `${accountPaths(account).credentials}${id}/`
}

function credentialDetails({ id, webId, name, createdMs, lastUsedMs, expiresMs }: Credential) {
  return {
    id,
    webId,
    name,
    created: time(createdMs),
    ...optionalTime('lastUsed', lastUsedMs),
    ...optionalTime('expires', expiresMs),
  }
}

export const apps: JsonRow = {
  async GET(parts, call) {
    const member = memberOf(call)
    const base = parts.baseUrl + accountPaths(member.account.id).apps.slice(1)
    const shown = (await listApps(parts, member)).map(({ key, client, webIds, createdMs, isOffline }) => {
      const { id, name, uri } = client
      return {
        resource: `${base}${key}/`,
        clientId: id,
        name,
        uri,
        webIds,
        created: time(createdMs),
        offline: isOffline,
      }
    })
    return { json: { apps: shown } }
  },
}

export const app: JsonRow = {
  async DELETE(parts, call) {
    await revokeApp(parts, memberOf(call), { key: call.params.app! })
    return { json: {} }
  },
}

export const sessions: JsonRow = {
  async GET(parts, call) {
    const { account, session } = memberOf(call)
    const base = parts.baseUrl + accountPaths(account.id).sessions.slice(1)
    const own = await parts.accounts.sessions(account.id)
    return { json: { sessions: own.map((one) => sessionDetails(one, { base, current: session.id })) } }
  },
}

export const otherSessions: JsonRow = {
  async DELETE(parts, call) {
    await endOtherSessions(parts, memberOf(call))
    return { json: {} }
  },
}

export const session: JsonRow = {
  async DELETE(parts, call) {
    const member = memberOf(call)
    await endSession(parts, member, { id: call.params.session! })
    return { json: {}, loggedOut: call.params.session === member.session.id }
  },
}

function sessionDetails(one: Session, { base, current }: { readonly base: string; readonly current: string }) {
  const { id, createdMs, lastSeenMs, expiresMs, userAgent, address } = one
  const times = { created: time(createdMs), lastSeen: time(lastSeenMs), expires: time(expiresMs) }
  return { resource: `${base}${id}/`, current: id === current, ...times, userAgent, address }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

function optionalTime(name: string, ms: number | undefined): Readonly<Record<string, string>> {
  return ms === undefined ? {} : { [name]: time(ms) }
}
