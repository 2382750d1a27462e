// The contract of accounts: who may log in, and what belongs to them. Everything is in SQL and durable when a promise
// resolves, so that many centers share it and kill -9 loses nothing issued. Times are milliseconds since 1970.
// It judges no policy: throttling, registration, how good a password must be and who may ask are its callers' part.
// Every call that takes something back also writes `revoked` rows in the same transaction (rule 9).

export type AccountId = string
export type Language = 'en' | 'zh'

export interface Account {
  readonly id: AccountId
  /** disabled: by an administrator, cannot log in. deleting: logs in only to take the deletion back. */
  readonly state: 'open' | 'disabled' | 'deleting'
  /** A name to log in with, lower case; unique. */
  readonly name?: string
  readonly language?: Language
  readonly createdMs: number
  readonly deleteAtMs?: number
}

/** One way to log in. */
export interface Login {
  readonly id: string
  readonly kind: 'password' | 'passkey'
  /** As it was typed; only of a password, and even then an administrator may have left it out. */
  readonly email?: string
  /** What its owner calls a passkey. */
  readonly name?: string
  /** False: waits for a reset link to be used. */
  readonly isUsable: boolean
  readonly createdMs: number
  readonly lastUsedMs?: number
}

export interface Passkey {
  /** The credential id that the authenticator chose, base64url. */
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  readonly createdMs: number
  readonly lastUsedMs?: number
}

export interface WebIdLink {
  readonly id: string
  readonly account: AccountId
  readonly webId: string
  readonly createdMs: number
}

export interface PodLink {
  readonly pod: string
  readonly account: AccountId
  /** Nobody has access to it any more; until then it can be brought back. */
  readonly deleteAtMs?: number
}

export interface Credential {
  /** `<slug>_<uuid>`: the client id. */
  readonly id: string
  readonly account: AccountId
  readonly name: string
  readonly webId: string
  /** What its tokens carry as their grant, so that they can be revoked. */
  readonly grantId: string
  readonly createdMs: number
  /** To the minute. */
  readonly lastUsedMs?: number
  readonly expiresMs?: number
}

export interface Session {
  /** Names the session in lists; opens nothing. */
  readonly id: string
  readonly account: AccountId
  readonly createdMs: number
  /** To five minutes. */
  readonly lastSeenMs: number
  readonly expiresMs: number
  /** The cookie outlives the browser. */
  readonly remember: boolean
  readonly userAgent: string
  readonly address: string
}

export interface Invite {
  readonly id: string
  readonly createdMs: number
  readonly expiresMs: number
  readonly usesLeft: number
}

/** Calls on an account that does not exist throw ACCOUNT_UNKNOWN unless they say what else they return. */
export interface Accounts {
  /** Without a way to log in within 30 min it is removed, unless `kept`. Throws NAME_TAKEN, NAME_INVALID. */
  create(wish?: { readonly name?: string; readonly language?: Language; readonly kept?: boolean }): Promise<Account>
  get(id: AccountId): Promise<Account | undefined>
  /** By e-mail address, name or WebID, in any state. */
  find(login: string): Promise<Account | undefined>
  /** Ordered by id, that is by age; at most 1000. */
  list(after: AccountId | undefined, limit: number): Promise<readonly Account[]>
  /** Throws NAME_TAKEN, NAME_INVALID. */
  setName(id: AccountId, name: string): Promise<void>
  setLanguage(id: AccountId, language: Language): Promise<void>
  /** Disabling ends sessions, apps and tokens. An open account is also taken out of its deletion. */
  setState(id: AccountId, state: 'open' | 'disabled'): Promise<void>
  /** Ends sessions, apps and tokens now, and withdraws its pods; the account can be deleted from `atMs` on. */
  scheduleDelete(id: AccountId, atMs: number): Promise<void>
  /** Its pods come back, but those whose own deletion was decided before. */
  cancelDelete(id: AccountId): Promise<void>
  /** Removes the account with everything here that hangs on it; its pods are its caller's part. */
  remove(id: AccountId): Promise<void>
  /**
   * Removes what has expired, a bounded number of rows, and gives the accounts whose deletion is due (at most 100): the
   * caller deletes their pods, then calls remove. To be called every few minutes.
   */
  purgeDue(): Promise<readonly Account[]>

