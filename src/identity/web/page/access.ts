// Pages of what has access in a member's name: connected apps, sessions, credentials of scripts.

import {
  createCredential,
  endOtherSessions,
  endSession,
  listApps,
  revokeApp,
  revokeCredential,
} from '../../use/access.ts'
import type { PageModels } from '../../pages/models.ts'
import { accountPaths, paths } from '../paths.ts'
import { fieldOf, memberOf, page, type PageCall, type PageRow } from '../route.ts'
import type { IdentityParts } from '../../use/parts.ts'

export const appsPage: PageRow = {
  async show(parts, call) {
    const member = memberOf(call)
    const own = accountPaths(member.account.id).apps
    const apps = await listApps(parts, member)
    return page('apps', { apps: apps.map(({ key, ...app }) => ({ ...app, revokeAction: `${own}${key}/revoke/` })) })
  },
}

export const revokeAppPage: PageRow = {
  async submit(parts, call) {
    await revokeApp(parts, memberOf(call), { key: call.params.app! })
    return { redirect: `${accountPaths(memberOf(call).account.id).apps}?done=appRevoked` }
  },
}

export const sessionsPage: PageRow = {
  async show(parts, call) {
    const { account, session } = memberOf(call)
    const own = accountPaths(account.id)
    const sessions = await parts.accounts.sessions(account.id)
    return page('sessions', {
      sessions: sessions.map(({ id, createdMs, lastSeenMs, expiresMs, userAgent, address }) => ({
        isCurrent: id === session.id,
        createdMs,
        lastSeenMs,
        expiresMs,
        userAgent,
        address,
        endAction: `${own.sessions}${id}/end/`,
      })),
      endOthersAction: own.otherSessions,
    })
  },
}

export const endSessionPage: PageRow = {
  async submit(parts, call) {
    const member = memberOf(call)
    await endSession(parts, member, { id: call.params.session! })
    if (call.params.session === member.session.id) return { redirect: paths.loggedOut, loggedOut: true }
    return { redirect: `${accountPaths(member.account.id).sessions}?done=sessionEnded` }
  },
}

export const endOthersPage: PageRow = {
  async submit(parts, call) {
    await endOtherSessions(parts, memberOf(call))
    return { redirect: `${accountPaths(memberOf(call).account.id).sessions}?done=othersEnded` }
  },
}

const expiryDays = [30, 90, 365]
const dayMs = 24 * 60 * 60_000

export const credentialsPage: PageRow = {
  show: async (parts, call) => page('credentials', await credentialsModel(parts, call)),
  /** The answer to the form itself: the secret is in no address and is not shown again. */
  async submit(parts, call) {
    const days = Number(fieldOf(call.form, 'expires'))
    const expiresMs = expiryDays.includes(days) ? parts.clock.nowMs() + days * dayMs : undefined
    const wish = { name: fieldOf(call.form, 'name'), webId: fieldOf(call.form, 'webId'), expiresMs }
    const { id, secret, credential } = await createCredential(parts, memberOf(call), wish)
    const created = { id, secret, name: credential.name }
    return page('credentials', { ...(await credentialsModel(parts, { ...call, form: new Map() })), created })
  },
}

async function credentialsModel(parts: IdentityParts, call: PageCall): Promise<PageModels['credentials']> {
  const { account } = memberOf(call)
  const own = accountPaths(account.id).credentials
  const webIds = (await parts.accounts.webIds(account.id)).map(({ webId }) => webId)
  const credentials = await parts.accounts.credentials(account.id)
  return {
    credentials: credentials.map(({ id, name, webId, createdMs, lastUsedMs, expiresMs }) => {
      return { id, name, webId, createdMs, lastUsedMs, expiresMs, deleteAction: `${own}${id}/delete/` }
    }),
    webIds,
    values: {
      name: fieldOf(call.form, 'name'),
      webId: fieldOf(call.form, 'webId') || (webIds[0] ?? ''),
      expires: fieldOf(call.form, 'expires'),
    },
    expiryDays,
    tokenEndpoint: `${parts.baseUrl}.oidc/token`,
  }
}

export const deleteCredentialPage: PageRow = {
  async submit(parts, call) {
    await revokeCredential(parts, memberOf(call), { id: call.params.credential! })
    return { redirect: `${accountPaths(memberOf(call).account.id).credentials}?done=credentialDeleted` }
  },
}
