// Pods and WebIDs of an account through the API, in the shapes of Community Solid Server 7.

import { XpodError } from '../../base/errors.ts'
import { changeOwner, createPod, deletePod, keepPod, listPods, ownPod } from '../use/pods.ts'
import { linkWebId, unlinkWebId } from '../use/web-ids.ts'
import { accountPaths } from '../web/paths.ts'
import { type JsonRow, memberOf } from '../web/route.ts'
import type { IdentityParts } from '../use/parts.ts'
import { describeFields, flag, optionalSecret, optionalText, readFields, text } from './fields.ts'

const podFields = { name: text }
const settingsFields = { webId: optionalText }
const describedPod = {
  ...describeFields(podFields),
  settings: { required: false, type: 'object', fields: describeFields(settingsFields) },
}

/** What is a conflict elsewhere is a bad request there. */
function badRequest(error: XpodError): number | undefined {
  return error.status === 409 ? 400 : undefined
}

export const pods: JsonRow = {
  status: badRequest,
  async GET(parts, call) {
    const member = memberOf(call)
    const resources = (await listPods(parts, member)).map(({ base, id }) => {
      return [base, podUrl(parts, member.account.id, id)] as const
    })
    return { json: { fields: describedPod, pods: Object.fromEntries(resources) } }
  },
  async POST(parts, call) {
    const member = memberOf(call)
    const { name } = readFields(podFields, call.json)
    const { webId } = readFields(settingsFields, settingsOf(call.json))
    const made = await createPod(parts, member, { name, webId: webId === '' ? undefined : webId })
    const webIdResource =
      made.linkId === undefined ? {} : { webIdResource: webIdUrl(parts, member.account.id, made.linkId) }
    const podResource = podUrl(parts, member.account.id, made.pod.id)
    return { json: { pod: made.pod.base, webId: made.webId, podResource, ...webIdResource } }
  },
}

function settingsOf(json: unknown): unknown {
  const settings = (json as { readonly settings?: unknown }).settings
  return settings === undefined || settings === null ? {} : settings
}

const ownerFields = { webId: text, visible: flag, remove: flag }
const deleteFields = { password: optionalSecret }

export const pod: JsonRow = {
  status: badRequest,
  async GET(parts, call) {
    const { base, owners, shownOwners, bytes, quotaBytes, deleteAtMs } = await ownPod(
      parts,
      memberOf(call),
      call.params.pod!,
    )
    const deleteAt = deleteAtMs === undefined ? {} : { deleteAt: new Date(deleteAtMs).toISOString() }
    const shown = owners.map((webId) => ({ webId, visible: shownOwners.includes(webId) }))
    return {
      json: { fields: describeFields(ownerFields), baseUrl: base, owners: shown, bytes, quotaBytes, ...deleteAt },
    }
  },
  /** Adds an owner or removes one; who is `visible` is named in the Link header of the root. */
  async POST(parts, call) {
    const { webId, visible: isVisible, remove } = readFields(ownerFields, call.json)
    await changeOwner(parts, memberOf(call), { podId: call.params.pod!, webId, isVisible, remove })
    return { json: {} }
  },
  /** In a week; `password` in the body, where the account has one. */
  async DELETE(parts, call) {
    const { password } = readFields(deleteFields, call.json)
    const { deleteAtMs } = await deletePod(parts, memberOf(call), { podId: call.params.pod!, password })
    return { json: { deleteAt: new Date(deleteAtMs).toISOString() } }
  },
}

export const keptPod: JsonRow = {
  async POST(parts, call) {
    await keepPod(parts, memberOf(call), { podId: call.params.pod! })
    return { json: {} }
  },
}

const webIdFields = { webId: text }

export const webIds: JsonRow = {
  async GET(parts, call) {
    const { account } = memberOf(call)
    const links = (await parts.accounts.webIds(account.id)).map(({ webId, id }) => {
      return [webId, webIdUrl(parts, account.id, id)] as const
    })
    return { json: { fields: describeFields(webIdFields), webIdLinks: Object.fromEntries(links) } }
  },
  async POST(parts, call) {
    const member = memberOf(call)
    const { id, webId } = await linkWebId(parts, member, readFields(webIdFields, call.json))
    return { json: { resource: webIdUrl(parts, member.account.id, id), webId, oidcIssuer: parts.baseUrl } }
  },
}

export const webId: JsonRow = {
  status: unknownIsAbsent,
  async GET(parts, call) {
    const links = await parts.accounts.webIds(memberOf(call).account.id)
    const link = links.find(({ id }) => id === call.params.link)
    if (link === undefined) throw new XpodError('WEBID_UNKNOWN')
    return { json: { webId: link.webId } }
  },
  async DELETE(parts, call) {
    await unlinkWebId(parts, memberOf(call), { linkId: call.params.link! })
    return { json: {} }
  },
}

function unknownIsAbsent(error: XpodError): number | undefined {
  return error.code === 'WEBID_UNKNOWN' ? 404 : undefined
}

function podUrl({ baseUrl }: IdentityParts, account: string, id: string): string {
  return `${baseUrl}${accountPaths(account).pods.slice(1)}${id}/`
}

function webIdUrl({ baseUrl }: IdentityParts, account: string, id: string): string {
  return `${baseUrl}${accountPaths(account).webIds.slice(1)}${id}/`
}
