// The pages of an app's login: with which WebID, and whether to let the app in. They are drawn from what the provider knows,
// so a person sees who asks before anything can be clicked.

import { XpodError } from '../../../base/errors.ts'
import { promptOf } from '../../api/app-login.ts'
import type { Interaction } from '../../provider/contract.ts'
import { cancel, chooseWebId, consent, forgetWebId, requireInteraction } from '../../use/app-login.ts'
import { logOut } from '../../use/log-in.ts'
import { createPod, podAddressOf } from '../../use/pods.ts'
import { usableWebIds } from '../../use/web-ids.ts'
import { paths } from '../paths.ts'
import { fieldOf, isChecked, memberOf, page, type PageCall, type PageResult, type PageRow } from '../route.ts'
import type { IdentityParts } from '../../use/parts.ts'
import type { Visit } from '../visit.ts'

export const promptPage: PageRow = {
  async show(_parts, { visit }) {
    return { redirect: promptOf(visit, requireInteraction(await visit.interaction())).path }
  },
}

export const pickWebIdPage: PageRow = {
  async show(parts, call) {
    const interaction = requireInteraction(await call.visit.interaction())
    const next = promptOf(call.visit, interaction).path
    return next === paths.pickWebId ? chooseModel(parts, call, interaction) : { redirect: next }
  },
  async submit(parts, call) {
    const interaction = requireInteraction(await call.visit.interaction())
    const choice = { webId: fieldOf(call.form, 'webId'), remember: isChecked(call.form, 'remember') }
    return { redirect: (await chooseWebId(parts, memberOf(call), interaction, choice)).location }
  },
}

/** A person without a WebID makes the first pod on the way. */
export const firstPodPage: PageRow = {
  show: async (parts, call) =>
    call.form === undefined
      ? { redirect: paths.prompt }
      : chooseModel(parts, call, requireInteraction(await call.visit.interaction())),
  async submit(parts, call) {
    requireInteraction(await call.visit.interaction())
    await createPod(parts, memberOf(call), { name: fieldOf(call.form, 'name') })
    return { redirect: paths.pickWebId }
  },
}

async function chooseModel(parts: IdentityParts, call: PageCall, interaction: Interaction): Promise<PageResult> {
  const member = memberOf(call)
  const webIds = await usableWebIds(parts, member)
  const canCreate = (await parts.accounts.pods(member.account.id)).length < parts.maxPods
  return page('chooseWebId', {
    client: interaction.client,
    webIds,
    chosen: interaction.webId ?? (fieldOf(call.form, 'webId') || webIds[0]),
    podAddress: podAddressOf(parts),
    createAction: canCreate ? paths.firstPod : undefined,
    podName: fieldOf(call.form, 'name'),
    cancelAction: paths.cancel,
    otherAccountAction: paths.otherAccount,
  })
}

export const consentPage: PageRow = {
  async show(parts, { visit }) {
    const interaction = requireInteraction(await visit.interaction())
    const next = promptOf(visit, interaction).path
    if (next !== paths.consent) return { redirect: next }
    // Somebody else has logged in since the WebID was chosen: it is asked for again.
    if (!isChooser(visit, interaction)) return { redirect: (await forgetWebId(parts, interaction)).location }
    return page('consent', {
      client: interaction.client,
      webId: interaction.webId!,
      asksToStay: interaction.scopes.includes('offline_access'),
      cancelAction: paths.cancel,
      otherWebIdAction: paths.forgetWebId,
    })
  },
  async submit(parts, call) {
    const interaction = requireInteraction(await call.visit.interaction())
    const remember = isChecked(call.form, 'remember')
    return { redirect: (await consent(parts, memberOf(call), interaction, { remember })).location }
  },
}

function isChooser({ member }: Visit, { chosenBy, webId }: Interaction): boolean {
  if (member === undefined || webId === undefined) throw new XpodError('INTERACTION_UNKNOWN')
  return chosenBy === undefined || (chosenBy.account === member.account.id && chosenBy.session === member.session.id)
}

export const cancelPage: PageRow = {
  submit: async (parts, { visit }) => ({
    redirect: (await cancel(parts, requireInteraction(await visit.interaction()))).location,
  }),
}

export const forgetWebIdPage: PageRow = {
  submit: async (parts, { visit }) => ({
    redirect: (await forgetWebId(parts, requireInteraction(await visit.interaction()))).location,
  }),
}

export const otherAccountPage: PageRow = {
  async submit(parts, { visit }) {
    await logOut(parts, visit.who)
    return { redirect: paths.logIn, loggedOut: true }
  },
}
