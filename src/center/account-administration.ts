// What an operator does with accounts, credentials and signing keys. The same calls work in the server, over its control
// socket, and on the database of a server that is stopped. Every call takes one value and gives one, so that the socket
// can carry them by name alone. An account is named by its login name, an e-mail address, a WebID or its id.

import type { Clock } from '../base/clock.ts'
import { XpodError } from '../base/errors.ts'
import type { Account, Accounts, Credential, Invite } from '../identity/account/accounts.ts'
import type { PublishedKey } from '../identity/provider/contract.ts'
import type { PodAdministration } from './administration.ts'

/** As commands show it; times RFC 3339. Keys may be added, never renamed. */
export interface AccountSummary {
  readonly id: string
  readonly name: string | null
  readonly state: string
  readonly created: string
  readonly emails: readonly string[]
  readonly webIds: readonly string[]
  readonly pods: readonly { readonly id: string; readonly name: string; readonly base: string }[]
}

export interface AccountReport extends AccountSummary {
  readonly language: string | null
  /** When it will be deleted, as its owner wishes. */
  readonly deleteAt: string | null
  readonly logins: readonly {
    readonly kind: string
    readonly email: string | null
    readonly name: string | null
    /** False: waits for a reset link to be used. */
    readonly usable: boolean
    readonly created: string
    readonly lastUsed: string | null
  }[]
  readonly recoveryCodesLeft: number
  readonly credentials: number
  readonly sessions: number
}

export interface NewAccountWish {
  readonly name: string
  readonly email?: string | undefined
  /** Without one it waits for the reset link. */
  readonly password?: string | undefined
  /** To be made for it. */
  readonly pod?: string | undefined
  /** One that is there already and belongs to no account. */
  readonly existingPod?: string | undefined
}

export interface NewAccount extends AccountReport {
  /** Where the password is chosen; null when it was given. */
  readonly resetLink: string | null
}

export interface InviteReport {
  readonly id: string
  /** That are left. */
  readonly uses: number
  readonly created: string
  readonly expires: string
}

/** The code is never shown again. */
export interface NewInvite extends InviteReport {
  readonly code: string
  readonly link: string
}

export interface CredentialReport {
  readonly id: string
  readonly name: string
  readonly webId: string
  readonly created: string
  readonly lastUsed: string | null
  readonly expires: string | null
}

export interface NewCredentialWish {
  readonly account: string
  readonly name: string
  /** Undefined: the only one of the account. */
  readonly webId?: string | undefined
  readonly lifeMs?: number | undefined
}

export interface KeyReport {
  readonly id: string
  readonly algorithm: string
  readonly created: string
  readonly signsFrom: string
  readonly publishedUntil: string | null
}

interface Named {
  readonly account: string
}

