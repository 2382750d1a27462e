// Pages of a member's pods and WebIDs.

import { XpodError } from '../../../base/errors.ts'
import type { PodView } from '../../pages/models.ts'
import { createPod, deletePod, keepPod, listPods, type OwnPod, ownPod, podAddressOf } from '../../use/pods.ts'
import { linkWebId, unlinkWebId } from '../../use/web-ids.ts'
import { accountPaths } from '../paths.ts'
import { fieldOf, memberOf, page, type PageCall, type PageRow, secretOf } from '../route.ts'
import { askModel } from './ask.ts'

function podView(account: string, pod: OwnPod): PodView {
  const own = `${accountPaths(account).pods}${pod.id}/`
  const { name, base, owners, created, bytes, quotaBytes, resources, deleteAtMs } = pod
  const counts = { createdMs: Date.parse(created), bytes, quotaBytes, resources, deleteAtMs }
  return { name, url: base, owners, ...counts, deleteLink: `${own}delete/`, keepAction: `${own}keep/` }
}

export const podsPage: PageRow = {
  async show(parts, call) {
    const member = memberOf(call)
    const { account } = member
    return page('pods', {
      pods: (await listPods(parts, member)).map((pod) => podView(account.id, pod)),
      maxPods: parts.maxPods,
      podAddress: podAddressOf(parts),
      webIds: (await parts.accounts.webIds(account.id)).map(({ webId }) => webId),
      values: { name: fieldOf(call.form, 'name'), webId: fieldOf(call.form, 'webId') },
    })
  },
  async submit(parts, call) {
    const member = memberOf(call)
    const webId = fieldOf(call.form, 'webId')
    await createPod(parts, member, { name: fieldOf(call.form, 'name'), webId: webId === '' ? undefined : webId })
    return done(call, 'podCreated')
  },
}

export const deletePodPage: PageRow = {
  async show(parts, call) {
    const { account } = memberOf(call)
    return page('deletePod', {
      pod: podView(account.id, await ownPod(parts, { account }, call.params.pod!)),
      values: { name: fieldOf(call.form, 'name') },
      ask: await askModel(parts, call),
    })
  },
  async submit(parts, call) {
    const member = memberOf(call)
    const { name } = await ownPod(parts, member, call.params.pod!)
    if (fieldOf(call.form, 'name') !== name) throw new XpodError('NAME_MISMATCH')
    await deletePod(parts, member, { podId: call.params.pod!, password: secretOf(call.form, 'password') })
    return done(call, 'podDeleted')
  },
}

export const keepPodPage: PageRow = {
  async submit(parts, call) {
    await keepPod(parts, memberOf(call), { podId: call.params.pod! })
    return done(call, 'podKept')
  },
}

function done(call: PageCall, notice: string) {
  return { redirect: `${accountPaths(memberOf(call).account.id).pods}?done=${notice}` }
}

export const webIdsPage: PageRow = {
  async show(parts, call) {
    const member = memberOf(call)
    const own = accountPaths(member.account.id).webIds
    const pods = await listPods(parts, member)
    const credentials = await parts.accounts.credentials(member.account.id)
    const proof = call.error?.code === 'WEBID_UNPROVEN' ? call.error.members : undefined
    return page('webIds', {
      webIds: (await parts.accounts.webIds(member.account.id)).map(({ id, webId, createdMs }) => ({
        webId,
        isLocal: pods.some(({ base }) => webId.startsWith(base)),
        createdMs,
        credentials: credentials.filter((credential) => credential.webId === webId).length,
        unlinkAction: `${own}${id}/unlink/`,
      })),
      values: { webId: fieldOf(call.form, 'webId') },
      proof: proof && { triple: String(proof.quad), document: String(proof.document) },
    })
  },
  async submit(parts, call) {
    const { account } = memberOf(call)
    await linkWebId(parts, memberOf(call), { webId: fieldOf(call.form, 'webId') })
    return { redirect: `${accountPaths(account.id).webIds}?done=webIdLinked` }
  },
}

export const unlinkWebIdPage: PageRow = {
  async submit(parts, call) {
    await unlinkWebId(parts, memberOf(call), { linkId: call.params.link! })
    return { redirect: `${accountPaths(memberOf(call).account.id).webIds}?done=webIdUnlinked` }
  },
}
