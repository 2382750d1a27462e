// Identity, composed: accounts, what seals and throttles them, the OpenID provider, mail and passkeys. It is opened with the
// center and costs it a few reads; the large libraries behind it load when somebody first needs them.

import type { HttpAnswer, HttpRequest } from '../core/http/message.ts'
import { isLoopbackName } from '../core/routing/host.ts'
import type { RoutingTable } from '../core/routing/table.ts'
import { startPurging } from '../identity/account/purge-rounds.ts'
import { createLoginDocuments, type LoginDocuments } from '../identity/account/login-documents.ts'
import { createRevocations } from '../identity/account/revocations.ts'
import { createScrypt } from '../identity/account/scrypt.ts'
import { createAccounts } from '../identity/account/sql-accounts.ts'
import { createStanding } from '../identity/account/sql/standing.ts'
import type { Accounts } from '../identity/account/accounts.ts'
import type { Provider } from '../identity/provider/contract.ts'
import type { ProviderPages } from '../identity/provider/pages.ts'
import { createProvider } from '../identity/provider/provider.ts'
import { openSealer } from '../identity/sealing.ts'
import { openWithdrawnPods } from '../identity/account/withdrawn-pods.ts'
import { createThrottle } from '../identity/throttle.ts'
import { wantsHtml } from '../identity/web/preference.ts'
import type { DocumentReaders } from '../pod/access/remote-document.ts'
import type { Grants } from '../pod/notify/judge.ts'
import type { RdfWorkers } from '../pod/rdf/workers.ts'
import type { AccountPages } from './account-pages.ts'
import type { PodRecord } from '../pod/store/resource.ts'
import type { CenterOptions } from './options.ts'
import { podOf } from './pod-routes.ts'
import { type OpenedStore, secretFileOf, type Surround } from './store.ts'

export interface Identity extends AsyncDisposable {
  readonly accounts: Accounts
  readonly provider: Provider
  readonly isLogin: LoginDocuments['isLogin']
  readonly grants: Grants
  /** Answers from memory. Whether a pod is deleted as far as others are concerned, though it can still be brought back. */
  isWithdrawn(pod: string): boolean
  /** Told of each pod from the moment on that this center knows it. */
  onWithdrawn(listener: (pod: string) => void): Disposable
  /** Undefined when the path is not one of identity. */
  handle(request: HttpRequest, path: string): Promise<HttpAnswer> | undefined
}

export interface IdentityParts extends DocumentReaders {
  readonly baseUrl: string
  readonly opened: OpenedStore
  readonly routes: RoutingTable<PodRecord>
  readonly rdf: RdfWorkers
}

/** Throws SECRET_MISMATCH, SECRET_UNUSABLE. */
export async function openIdentity(
  options: CenterOptions,
  surround: Surround,
  parts: IdentityParts,
): Promise<Identity> {
  const { clock, random, log } = surround
  const { baseUrl, routes, door, local, rdf } = parts
  const { db, dir, store } = parts.opened
  await using stack = new AsyncDisposableStack()
  const isLoopback = isLoopbackName(new URL(baseUrl).hostname)
  const sealer = await openSealer(secretFileOf(options, dir), { db, clock, random })
  const revocations = stack.use(await createRevocations({ db, clock, log }))
  const loginDocuments = createLoginDocuments({ db, clock })
  const scrypt = createScrypt({ random })
  const withdrawnPods = stack.use(await openWithdrawnPods({ db, clock, log }))
  const accounts = createAccounts({ db, clock, random, log, scrypt, revocations, loginDocuments, withdrawnPods })
  const isWithdrawnWebId = (webId: string): boolean => {
    const pod = withdrawnPods.isEmpty ? undefined : podOf(routes, webId)
    return pod !== undefined && withdrawnPods.has(pod.id)
  }
  const throttle = createThrottle({ clock, perAddressHour: isLoopback ? undefined : options.addressLimit })
  const registration = options.registration ?? (isLoopback ? 'open' : 'invite')
  const readers = { door, local }
  const shared = { db, accounts, revocations, isWithdrawnWebId, sealer, throttle, door, local, clock, random, log }
  const pages = stack.use(
    lazyPages(async () => {
      const { openAccountPages } = await import('./account-pages.ts')
      return openAccountPages(options, surround, { ...shared, baseUrl, registration, provider, readers, rdf, store })
    }),
  )
  const ofProvider = async (): Promise<ProviderPages> => (await pages.load()).ofProvider
  const provider = stack.use(await createProvider({ ...shared, issuer: baseUrl, pages: ofProvider }))
  const { directory } = store
  const purging = {
    deletePod: (pod: string) => directory.delete(pod),
    podBase: async (pod: string) => (await directory.get(pod))?.base,
    revokeWebId: (account: string, webId: string) => provider.revokeWebId(account, webId),
  }
  stack.use(startPurging({ accounts, clock, log, ...purging }))

  const owned = stack.move()
  return {
    accounts,
    provider,
    isLogin: loginDocuments.isLogin,
    grants: { isRevoked: (grant) => revocations.isRevoked(grant), stands: createStanding(db, clock) },
    isWithdrawn: (pod) => withdrawnPods.has(pod),
    onWithdrawn: (listener) => withdrawnPods.onWithdrawn(listener),
    handle(request, path) {
      if (isProviderPath(path)) return provider.handle(request)
      return isAccountPath(request, path) ? pages.load().then((loaded) => loaded.handle(request, path)!) : undefined
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** Loaded once, at the first call; what was never loaded has nothing to close. */
function lazyPages(open: () => Promise<AccountPages>): AsyncDisposable & { load(): Promise<AccountPages> } {
  let loaded: Promise<AccountPages> | undefined
  return {
    load: () => (loaded ??= open()),
    async [Symbol.asyncDispose]() {
      await (await loaded)?.[Symbol.asyncDispose]()
    },
  }
}

/** As the account pages judge it: all below their folder, and the front page for a browser. */
function isAccountPath(request: HttpRequest, path: string): boolean {
  if (path !== '/') return path === '/.account' || path.startsWith('/.account/')
  return (request.method === 'GET' || request.method === 'HEAD') && wantsHtml(request)
}

function isProviderPath(path: string): boolean {
  return (
    path.startsWith('/.oidc/') ||
    path === '/.well-known/openid-configuration' ||
    path === '/.well-known/oauth-authorization-server'
  )
}
