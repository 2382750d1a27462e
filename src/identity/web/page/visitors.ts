// Pages for anybody: the front page, signing up, logging in and the ways back in. Each works without a script; inside an app's
// login they lead on to choosing a WebID.

import { XpodError } from '../../../base/errors.ts'
import { isLoggedInFor } from '../../use/app-login.ts'
import { logIn } from '../../use/log-in.ts'
import { podAddressOf } from '../../use/pods.ts'
import { recover, requestReset, resetPassword } from '../../use/recovery.ts'
import { signUp } from '../../use/sign-up.ts'
import { accountPaths, paths, safeNext } from '../paths.ts'
import { fieldOf, isChecked, page, type PageCall, type PageResult, type PageRow, secretOf } from '../route.ts'
import type { IdentityParts } from '../../use/parts.ts'
import type { Visit } from '../visit.ts'
import { minPasswordLength, requireGoodPassword } from './good-password.ts'

export const front: PageRow = {
  show: async (parts) => page('front', { registration: parts.registration, podAddress: podAddressOf(parts) }),
}

/** `.account/` itself, and the list of ways to log in, of which there is one page. */
export const entrance: PageRow = {
  show: async (_parts, { visit }) => ({ redirect: visit.member === undefined ? paths.logIn : await onward(visit) }),
}

export const logInPage: PageRow = {
  async show(parts, { visit, form }) {
    const next = safeNext(visit.query.get('next') ?? undefined) ?? ''
    const interaction = await visit.interaction()
    // Who is logged in comes here only to do so again.
    const isDone = interaction === undefined ? visit.member !== undefined : isLoggedInFor(visit.who, interaction)
    if (isDone && form === undefined && next === '') return { redirect: await onward(visit) }
    return page('logIn', {
      values: {
        login: fieldOf(form, 'login'),
        remember: isChecked(form, 'remember'),
        next: form === undefined ? next : (safeNext(fieldOf(form, 'next')) ?? ''),
      },
      canSignUp: parts.registration !== 'closed',
      client: interaction?.client,
      cancelAction: interaction && paths.cancel,
      passkey: parts.passkeys && { options: paths.passkeyLogInOptions, verify: paths.passkeyLogIn },
    })
  },
  async submit(parts, { visit, form }) {
    const login = fieldOf(form, 'login')
    const loggedIn = await logIn(parts, visit.who, {
      login,
      password: secretOf(form, 'password'),
      remember: isChecked(form, 'remember'),
    })
    return { redirect: await afterLogIn(visit, loggedIn.account.id, fieldOf(form, 'next')), loggedIn }
  },
}

export const signUpPage: PageRow = {
  async show(parts, { visit, form }) {
    if (visit.member !== undefined && form === undefined) return { redirect: await onward(visit) }
    return page('signUp', {
      registration: parts.registration,
      podAddress: podAddressOf(parts),
      values: {
        email: fieldOf(form, 'email'),
        podName: fieldOf(form, 'podName'),
        invite: fieldOf(form, 'invite') || (visit.query.get('invite') ?? '').slice(0, 100),
      },
      client: (await visit.interaction())?.client,
      minPasswordLength,
    })
  },
  async submit(parts, { visit, form }) {
    const password = secretOf(form, 'password')
    const email = fieldOf(form, 'email')
    const podName = fieldOf(form, 'podName')
    requireGoodPassword(password, [email, podName])
    const wish = { email, password, podName, invite: fieldOf(form, 'invite'), remember: isChecked(form, 'remember') }
    const loggedIn = await signUp(parts, visit.who, wish)
    return { redirect: await afterLogIn(visit, loggedIn.account.id, ''), loggedIn }
  },
}

export const forgotPage: PageRow = {
  show: async (parts, call) => forgotModel(parts, call, false),
  async submit(parts, call) {
    requestReset(parts, call.visit.who, { login: fieldOf(call.form, 'login') })
    return forgotModel(parts, call, true)
  },
}

function forgotModel(parts: IdentityParts, { form }: PageCall, sent: boolean): PageResult {
  return page('forgot', { values: { login: fieldOf(form, 'login') }, sent, hasMail: parts.mail !== undefined })
}

export const resetPage: PageRow = {
  async show(parts, { visit, form }) {
    const recordId = form === undefined ? (visit.query.get('rid') ?? '') : fieldOf(form, 'recordId')
    const isValid = recordId.length <= 100 && (await parts.accounts.isReset(recordId))
    return page('reset', { isValid, recordId: isValid ? recordId : '', minPasswordLength })
  },
  async submit(parts, { form }) {
    const password = secretOf(form, 'password')
    requireGoodPassword(password, [])
    await resetPassword(parts, { recordId: fieldOf(form, 'recordId'), password })
    return { redirect: `${paths.logIn}?done=passwordReset` }
  },
}

export const recoverPage: PageRow = {
  show: async (_parts, { form }) => page('recover', { values: { login: fieldOf(form, 'login') } }),
  async submit(parts, { visit, form }) {
    const input = { login: fieldOf(form, 'login'), code: fieldOf(form, 'code') }
    const { recordId } = await recover(parts, visit.who, input)
    return { redirect: `${paths.reset}?rid=${recordId}` }
  },
}

export const loggedOutPage: PageRow = { show: async () => page('loggedOut', {}) }

/** Where somebody who is logged in goes on: to the app that waits, or home. */
async function onward(visit: Visit): Promise<string> {
  if (visit.member === undefined) throw new XpodError('LOGIN_REQUIRED')
  return afterLogIn(visit, visit.member.account.id, '')
}

export async function afterLogIn(visit: Visit, account: string, next: string): Promise<string> {
  const wanted = safeNext(next)
  if (wanted !== undefined) return wanted
  return (await visit.interaction()) === undefined ? accountPaths(account).home : paths.prompt
}
