// The pods of an account. The account is linked to the id before the pod is made and its WebID after, so a crash in between
// leaves a link to nothing or a pod without a linked WebID, never a WebID that somebody else's pod then carries. Deleting
// waits for a week: nobody has access to the pod any more, but it can be brought back; then its name is never used again.

import { XpodError } from '../../base/errors.ts'
import { requireWebId } from '../account/fields.ts'
import { requireUsable } from './log-in.ts'
import type { IdentityParts, Member, PodState } from './parts.ts'
import { reauthenticate } from './reauthentication.ts'

export const graceMs = 7 * 24 * 60 * 60_000

export interface OwnPod extends PodState {
  readonly deleteAtMs?: number
}

export interface MadePod {
  readonly pod: PodState
  readonly webId: string
  /** The link of the account with the pod's own WebID. */
  readonly linkId: string | undefined
}

const maxOwners = 100

/** A host is not told apart by case, so a name is not either. Other servers take capitals too, and scripts send them. */
export function podNameOf(wished: string): string {
  return wished.toLowerCase()
}

/**
 * Without `webId` the pod has a profile of its own, and the account that WebID. Throws ACCOUNT_FULL, POD_EXISTS,
 * POD_NAME_INVALID, POD_NAME_RESERVED, WEBID_INVALID, LOGIN_LAST, ACCOUNT_DELETING.
 */
export async function createPod(
  parts: IdentityParts,
  who: Member,
  wish: { readonly name: string; readonly webId?: string | undefined },
): Promise<MadePod> {
  await requireUsable(parts, who)
  if (wish.webId !== undefined) requireWebId(wish.webId)
  const { accounts, pods, clock, random, maxPods } = parts
  const { id: account } = who.account
  const id = random.uuid7(clock.nowMs())
  await accounts.linkPod(account, id)
  try {
    // Counted with this one in it: of many at once, too few are made rather than too many.
    if ((await accounts.pods(account)).length > maxPods) throw new XpodError('ACCOUNT_FULL', `at most ${maxPods} pods`)
    const pod = await pods.create({ id, name: podNameOf(wish.name), webId: wish.webId })
    const webId = pod.owners[0]!
    const link = wish.webId === undefined ? await accounts.linkWebId(account, webId) : undefined
    return { pod, webId, linkId: link?.id }
  } catch (error) {
    if ((await known(parts, id)) === undefined) await accounts.unlinkPod(account, id)
    throw error
  }
}

/** A link whose pod was never made, or is gone, shows nothing. */
export async function listPods(parts: IdentityParts, { account }: Pick<Member, 'account'>): Promise<readonly OwnPod[]> {
  const links = await parts.accounts.podLinks(account.id)
  const pods = await Promise.all(
    links.map(async ({ pod, deleteAtMs }) => {
      const state = await known(parts, pod)
      return state && { ...state, ...(deleteAtMs === undefined ? {} : { deleteAtMs }) }
    }),
  )
  return pods.filter((pod) => pod !== undefined)
}

/** Throws POD_UNKNOWN also for a pod of somebody else. */
export async function ownPod(parts: IdentityParts, who: Pick<Member, 'account'>, podId: string): Promise<OwnPod> {
  const pod = (await listPods(parts, who)).find(({ id }) => id === podId)
  if (pod === undefined) throw new XpodError('POD_UNKNOWN')
  return pod
}

/** Throws POD_UNKNOWN, and as reauthenticate. */
export async function deletePod(
  parts: IdentityParts,
  who: Member,
  { podId, password }: { readonly podId: string; readonly password: string },
): Promise<{ readonly deleteAtMs: number }> {
  await ownPod(parts, who, podId)
  await reauthenticate(parts, who, password)
  const deleteAtMs = parts.clock.nowMs() + graceMs
  await parts.accounts.setPodDelete(who.account.id, podId, deleteAtMs)
  return { deleteAtMs }
}

/** Throws POD_UNKNOWN. */
export async function keepPod(parts: IdentityParts, who: Member, { podId }: { readonly podId: string }): Promise<void> {
  await parts.accounts.setPodDelete(who.account.id, podId, undefined)
}

/** Throws POD_UNKNOWN, WEBID_INVALID, ACCOUNT_FULL, OWNER_LAST. */
export async function changeOwner(
  parts: IdentityParts,
  who: Member,
  change: { readonly podId: string; readonly webId: string; readonly isVisible: boolean; readonly remove: boolean },
): Promise<void> {
  const { webId, podId } = change
  const pod = await ownPod(parts, who, podId)
  const isOwner = pod.owners.includes(webId)
  const shownOthers = pod.shownOwners.filter((owner) => owner !== webId)
  if (change.remove) {
    if (!isOwner) return
    const owners = pod.owners.filter((owner) => owner !== webId)
    if (owners.length === 0) throw new XpodError('OWNER_LAST')
    return parts.pods.setOwners(podId, { owners, shownOwners: shownOthers })
  }
  requireWebId(webId)
  if (!isOwner && pod.owners.length >= maxOwners) throw new XpodError('ACCOUNT_FULL', `at most ${maxOwners} owners`)
  const owners = isOwner ? pod.owners : [...pod.owners, webId]
  const shownOwners = change.isVisible ? [...shownOthers, webId] : shownOthers
  await parts.pods.setOwners(podId, { owners, shownOwners })
}

/** What `before + name + after` is the URL of. */
export function podAddressOf({ baseUrl, podAddress }: Pick<IdentityParts, 'baseUrl' | 'podAddress'>): {
  readonly before: string
  readonly after: string
} {
  if (podAddress === 'path') return { before: baseUrl, after: '/' }
  const { protocol, host } = new URL(baseUrl)
  return { before: `${protocol}//`, after: `.${host}/` }
}

async function known(parts: IdentityParts, podId: string): Promise<PodState | undefined> {
  try {
    return await parts.pods.show(podId)
  } catch (error) {
    if (error instanceof XpodError && error.code === 'POD_UNKNOWN') return undefined
    throw error
  }
}
