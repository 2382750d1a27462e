// What each page shows, as values: the contract between who answers requests (web/) and who writes markup. Everything is
// already judged and bounded; nothing here is markup and nothing is a secret of anybody but the reader. Forms post
// `application/x-www-form-urlencoded` to the address named in `action`, or to the page's own address, always with the
// field `csrf`. Field names are those of the models' `values` unless a comment says otherwise.

import type { ErrorCode } from '../../base/error-codes.ts'
import type { Language } from '../account/accounts.ts'
import type { ClientView } from '../provider/contract.ts'

export interface Frame {
  readonly language: Language
  /** For the hidden field `csrf`. Empty on pages without a form. */
  readonly csrf: string
  /** Path and query of a GET of this page, without `lang`: for the language switch (`?lang=en`, `?lang=zh`). */
  readonly path: string
  readonly baseUrl: string
  readonly links: Links
  /** Who is logged in. */
  readonly member?: { readonly label: string; readonly links: MemberLinks } | undefined
  /** What was wrong with the form that was sent; the page shows it again with its values. */
  readonly problems: readonly Problem[]
  /** What has just been done. */
  readonly notice?: Notice | undefined
}

export interface Problem {
  readonly code: ErrorCode
  /** The name of the input it is about; otherwise it is about the form. */
  readonly field?: string
  /** Seconds to wait, with TOO_MANY_ATTEMPTS. */
  readonly retryAfterS?: number
}

export const notices = [
  'passwordChanged',
  'emailChanged',
  'podCreated',
  'podDeleted',
  'podKept',
  'webIdLinked',
  'webIdUnlinked',
  'appRevoked',
  'sessionEnded',
  'othersEnded',
  'credentialDeleted',
  'passkeyAdded',
  'passkeyRemoved',
  'deletionCancelled',
  'passwordReset',
] as const
export type Notice = (typeof notices)[number]

/** Absolute paths of pages for anybody. */
export interface Links {
  readonly front: string
  readonly signUp: string
  readonly logIn: string
  readonly forgot: string
  readonly recover: string
}

/** Absolute paths of the pages of the account that is logged in. */
export interface MemberLinks {
  readonly home: string
  readonly pods: string
  readonly webIds: string
  readonly apps: string
  readonly sessions: string
  readonly credentials: string
  readonly recoveryCodes: string
  readonly passkeys: string
  readonly changePassword: string
  readonly changeEmail: string
  readonly deleteAccount: string
  /** POST with `csrf` only. */
  readonly logOut: string
}

/** Sign-up, and what a person without a pod sees: `before` + name + `after` is the pod's URL. */
export interface PodAddress {
  readonly before: string
  readonly after: string
}

export interface PasskeyLinks {
  /** `data-options` and `data-verify` of the passkey form. */
  readonly options: string
  readonly verify: string
}

export interface PodView {
  readonly name: string
  readonly url: string
  readonly owners: readonly string[]
  readonly createdMs: number
  readonly bytes: number
  readonly quotaBytes: number
  readonly resources: number
  /** The page that asks before deleting. */
  readonly deleteLink: string
  /** Set: nobody can open it, and it is gone for good from then on. */
  readonly deleteAtMs?: number | undefined
  /** POST with `csrf`: takes the deletion back. */
  readonly keepAction: string
}

export interface WebIdView {
  readonly webId: string
  /** It lies in a pod here. */
  readonly isLocal: boolean
  readonly createdMs: number
  readonly credentials: number
  /** POST with `csrf`. */
  readonly unlinkAction: string
}

export interface AppView {
  readonly client: Omit<ClientView, 'redirectOrigin'>
  readonly webIds: readonly string[]
  readonly createdMs: number
  readonly isOffline: boolean
  readonly revokeAction: string
}

export interface SessionView {
  readonly isCurrent: boolean
  readonly createdMs: number
  readonly lastSeenMs: number
  readonly expiresMs: number
  readonly userAgent: string
  readonly address: string
  readonly endAction: string
}

export interface CredentialView {
  readonly id: string
  readonly name: string
  readonly webId: string
  readonly createdMs: number
  readonly lastUsedMs?: number | undefined
  readonly expiresMs?: number | undefined
  readonly deleteAction: string
}

export interface PasskeyView {
  readonly name: string
  readonly createdMs: number
  readonly lastUsedMs?: number | undefined
  readonly removeAction: string
}

/** Before something grave: with a password the form has the field `password`; without one, a fresh log-in is asked for. */
export type Reauthentication =
  | { readonly by: 'password' }
  | { readonly by: 'session' }
  /** Nothing can be done on this page; a link to the log-in page, which comes back here. */
  | { readonly by: 'logIn'; readonly link: string }

