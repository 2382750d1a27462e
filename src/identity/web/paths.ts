// The addresses of account pages and API: those of Community Solid Server 7, and ours beside them. Absolute paths; API
// answers put the base URL in front.

import type { Links, MemberLinks } from '../pages/models.ts'

/** Everything of accounts is below this. */
export const root = '/.account/'

export const paths = {
  index: root,
  logins: `${root}login/`,
  logIn: `${root}login/password/`,
  signUp: `${root}login/password/register/`,
  forgot: `${root}login/password/forgot/`,
  reset: `${root}login/password/reset/`,
  recover: `${root}login/recovery/`,
  accounts: `${root}account/`,
  prompt: `${root}oidc/prompt/`,
  pickWebId: `${root}oidc/pick-webid/`,
  consent: `${root}oidc/consent/`,
  cancel: `${root}oidc/cancel/`,
  forgetWebId: `${root}oidc/forget-webid/`,
  firstPod: `${root}oidc/pod/`,
  otherAccount: `${root}oidc/other-account/`,
  loggedOut: `${root}logged-out/`,
  passkeyLogInOptions: `${root}login/passkey/options`,
  passkeyLogIn: `${root}login/passkey`,
  passkeyOptions: `${root}passkey/options`,
  passkey: `${root}passkey`,
} as const

/** Of one account. */
export function accountPaths(account: string) {
  const home = `${paths.accounts}${account}/`
  return {
    home,
    logOut: `${home}logout/`,
    pods: `${home}pod/`,
    webIds: `${home}webid/`,
    credentials: `${home}client-credentials/`,
    passwords: `${home}login/password/`,
    apps: `${home}app/`,
    sessions: `${home}session/`,
    otherSessions: `${home}session/others/`,
    passkeys: `${home}passkey/`,
    recoveryCodes: `${home}recovery-codes/`,
    changePassword: `${home}password/`,
    changeEmail: `${home}email/`,
    deleteAccount: `${home}delete/`,
    keepAccount: `${home}keep/`,
  } as const
}

export const links: Links = {
  front: '/',
  signUp: paths.signUp,
  logIn: paths.logIn,
  forgot: paths.forgot,
  recover: paths.recover,
}

export function memberLinks(account: string): MemberLinks {
  const own = accountPaths(account)
  return {
    home: own.home,
    pods: own.pods,
    webIds: own.webIds,
    apps: own.apps,
    sessions: own.sessions,
    credentials: own.credentials,
    recoveryCodes: own.recoveryCodes,
    passkeys: own.passkeys,
    changePassword: own.changePassword,
    changeEmail: own.changeEmail,
    deleteAccount: own.deleteAccount,
    logOut: own.logOut,
  }
}

/** For letters and `xpod account reset-link`. */
export function resetUrl(baseUrl: string, token: string): string {
  return `${baseUrl}${paths.reset.slice(1)}?rid=${encodeURIComponent(token)}`
}

/** For `xpod account invite`. */
export function inviteUrl(baseUrl: string, code: string): string {
  return `${baseUrl}${paths.signUp.slice(1)}?invite=${encodeURIComponent(code)}`
}

/**
 * Where to go on after logging in: an address of the account pages and nothing else, so that no link of ours sends anybody
 * elsewhere.
 */
export function safeNext(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 500) return undefined
  const isOwn = /^\/\.account\/(?:[\w-][\w.-]*\/)*(?:[\w-][\w.-]*)?$/.test(text)
  return isOwn ? text : undefined
}
