// Making an account (rule 17): open to all, by invite, or closed. Sign-up may say that an e-mail address is taken; it is the
// one place that does. Through the API an account comes first and its first way to log in after it, as in Community Solid
// Server: without one it is gone in half an hour. The page makes account, password, pod and WebID in one go, or nothing, and
// the name of the pod is one to log in with.

import { XpodError } from '../../base/errors.ts'
import { checkPodName } from '../../pod/provision.ts'
import { type LoggedIn, openSession } from './log-in.ts'
import type { IdentityParts, Visitor } from './parts.ts'
import { createPod, podNameOf } from './pods.ts'

export interface SignUp {
  readonly email: string
  readonly password: string
  readonly podName: string
  readonly invite: string
  readonly remember: boolean
}

/** Throws REGISTRATION_CLOSED, INVITE_INVALID, TOO_MANY_ATTEMPTS. */
export async function createAccount(
  parts: IdentityParts,
  who: Visitor,
  { invite }: { readonly invite: string },
): Promise<LoggedIn> {
  parts.throttle.take('account', who.address)
  await admitRegistration(parts, invite)
  const account = await parts.accounts.create({ language: who.language })
  return openSession(parts, who, { account, remember: false })
}

/** Throws as createAccount, and EMAIL_TAKEN, EMAIL_INVALID, PASSWORD_INVALID, POD_EXISTS, POD_NAME_…, OVERLOADED. */
export async function signUp(parts: IdentityParts, who: Visitor, wish: SignUp): Promise<LoggedIn> {
  const { accounts } = parts
  parts.throttle.take('account', who.address)
  if (parts.registration === 'closed') throw new XpodError('REGISTRATION_CLOSED')
  // What can be known to fail is said before the invite is used.
  const podName = podNameOf(wish.podName)
  checkPodName(podName)
  if (await podExists(parts, podName)) throw new XpodError('POD_EXISTS')
  if (wish.email.includes('@') && (await accounts.find(wish.email)) !== undefined) throw new XpodError('EMAIL_TAKEN')
  await admitRegistration(parts, wish.invite)
  const account = await accounts.create({ language: who.language })
  try {
    await accounts.setName(account.id, podName).catch(unlessTaken)
    await accounts.addPassword(account.id, { email: wish.email, password: wish.password })
    const loggedIn = await openSession(parts, who, { account, remember: wish.remember })
    await createPod(parts, { ...who, account, session: loggedIn.session }, { name: podName })
    return loggedIn
  } catch (error) {
    await accounts.remove(account.id)
    throw error
  }
}

/** Whoever has the name without a pod of that name: one can log in by e-mail address and WebID as well. */
function unlessTaken(error: unknown): void {
  if (!(error instanceof XpodError) || error.code !== 'NAME_TAKEN') throw error
}

async function admitRegistration(parts: IdentityParts, invite: string): Promise<void> {
  if (parts.registration === 'closed') throw new XpodError('REGISTRATION_CLOSED')
  if (parts.registration === 'open') return
  if (invite === '' || !(await parts.accounts.useInvite(invite))) throw new XpodError('INVITE_INVALID')
}

async function podExists(parts: IdentityParts, name: string): Promise<boolean> {
  try {
    await parts.pods.show(name)
    return true
  } catch (error) {
    if (error instanceof XpodError && error.code === 'POD_UNKNOWN') return false
    throw error
  }
}