/** Throws ACCOUNT_UNKNOWN wherever an account is named. */
export interface AccountAdministration {
  /** Throws NAME_TAKEN, NAME_INVALID, EMAIL_TAKEN, EMAIL_INVALID and what making a pod throws; then nothing is left. */
  create(wish: NewAccountWish): Promise<NewAccount>
  /** A page by id, that is by age. */
  list(page: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly AccountSummary[]>
  show(of: Named): Promise<AccountReport>
  /** Works once, within the hour. */
  resetLink(of: Named): Promise<{ readonly link: string }>
  setState(wish: Named & { readonly state: 'open' | 'disabled' }): Promise<AccountReport>
  /** At once, with its pods unless they are kept. */
  delete(wish: Named & { readonly keepPods: boolean }): Promise<AccountReport>
  invite(wish: { readonly uses: number; readonly lifeMs: number }): Promise<NewInvite>
  /** Those that still work; the first 1000 to end. */
  invites(wish: Record<string, never>): Promise<readonly InviteReport[]>
  /** Throws INVITE_UNKNOWN. */
  uninvite(wish: { readonly id: string }): Promise<null>
  /** The secret is never shown again. Throws WEBID_UNKNOWN, NAME_INVALID, ACCOUNT_FULL. */
  createCredential(wish: NewCredentialWish): Promise<CredentialReport & { readonly secret: string }>
  credentials(of: Named): Promise<readonly CredentialReport[]>
  /** The account is needed only for one that cannot log in. Throws CREDENTIAL_UNKNOWN. */
  revokeCredential(wish: { readonly id: string; readonly account?: string | undefined }): Promise<null>
  /** A new signing key; while one waits to sign, nothing changes. All keys that are published. */
  rotateKeys(wish: Record<string, never>): Promise<readonly KeyReport[]>
}

export const maxAccountsAPage = 100

export interface AccountAdministrationOptions {
  readonly accounts: Accounts
  readonly pods: PodAdministration
  readonly rotateKeys: () => Promise<readonly PublishedKey[]>
  readonly resetUrl: (token: string) => string
  readonly inviteUrl: (code: string) => string
  readonly clock: Clock
}

export function administerAccounts(options: AccountAdministrationOptions): AccountAdministration {
  const { accounts, resetUrl } = options
  return {
    create: (wish) => createAccount(options, wish),
    list: async ({ after, limit }) =>
      Promise.all(
        (await accounts.list(after, Math.min(limit, maxAccountsAPage))).map((one) => summaryOf(options, one)),
      ),
    show: async ({ account }) => reportOf(options, await known(accounts, account)),
    async resetLink({ account }) {
      const { id } = await known(accounts, account)
      const reset = await accounts.createReset(await loginOf(accounts, id))
      if (reset === undefined) throw new XpodError('ACCOUNT_UNKNOWN', account)
      return { link: resetUrl(reset.token) }
    },
    async setState({ account, state }) {
      const { id } = await known(accounts, account)
      await accounts.setState(id, state)
      return reportOf(options, await known(accounts, id))
    },
    delete: (wish) => deleteAccount(options, wish),
    ...administerInvites(options),
    ...administerCredentials(options),
    rotateKeys: async () =>
      (await options.rotateKeys()).map((key) => ({
        id: key.id,
        algorithm: key.algorithm,
        created: timeOf(key.createdMs),
        signsFrom: timeOf(key.signsFromMs),
        publishedUntil: timeOrNull(key.publishedUntilMs),
      })),
  }
}

type Invites = Pick<AccountAdministration, 'invite' | 'invites' | 'uninvite'>

function administerInvites({ accounts, clock, inviteUrl }: AccountAdministrationOptions): Invites {
  return {
    async invite({ uses, lifeMs }) {
      const { code, invite } = await accounts.createInvite({ uses, expiresMs: clock.nowMs() + lifeMs })
      return { ...inviteReport(invite), code, link: inviteUrl(code) }
    },
    invites: async () => (await accounts.listInvites()).map(inviteReport),
    async uninvite({ id }) {
      if (!(await accounts.deleteInvite(id))) throw new XpodError('INVITE_UNKNOWN', id)
      return null
    },
  }
}

type Credentials = Pick<AccountAdministration, 'createCredential' | 'credentials' | 'revokeCredential'>

function administerCredentials({ accounts, clock }: AccountAdministrationOptions): Credentials {
  return {
    async createCredential({ account, name, webId, lifeMs }) {
      const { id } = await known(accounts, account)
      const made = await accounts.createCredential(id, {
        name,
        webId: webId ?? (await onlyWebId(accounts, id)),
        ...(lifeMs === undefined ? {} : { expiresMs: clock.nowMs() + lifeMs }),
      })
      return { ...credentialReport(made.credential), secret: made.secret }
    },
    async credentials({ account }) {
      return (await accounts.credentials((await known(accounts, account)).id)).map(credentialReport)
    },
    async revokeCredential({ id, account }) {
      const owner =
        account === undefined ? (await accounts.findCredential(id))?.account : (await known(accounts, account)).id
      if (owner === undefined) {
        throw new XpodError('CREDENTIAL_UNKNOWN', id, { hint: 'Name its --account when that one is disabled.' })
      }
      await accounts.deleteCredential(owner, id)
      return null
    },
  }
}

async function known(accounts: Accounts, named: string): Promise<Account> {
  const account = (await accounts.find(named)) ?? (await accounts.get(named))
  if (account === undefined) throw new XpodError('ACCOUNT_UNKNOWN', named)
  return account
}

/** Something that finds the account again: a link to reset is asked for by what one logs in with. */
async function loginOf(accounts: Accounts, id: string): Promise<string> {
  const [account, logins, webIds] = await Promise.all([accounts.get(id), accounts.logins(id), accounts.webIds(id)])
  const login = logins.find(({ email }) => email !== undefined)?.email ?? account?.name ?? webIds[0]?.webId
  if (login === undefined) throw new XpodError('LOGIN_UNKNOWN', 'it has neither name nor e-mail address nor WebID')
  return login
}

async function onlyWebId(accounts: Accounts, id: string): Promise<string> {
  const webIds = await accounts.webIds(id)
  if (webIds.length === 1) return webIds[0]!.webId
  throw new XpodError('WEBID_UNKNOWN', `the account has ${webIds.length} WebIDs`, {
    hint: webIds.length === 0 ? 'Give it a pod or a WebID first.' : 'Name one with --webid.',
  })
}

async function createAccount(options: AccountAdministrationOptions, wish: NewAccountWish): Promise<NewAccount> {
  const { accounts, pods, resetUrl } = options
  const { name, email, password, pod, existingPod } = wish
  const { id } = await accounts.create({ name, kept: true })
  try {
    const login = { ...(email === undefined ? {} : { email }), ...(password === undefined ? {} : { password }) }
    await accounts.addPassword(id, login)
    if (existingPod !== undefined) await adoptPod(options, id, existingPod)
    else if (pod !== undefined) await linkPod(options, id, await pods.create({ name: pod }))
    const reset = password === undefined ? await accounts.createReset(name) : undefined
    const report = await reportOf(options, await known(accounts, id))
    return { ...report, resetLink: reset === undefined ? null : resetUrl(reset.token) }
  } catch (error) {
    await accounts.remove(id)
    throw error
  }
}

async function adoptPod(options: AccountAdministrationOptions, id: string, name: string): Promise<void> {
  const pod = await options.pods.show(name)
  if ((await options.accounts.linkOfPod(pod.id)) !== undefined) {
    throw new XpodError('POD_EXISTS', 'it belongs to another account')
  }
  await linkPod(options, id, pod)
}

/** With the WebID that lies in the pod itself; one from elsewhere is its owner's to link. */
async function linkPod(
  { accounts }: AccountAdministrationOptions,
  id: string,
  pod: { readonly id: string; readonly base: string; readonly owners: readonly string[] },
): Promise<void> {
  for (const webId of pod.owners.filter((owner) => owner.startsWith(pod.base))) await accounts.linkWebId(id, webId)
  await accounts.linkPod(id, pod.id)
}

async function deleteAccount(
  options: AccountAdministrationOptions,
  { account, keepPods }: Parameters<AccountAdministration['delete']>[0],
): Promise<AccountReport> {
  const { accounts, pods } = options
  const found = await known(accounts, account)
  const report = await reportOf(options, found)
  // Nobody is let in while its pods go.
  await accounts.setState(found.id, 'disabled')
  if (!keepPods) for (const pod of report.pods) await pods.delete(pod.id)
  await accounts.remove(found.id)
  return report
}

async function summaryOf(options: AccountAdministrationOptions, account: Account): Promise<AccountSummary> {
  const { accounts, pods } = options
  const { id, name, state, createdMs } = account
  const [logins, webIds, podIds] = await Promise.all([accounts.logins(id), accounts.webIds(id), accounts.pods(id)])
  const shown = await Promise.all(podIds.map((pod) => pods.show(pod).catch(unlessUnknown)))
  return {
    id,
    name: name ?? null,
    state,
    created: timeOf(createdMs),
    emails: logins.flatMap(({ email }) => email ?? []),
    webIds: webIds.map(({ webId }) => webId),
    pods: shown.flatMap((pod) => (pod === undefined ? [] : { id: pod.id, name: pod.name, base: pod.base })),
  }
}

/** A pod that is deleted while its account is read. */
function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof XpodError) || error.code !== 'POD_UNKNOWN') throw error
}

