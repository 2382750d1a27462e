// The door of this folder: a page by its name and model, as the bytes of a document, and the policy to send with it. The
// policy allows nothing but this program's own style sheet and, where passkeys are offered, its one script, by their hashes.
// Images are drawings inside the page; nothing is fetched from anywhere.

import { passkeyScriptHash } from '../passkey/browser-script.ts'
import { documentOf } from './document.ts'
import { apps, sessions } from './member/apps.ts'
import { credentials } from './member/credentials.ts'
import { deleteAccount } from './member/delete-account.ts'
import { home } from './member/home.ts'
import { deletePod, pods } from './member/pods.ts'
import { changeEmail, changePassword, passkeys, recoveryCodes } from './member/ways-in.ts'
import { webIds } from './member/web-ids.ts'
import type { Frame, PageModels, PageName } from './models.ts'
import type { Draw, Scene } from './scene.ts'
import { styleHash } from './style.ts'
import { chooseWebId, consent } from './visitor/consent.ts'
import { front } from './visitor/front.ts'
import { logIn, recover } from './visitor/log-in.ts'
import { deletionScheduled, error, loggedOut, loginProblem, logOut } from './visitor/message.ts'
import { forgot, reset } from './visitor/reset.ts'
import { signUp } from './visitor/sign-up.ts'
import { words } from './words/words.ts'

const pages: { readonly [Name in PageName]: Draw<PageModels[Name]> } = {
  front,
  signUp,
  logIn,
  recover,
  forgot,
  reset,
  chooseWebId,
  consent,
  home,
  pods,
  deletePod,
  webIds,
  apps,
  sessions,
  credentials,
  recoveryCodes,
  passkeys,
  changePassword,
  changeEmail,
  deleteAccount,
  deletionScheduled,
  logOut,
  loggedOut,
  loginProblem,
  error,
}

export function renderPage<Name extends PageName>(name: Name, model: PageModels[Name], frame: Frame): Uint8Array {
  const { language } = frame
  const scene: Scene = { frame, language, words: words[language] }
  return Buffer.from(documentOf(pages[name](model, scene), scene).text)
}

/**
 * The Content-Security-Policy of the page. Browsers hold a form's redirects to `form-action` too, so a page from which a
 * log-in goes back to an app names the app's origin or scheme.
 */
export function pagePolicy<Name extends PageName>(name: Name, model: PageModels[Name], _frame: Frame): string {
  const target = targetOf('client' in model ? model.client : model)
  const offersPasskeys = 'passkey' in model && model.passkey !== undefined && (name === 'logIn' || name === 'passkeys')
  return [
    "default-src 'none'",
    `style-src ${styleHash}`,
    'img-src data:',
    ...(offersPasskeys ? [`script-src ${passkeyScriptHash}`, "connect-src 'self'"] : []),
    `form-action 'self'${target === undefined ? '' : ` ${target}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/** An origin or a scheme and nothing else: it comes from an app's registration and must not add a directive. */
function targetOf(client: unknown): string | undefined {
  if (typeof client !== 'object' || client === null || !('redirectOrigin' in client)) return undefined
  const { redirectOrigin } = client
  return typeof redirectOrigin === 'string' && /^(?:https?:\/\/[\w.:[\]-]+|[a-z][a-z\d+.-]*:)$/i.test(redirectOrigin)
    ? redirectOrigin
    : undefined
}
