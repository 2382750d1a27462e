// The member's own pages around the account itself: home, logging out, deleting it and taking that back.

import { XpodError } from '../../../base/errors.ts'
import { listApps } from '../../use/access.ts'
import { deleteAccount, keepAccount } from '../../use/delete-account.ts'
import { logOut } from '../../use/log-in.ts'
import { graceMs, listPods } from '../../use/pods.ts'
import { labelOf } from '../frame.ts'
import { accountPaths, paths } from '../paths.ts'
import { isChecked, memberOf, page, type PageRow, secretOf } from '../route.ts'
import { askModel } from './ask.ts'

const dayMs = 24 * 60 * 60_000

export const homePage: PageRow = {
  async show(parts, call) {
    const member = memberOf(call)
    const { account } = member
    const { accounts } = parts
    const logins = await accounts.logins(account.id)
    const pods = await listPods(parts, member)
    return page('home', {
      label: await labelOf(parts, member),
      email: logins.find(({ email }) => email !== undefined)?.email,
      createdMs: account.createdMs,
      pods: pods.map(({ name, base, bytes, quotaBytes, deleteAtMs }) => {
        return { name, url: base, bytes, quotaBytes, deleteAtMs }
      }),
      webIds: (await accounts.webIds(account.id)).map(({ webId }) => webId),
      apps: (await listApps(parts, member)).length,
      sessions: (await accounts.sessions(account.id)).length,
      credentials: (await accounts.credentials(account.id)).length,
      passkeys: logins.filter(({ kind }) => kind === 'passkey').length,
      recoveryCodesLeft: await accounts.recoveryCodesLeft(account.id),
      deleteAtMs: account.deleteAtMs,
      cancelDeleteAction: accountPaths(account.id).keepAccount,
      hasPassword: logins.some(({ kind, isUsable }) => kind === 'password' && isUsable),
    })
  },
}

export const logOutPage: PageRow = {
  async submit(parts, { visit }) {
    await logOut(parts, visit.who)
    return { redirect: paths.loggedOut, loggedOut: true }
  },
}

export const deleteAccountPage: PageRow = {
  async show(parts, call) {
    const member = memberOf(call)
    const pods = await listPods(parts, member)
    return page('deleteAccount', {
      pods: pods.map(({ name, base, bytes }) => ({ name, url: base, bytes })),
      webIds: (await parts.accounts.webIds(member.account.id)).map(({ webId }) => webId),
      graceDays: graceMs / dayMs,
      ask: await askModel(parts, call),
    })
  },
  async submit(parts, call) {
    if (!isChecked(call.form, 'sure')) throw new XpodError('NOT_SURE')
    const { deleteAtMs } = await deleteAccount(parts, memberOf(call), { password: secretOf(call.form, 'password') })
    return { ...page('deletionScheduled', { deleteAtMs }), loggedOut: true }
  },
}

export const keepAccountPage: PageRow = {
  async submit(parts, call) {
    await keepAccount(parts, memberOf(call))
    return { redirect: `${accountPaths(memberOf(call).account.id).home}?done=deletionCancelled` }
  },
}
