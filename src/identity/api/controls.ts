// The controls that every API answer carries: where a program can go from here, by name. Those of Community Solid Server 7
// with its names and addresses, then ours. Programs follow these and need to know `.account/` only.

import type { Interaction } from '../provider/contract.ts'
import type { IdentityParts } from '../use/parts.ts'
import { accountPaths, paths } from '../web/paths.ts'

/** Of the API of Community Solid Server whose shapes these are. */
export const apiVersion = '0.5'

type Controls = Readonly<Record<string, Readonly<Record<string, unknown>>>>

export function controlsOf(
  parts: Pick<IdentityParts, 'baseUrl' | 'passkeys'>,
  account: string | undefined,
  interaction: Interaction | undefined,
): Controls {
  const url = (path: string): string => parts.baseUrl + path.slice(1)
  const own = account === undefined ? undefined : accountPaths(account)
  return {
    main: { index: url(paths.index), logins: url(paths.logins) },
    account: { create: url(paths.accounts), ...(own && accountControls(own, url)) },
    password: {
      ...(own && { create: url(own.passwords) }),
      login: url(paths.logIn),
      forgot: url(paths.forgot),
      reset: url(paths.reset),
      recover: url(paths.recover),
    },
    ...(parts.passkeys && { passkey: passkeyControls(own, url) }),
    ...(interaction && { oidc: oidcControls(url) }),
    html: htmlControls(own, url),
  }
}

type Own = ReturnType<typeof accountPaths>
type Url = (path: string) => string

function accountControls(own: Own, url: Url) {
  return {
    logout: url(own.logOut),
    webId: url(own.webIds),
    pod: url(own.pods),
    clientCredentials: url(own.credentials),
    apps: url(own.apps),
    sessions: url(own.sessions),
    recoveryCodes: url(own.recoveryCodes),
    email: url(own.changeEmail),
    delete: url(own.deleteAccount),
    keep: url(own.keepAccount),
  }
}

function passkeyControls(own: Own | undefined, url: Url) {
  return {
    loginOptions: url(paths.passkeyLogInOptions),
    login: url(paths.passkeyLogIn),
    ...(own && { createOptions: url(paths.passkeyOptions), create: url(paths.passkey), list: url(own.passkeys) }),
  }
}

function oidcControls(url: Url) {
  return {
    cancel: url(paths.cancel),
    prompt: url(paths.prompt),
    webId: url(paths.pickWebId),
    forgetWebId: url(paths.forgetWebId),
    consent: url(paths.consent),
  }
}

function htmlControls(own: Own | undefined, url: Url) {
  return {
    main: { login: url(paths.logins) },
    password: {
      register: url(paths.signUp),
      ...(own && { create: url(own.passwords) }),
      login: url(paths.logIn),
      forgot: url(paths.forgot),
    },
    ...(own && {
      account: {
        createPod: url(own.pods),
        linkWebId: url(own.webIds),
        createClientCredentials: url(own.credentials),
        account: url(own.home),
      },
    }),
  }
}