  /** Without a password it waits for a reset link. Gives its id. Throws EMAIL_TAKEN, EMAIL_INVALID, PASSWORD_INVALID. */
  addPassword(id: AccountId, login: { readonly email?: string; readonly password?: string }): Promise<string>
  /** In any state. As much work for an unknown login as for a wrong password. Throws OVERLOADED. */
  verifyPassword(login: string, password: string): Promise<Account | undefined>
  /** Whether it is a password of this account: to ask again before something grave. Throws OVERLOADED. */
  checkPassword(id: AccountId, password: string): Promise<boolean>
  /** Throws PASSWORD_WRONG, PASSWORD_INVALID, LOGIN_UNKNOWN, OVERLOADED. */
  changePassword(id: AccountId, loginId: string, change: { readonly old: string; readonly new: string }): Promise<void>
  /** Throws EMAIL_TAKEN, EMAIL_INVALID, LOGIN_UNKNOWN. */
  changeEmail(id: AccountId, loginId: string, email: string): Promise<void>
  /** Passwords and passkeys. */
  logins(id: AccountId): Promise<readonly Login[]>
  /** Throws LOGIN_LAST for the last usable one, LOGIN_UNKNOWN. */
  removeLogin(id: AccountId, loginId: string): Promise<void>

  /** Throws PASSKEY_TAKEN. */
  addPasskey(passkey: Omit<Passkey, 'createdMs' | 'lastUsedMs'>): Promise<void>
  passkeys(id: AccountId): Promise<readonly Passkey[]>
  findPasskey(passkeyId: string): Promise<Passkey | undefined>
  touchPasskey(passkeyId: string, counter: number): Promise<void>

  /** For an e-mail address, name or WebID. The token opens the account once within the hour. */
  createReset(login: string): Promise<{ token: string; account: Account; email: string | undefined } | undefined>
  /** Whether the token would be taken, for the page that asks for the new password. */
  isReset(token: string): Promise<boolean>
  /** Sets the password and ends all sessions. Throws RESET_INVALID, PASSWORD_INVALID, OVERLOADED. */
  useReset(token: string, password: string): Promise<Account>

  /** Ten new ones; those before stop working. */
  recoveryCodes(id: AccountId): Promise<readonly string[]>
  recoveryCodesLeft(id: AccountId): Promise<number>
  /** Each works once. In any state. */
  useRecoveryCode(login: string, code: string): Promise<Account | undefined>

  /** Once linked, linking again changes nothing. Throws WEBID_TAKEN, WEBID_INVALID. Ownership is its caller's part. */
  linkWebId(id: AccountId, webId: string): Promise<WebIdLink>
  /** Its credentials go with it. Throws WEBID_UNKNOWN. */
  unlinkWebId(id: AccountId, webId: string): Promise<void>
  webIds(id: AccountId): Promise<readonly WebIdLink[]>
  accountOfWebId(webId: string): Promise<AccountId | undefined>

  linkPod(id: AccountId, podId: string): Promise<void>
  unlinkPod(id: AccountId, podId: string): Promise<void>
  pods(id: AccountId): Promise<readonly string[]>
  podLinks(id: AccountId): Promise<readonly PodLink[]>
  /** Withdraws it; undefined brings it back. Throws POD_UNKNOWN when it is not linked to the account. */
  setPodDelete(id: AccountId, podId: string, atMs: number | undefined): Promise<void>
  /** Pods whose deletion is due, at most 100. */
  duePods(): Promise<readonly PodLink[]>
  linkOfPod(podId: string): Promise<PodLink | undefined>

  /** The secret is never shown again. Throws WEBID_UNKNOWN (not linked), CREDENTIALS_FULL, NAME_INVALID. */
  createCredential(
    id: AccountId,
    wish: { readonly name: string; readonly webId: string; readonly expiresMs?: number },
  ): Promise<{ id: string; secret: string; credential: Credential }>
  credentials(id: AccountId): Promise<readonly Credential[]>
  /** Of an open account, not expired. */
  findCredential(credentialId: string): Promise<Credential | undefined>
  /** As findCredential, and the secret is right. */
  verifyCredential(credentialId: string, secret: string): Promise<Credential | undefined>
  touchCredential(credentialId: string): Promise<void>
  /** Its tokens end with it. Throws CREDENTIAL_UNKNOWN. */
  deleteCredential(id: AccountId, credentialId: string): Promise<void>

  openSession(
    id: AccountId,
    wish: { readonly remember: boolean; readonly userAgent: string; readonly address: string },
  ): Promise<{ token: string; session: Session }>
  /** Not of disabled accounts. Remembered ≤ 5 s. Its end moves with its use. */
  findSession(token: string): Promise<Session | undefined>
  /** Newest use first. */
  sessions(id: AccountId): Promise<readonly Session[]>
  /** False when there was none. Ends the apps that were let in from it. */
  endSession(sessionId: string): Promise<boolean>
  endOthers(id: AccountId, exceptId: string | undefined): Promise<void>

  createInvite(wish: { readonly expiresMs: number; readonly uses: number }): Promise<{ code: string; invite: Invite }>
  /** Takes one use; false when it is none or used up. */
  useInvite(code: string): Promise<boolean>
  listInvites(): Promise<readonly Invite[]>
  /** False when there was none. */
  deleteInvite(inviteId: string): Promise<boolean>
}