async function reportOf(options: AccountAdministrationOptions, account: Account): Promise<AccountReport> {
  const { accounts } = options
  const { id, language, deleteAtMs } = account
  const [summary, logins, recoveryCodesLeft, credentials, sessions] = await Promise.all([
    summaryOf(options, account),
    accounts.logins(id),
    accounts.recoveryCodesLeft(id),
    accounts.credentials(id),
    accounts.sessions(id),
  ])
  return {
    ...summary,
    language: language ?? null,
    deleteAt: timeOrNull(deleteAtMs),
    logins: logins.map((login) => ({
      kind: login.kind,
      email: login.email ?? null,
      name: login.name ?? null,
      usable: login.isUsable,
      created: timeOf(login.createdMs),
      lastUsed: timeOrNull(login.lastUsedMs),
    })),
    recoveryCodesLeft,
    credentials: credentials.length,
    sessions: sessions.length,
  }
}

function credentialReport({ id, name, webId, createdMs, lastUsedMs, expiresMs }: Credential): CredentialReport {
  return {
    id,
    name,
    webId,
    created: timeOf(createdMs),
    lastUsed: timeOrNull(lastUsedMs),
    expires: timeOrNull(expiresMs),
  }
}

function inviteReport({ id, usesLeft, createdMs, expiresMs }: Invite): InviteReport {
  return { id, uses: usesLeft, created: timeOf(createdMs), expires: timeOf(expiresMs) }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : timeOf(ms)
}