export interface PageModels {
  readonly front: {
    readonly registration: 'open' | 'invite' | 'closed'
    readonly podAddress: PodAddress
  }
  /** Fields email, password, podName, invite (hidden when it came with the link), remember. */
  readonly signUp: {
    readonly registration: 'open' | 'invite' | 'closed'
    readonly podAddress: PodAddress
    readonly values: { readonly email: string; readonly podName: string; readonly invite: string }
    readonly client?: ClientView | undefined
    readonly minPasswordLength: number
  }
  /** Fields login (e-mail, name or WebID), password, remember (checkbox), next (hidden). */
  readonly logIn: {
    readonly values: { readonly login: string; readonly remember: boolean; readonly next: string }
    readonly canSignUp: boolean
    /** The login that an app waits for. A form posting `csrf` to `cancelAction` cancels it. */
    readonly client?: ClientView | undefined
    readonly cancelAction?: string | undefined
    readonly passkey?: PasskeyLinks | undefined
  }
  /** Field login. `sent`: the same words whether the account exists or not. */
  readonly forgot: { readonly values: { readonly login: string }; readonly sent: boolean; readonly hasMail: boolean }
  /** Fields recordId (hidden, from the model), password. Not valid: only a link to ask again. */
  readonly reset: { readonly isValid: boolean; readonly recordId: string; readonly minPasswordLength: number }
  /** Fields login, code. Goes on to `reset`. */
  readonly recover: { readonly values: { readonly login: string } }
  /** Fields webId (radio), remember. A second form creates the first pod (field name, to createAction). */
  readonly chooseWebId: {
    readonly client: ClientView
    readonly webIds: readonly string[]
    readonly chosen: string | undefined
    readonly podAddress: PodAddress
    /** Undefined when no pod can be made. */
    readonly createAction?: string | undefined
    readonly podName: string
    readonly cancelAction: string
    /** Logs out of the account and asks again who it is. */
    readonly otherAccountAction: string
  }
  /** Field remember (checkbox). `otherWebIdAction`: POST with csrf, goes back to chooseWebId. */
  readonly consent: {
    readonly client: ClientView
    readonly webId: string
    /** The app asks to stay connected (offline_access): only then `remember` is offered. */
    readonly asksToStay: boolean
    readonly cancelAction: string
    readonly otherWebIdAction: string
  }
  readonly home: {
    readonly label: string
    readonly email?: string | undefined
    readonly createdMs: number
    readonly pods: readonly Pick<PodView, 'name' | 'url' | 'bytes' | 'quotaBytes' | 'deleteAtMs'>[]
    readonly webIds: readonly string[]
    readonly apps: number
    readonly sessions: number
    readonly credentials: number
    readonly passkeys: number
    readonly recoveryCodesLeft: number
    /** Set: the account is to be deleted. A form posting csrf to `cancelDeleteAction` takes it back. */
    readonly deleteAtMs?: number | undefined
    readonly cancelDeleteAction: string
    readonly hasPassword: boolean
  }
  /** Field name; webId (select: empty = own profile in the pod, or a linked one). */
  readonly pods: {
    readonly pods: readonly PodView[]
    readonly maxPods: number
    readonly podAddress: PodAddress
    readonly webIds: readonly string[]
    readonly values: { readonly name: string; readonly webId: string }
  }
  /** Fields name (typed again), password. */
  readonly deletePod: {
    readonly pod: PodView
    readonly values: { readonly name: string }
    readonly ask: Reauthentication
  }
  /** Field webId. */
  readonly webIds: {
    readonly webIds: readonly WebIdView[]
    readonly values: { readonly webId: string }
    /** The triple to be added to the document before sending the form again. */
    readonly proof?: { readonly triple: string; readonly document: string } | undefined
  }
  readonly apps: { readonly apps: readonly AppView[] }
  readonly sessions: { readonly sessions: readonly SessionView[]; readonly endOthersAction: string }
  /** Fields name, webId (select), expires (empty, or days: 30, 90, 365). `created`: shown once. */
  readonly credentials: {
    readonly credentials: readonly CredentialView[]
    readonly webIds: readonly string[]
    readonly values: { readonly name: string; readonly webId: string; readonly expires: string }
    readonly expiryDays: readonly number[]
    readonly created?: { readonly id: string; readonly secret: string; readonly name: string } | undefined
    readonly tokenEndpoint: string
  }
  /** Field password. `codes`: shown once. */
  readonly recoveryCodes: {
    readonly left: number
    readonly codes?: readonly string[] | undefined
    readonly ask: Reauthentication
  }
  /** Field name in the passkey form. Undefined `passkey`: this base URL cannot have passkeys. */
  readonly passkeys: {
    readonly passkeys: readonly PasskeyView[]
    readonly passkey?: PasskeyLinks | undefined
    readonly ask: Reauthentication
  }
  /** Fields oldPassword, newPassword; an account without a password has only newPassword and email. */
  readonly changePassword: {
    readonly email?: string | undefined
    readonly hasPassword: boolean
    readonly ask: Reauthentication
    readonly minPasswordLength: number
    readonly values: { readonly email: string }
  }
  /** Fields email, password. */
  readonly changeEmail: {
    readonly email?: string | undefined
    readonly values: { readonly email: string }
    readonly ask: Reauthentication
  }
  /** Fields password, sure (checkbox). */
  readonly deleteAccount: {
    readonly pods: readonly Pick<PodView, 'name' | 'url' | 'bytes'>[]
    readonly webIds: readonly string[]
    readonly graceDays: number
    readonly ask: Reauthentication
  }
  /** After deletion was asked for: nobody is logged in any more. */
  readonly deletionScheduled: { readonly deleteAtMs: number }
  /** An app sends its user here to log out. The provider's form: its own fields instead of `csrf`. */
  readonly logOut: {
    readonly action: string
    readonly fields: Readonly<Record<string, string>>
    /** Where the browser goes afterwards, when it leaves this site. */
    readonly redirectOrigin?: string | undefined
  }
  readonly loggedOut: Readonly<Record<string, never>>
  /** A login that an app began cannot go on. `code` as OAuth names it; `detail` is in English, for the app's developer. */
  readonly loginProblem: { readonly status: number; readonly code: string; readonly detail: string }
  /** A page could not be given or a form not be taken; `status` is that of the answer. */
  readonly error: {
    readonly code: ErrorCode
    readonly status: number
    readonly retryAfterS?: number
    /** Where to go on, when that is clear. */
    readonly back?: string
  }
}

export type PageName = keyof PageModels

/** A page by name with its model: what handlers give. */
export type Page = { [Name in PageName]: { readonly name: Name; readonly model: PageModels[Name] } }[PageName]
