// Pages of a member's ways to log in: password, e-mail address, passkeys, recovery codes.

import { addPassword, changeEmail, changePassword, passwordLogins, removeLogin } from '../../use/passwords.ts'
import { createRecoveryCodes } from '../../use/recovery.ts'
import { accountPaths, paths } from '../paths.ts'
import { fieldOf, memberOf, page, type PageCall, type PageRow, secretOf } from '../route.ts'
import { askModel, waysInAskModel } from './ask.ts'
import { minPasswordLength, requireGoodPassword } from './good-password.ts'

export const changePasswordPage: PageRow = {
  async show(parts, call) {
    const logins = await passwordLogins(parts, memberOf(call))
    return page('changePassword', {
      email: logins[0]?.email,
      hasPassword: logins.some(({ isUsable }) => isUsable),
      ask: await waysInAskModel(parts, call),
      minPasswordLength,
      values: { email: fieldOf(call.form, 'email') },
    })
  },
  async submit(parts, call) {
    const member = memberOf(call)
    const newPassword = secretOf(call.form, 'newPassword')
    const login = (await passwordLogins(parts, member)).find(({ isUsable }) => isUsable)
    requireGoodPassword(newPassword, [login?.email ?? ''])
    if (login === undefined) {
      await addPassword(parts, member, { email: fieldOf(call.form, 'email'), password: newPassword })
    } else {
      const oldPassword = secretOf(call.form, 'oldPassword')
      await changePassword(parts, member, { loginId: login.id, oldPassword, newPassword })
    }
    return home(call, 'passwordChanged')
  },
}

export const changeEmailPage: PageRow = {
  async show(parts, call) {
    const [login] = await passwordLogins(parts, memberOf(call))
    return page('changeEmail', {
      email: login?.email,
      values: { email: fieldOf(call.form, 'email') },
      ask: await askModel(parts, call),
    })
  },
  async submit(parts, call) {
    const input = { email: fieldOf(call.form, 'email'), password: secretOf(call.form, 'password') }
    await changeEmail(parts, memberOf(call), input)
    return home(call, 'emailChanged')
  },
}

function home(call: PageCall, notice: string) {
  return { redirect: `${accountPaths(memberOf(call).account.id).home}?done=${notice}` }
}

export const recoveryCodesPage: PageRow = {
  async show(parts, call) {
    const left = await parts.accounts.recoveryCodesLeft(memberOf(call).account.id)
    return page('recoveryCodes', { left, ask: await askModel(parts, call) })
  },
  /** The answer to the form itself: the codes are shown once. */
  async submit(parts, call) {
    const codes = await createRecoveryCodes(parts, memberOf(call), { password: secretOf(call.form, 'password') })
    return page('recoveryCodes', { left: codes.length, codes, ask: await askModel(parts, call) })
  },
}

export const passkeysPage: PageRow = {
  async show(parts, call) {
    const { id } = memberOf(call).account
    const own = accountPaths(id).passkeys
    return page('passkeys', {
      passkeys: (await parts.accounts.passkeys(id)).map(({ id: key, name, createdMs, lastUsedMs }) => {
        return { name, createdMs, lastUsedMs, removeAction: `${own}${key}/remove/` }
      }),
      passkey: parts.passkeys && { options: paths.passkeyOptions, verify: paths.passkey },
      ask: await waysInAskModel(parts, call),
    })
  },
}

export const removePasskeyPage: PageRow = {
  async submit(parts, call) {
    const member = memberOf(call)
    await removeLogin(parts, member, { loginId: call.params.passkey!, kind: 'passkey' })
    return { redirect: `${accountPaths(member.account.id).passkeys}?done=passkeyRemoved` }
  },
}
