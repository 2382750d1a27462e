// Identity, composed: accounts, what seals and throttles them, the OpenID provider, mail and passkeys. It is opened with the
// center and costs it a few reads; the large libraries behind it load when somebody first needs them.

import type { HttpAnswer, HttpRequest } from '../core/http/message.ts'
import { isLoopbackName } from '../core/routing/host.ts'
import { startPurging } from '../identity/account/purge-rounds.ts'
import { createRevocations } from '../identity/account/revocations.ts'
import { createScrypt } from '../identity/account/scrypt.ts'
import { createAccounts } from '../identity/account/sql-accounts.ts'
import type { Accounts } from '../identity/account/accounts.ts'
import type { Provider } from '../identity/provider/contract.ts'
import { createProvider } from '../identity/provider/provider.ts'
import { openMail } from '../identity/mail/post.ts'
import { createPasskeys } from '../identity/passkey/passkeys.ts'
import { openSealer } from '../identity/sealing.ts'
import { createThrottle } from '../identity/throttle.ts'
import type { PodMaker } from '../identity/use/parts.ts'
import { resetUrl } from '../identity/web/paths.ts'
import { createProviderPages } from '../identity/web/provider-pages.ts'
import { createIdentityRoutes } from '../identity/web/router.ts'
import type { DocumentReaders } from '../pod/access/remote-document.ts'
import type { RdfWorkers } from '../pod/rdf/workers.ts'
import type { PodStore } from '../pod/store/pod-store.ts'
import { administerPods } from './administration.ts'
import type { CenterOptions } from './options.ts'
import { type OpenedStore, secretFileOf, type Surround } from './store.ts'

export interface Identity extends AsyncDisposable {
  readonly accounts: Accounts
  readonly provider: Provider
  /** Undefined when the path is not one of identity. */
  handle(request: HttpRequest, path: string): Promise<HttpAnswer> | undefined
}

export interface IdentityParts extends DocumentReaders {
  readonly baseUrl: string
  readonly opened: OpenedStore
  readonly rdf: RdfWorkers
}

/** Throws SECRET_MISMATCH, SECRET_UNUSABLE. */
export async function openIdentity(
  options: CenterOptions,
  surround: Surround,
  parts: IdentityParts,
): Promise<Identity> {
  const { clock, random, log } = surround
  const { baseUrl, door, local, rdf } = parts
  const { db, dir, store } = parts.opened
  await using stack = new AsyncDisposableStack()
  const isLoopback = isLoopbackName(new URL(baseUrl).hostname)
  const sealer = await openSealer(secretFileOf(options, dir), { db, clock, random })
  const revocations = stack.use(await createRevocations({ db, clock, log }))
  const accounts = createAccounts({ db, clock, random, log, scrypt: createScrypt({ random }), revocations })
  const throttle = createThrottle({ clock, perAddressHour: isLoopback ? undefined : options.addressLimit })
  const shared = { db, accounts, revocations, sealer, throttle, door, local, clock, random, log }
  const pages = createProviderPages(baseUrl)
  const provider = stack.use(await createProvider({ ...shared, issuer: baseUrl, pages }))
  const mail = mailOf(options, surround, { baseUrl, accounts })
  if (mail !== undefined) stack.use(mail)
  const web = createIdentityRoutes({
    ...shared,
    baseUrl,
    podAddress: options.pods,
    registration: options.registration ?? (isLoopback ? 'open' : 'invite'),
    maxPods: options.accountPods,
    mail,
    passkeys: createPasskeys({ accounts, db, sealer, throttle, baseUrl, clock }),
    provider,
    pods: podMaker(options, surround, { baseUrl, store }),
    readers: { door, local },
    rdf,
  })
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
    handle: (request, path) => (isProviderPath(path) ? provider.handle(request) : web.handle(request, path)),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

function mailOf(
  { smtpUrl, mailFrom }: CenterOptions,
  { clock, log }: Surround,
  { baseUrl, accounts }: { readonly baseUrl: string; readonly accounts: Accounts },
) {
  if (smtpUrl === undefined) return undefined
  return openMail({
    smtpUrl,
    from: mailFrom,
    baseUrl,
    resetUrl: (token) => resetUrl(baseUrl, token),
    accounts,
    clock,
    log,
  })
}

function podMaker(
  options: CenterOptions,
  { clock, random }: Surround,
  { baseUrl, store }: { readonly baseUrl: string; readonly store: PodStore },
): PodMaker {
  const { podQuotaBytes: quotaBytes, podMaxResources: quotaResources } = options
  const { create, show } = administerPods({
    store,
    baseUrl,
    pods: options.pods,
    quotaBytes,
    quotaResources,
    clock,
    random,
  })
  return { create, show, setOwners: (podId, owners) => store.directory.setOwners(podId, owners) }
}

function isProviderPath(path: string): boolean {
  return (
    path.startsWith('/.oidc/') ||
    path === '/.well-known/openid-configuration' ||
    path === '/.well-known/oauth-authorization-server'
  )
}
