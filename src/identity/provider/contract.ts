// The contract of the OpenID provider: what the account pages and API see of a login that an app asked for, and what they
// may take back. Nothing here loads the library behind it. An interaction is bound to a cookie of the browser that began
// it and lies in SQL, so a restart in the middle of a login continues it.

import type { HttpAnswer, HttpRequest } from '../../core/http/message.ts'
import type { LocalIssuers } from '../../pod/auth/authenticator.ts'
import type { WebhookSigner } from '../../pod/notify/webhooks/attempt.ts'
import type { AccountId } from '../account/accounts.ts'

/** An app, as far as it may be shown. Names and logos are its own words: only `redirectOrigin` is checked. */
export interface ClientView {
  readonly id: string
  readonly name: string | undefined
  readonly logoUri: string | undefined
  readonly uri: string | undefined
  /** Where the answer of this login goes: an origin, or the scheme of an installed app (`com.example.app:`). */
  readonly redirectOrigin: string
  /** True when `id` is the URL of the document that says all this. */
  readonly isDocument: boolean
}

/** `account` and `session` as the account cookie has them: whoever finishes an interaction must be who chose the WebID. */
export interface Member {
  readonly account: AccountId
  readonly session: string
}

export interface Interaction {
  readonly uid: string
  /** login: choose a WebID (after logging in, if nobody is). consent: let the app in. */
  readonly prompt: 'login' | 'consent'
  readonly client: ClientView
  /** With `offline_access` when the app asks to stay connected. */
  readonly scopes: readonly string[]
  /** The app wants a fresh log-in: who is logged in must say so again (OpenID Connect Core, prompt=login, max_age). */
  readonly mustLogIn: boolean
  /** To the second, rounded down. */
  readonly startedMs: number
  /** The WebID that is chosen already; always there at consent. */
  readonly webId: string | undefined
  /** Who chose it. */
  readonly chosenBy: Member | undefined
}

export type InteractionResult =
  | { readonly kind: 'webId'; readonly who: Member; readonly webId: string; readonly remember: boolean }
  /** Without `remember` the app gets no refresh token. */
  | { readonly kind: 'consent'; readonly who: Member; readonly remember: boolean }
  | { readonly kind: 'forgetWebId' }
  | { readonly kind: 'cancel' }

/** An app that a person has let in: one grant, made in one session. */
export interface ConnectedApp {
  readonly grantId: string
  readonly client: Omit<ClientView, 'redirectOrigin'>
  readonly webId: string
  readonly createdMs: number
  /** It may stay connected without the browser. */
  readonly isOffline: boolean
}

export interface PublishedKey {
  readonly id: string
  readonly algorithm: string
  readonly createdMs: number
  /** Until then it is only published. */
  readonly signsFromMs: number
  /** Undefined: until the next rotation decides. */
  readonly publishedUntilMs: number | undefined
}

export interface Provider extends AsyncDisposable {
  /** `/.oidc/**` and the two discovery documents. */
  handle(request: HttpRequest): Promise<HttpAnswer>
  /** The login that this browser is in the middle of. */
  interaction(request: HttpRequest): Promise<Interaction | undefined>
  /**
   * Gives where the browser goes next. Throws INTERACTION_UNKNOWN when it has ended meanwhile, when the prompt asks for
   * something else, and at consent when `who` is not who chose the WebID.
   */
  finish(interaction: Interaction, result: InteractionResult): Promise<{ readonly location: string }>
  readonly issuers: LocalIssuers
  /** Speaks for this server where it sends notifications. */
  readonly webhookSigner: WebhookSigner
  apps(account: AccountId): Promise<readonly ConnectedApp[]>
  /** Takes back all grants of one app. False when there was none. */
  revokeApp(account: AccountId, clientId: string): Promise<boolean>
  /** Takes back what was granted for one WebID: when it is unlinked. */
  revokeWebId(account: AccountId, webId: string): Promise<void>
  /** A new signing key, a day before it signs; nothing while one waits already. Gives all that are published. */
  rotateKeys(): Promise<readonly PublishedKey[]>
}
