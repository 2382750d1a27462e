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
import { openSealer } from '../identity/sealing.ts'
import { createThrottle } from '../identity/throttle.ts'
import type { DocumentReaders } from '../pod/access/remote-document.ts'
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
}

/** Throws SECRET_MISMATCH, SECRET_UNUSABLE. */
export async function openIdentity(
  options: CenterOptions,
  surround: Surround,
  parts: IdentityParts,
): Promise<Identity> {
  const { clock, random, log } = surround
  const { baseUrl, door, local } = parts
  const { db, dir, store } = parts.opened
  await using stack = new AsyncDisposableStack()
  const isLoopback = isLoopbackName(new URL(baseUrl).hostname)
  const sealer = await openSealer(secretFileOf(options, dir), { db, clock, random })
  const revocations = stack.use(await createRevocations({ db, clock, log }))
  const accounts = createAccounts({ db, clock, random, log, scrypt: createScrypt({ random }), revocations })
  const throttle = createThrottle({ clock, perAddressHour: isLoopback ? undefined : options.addressLimit })
  const shared = { db, accounts, revocations, sealer, throttle, door, local, clock, random, log }
  const provider = stack.use(await createProvider({ ...shared, issuer: baseUrl }))
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
    handle: (request, path) => (isProviderPath(path) ? provider.handle(request) : undefined),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

function isProviderPath(path: string): boolean {
  return (
    path.startsWith('/.oidc/') ||
    path === '/.well-known/openid-configuration' ||
    path === '/.well-known/oauth-authorization-server'
  )
}
