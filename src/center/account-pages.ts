// The account pages and API, composed. Nothing imports this at start: pages, texts and what they are drawn with load with the
// first request that needs them.

import type { HttpAnswer, HttpRequest } from '../core/http/message.ts'
import type { Accounts } from '../identity/account/accounts.ts'
import { openMail } from '../identity/mail/post.ts'
import { createPasskeys } from '../identity/passkey/passkeys.ts'
import type { ProviderPages } from '../identity/provider/pages.ts'
import type { IdentityParts, PodMaker } from '../identity/use/parts.ts'
import { resetUrl } from '../identity/web/paths.ts'
import { createProviderPages } from '../identity/web/provider-pages.ts'
import { createIdentityRoutes } from '../identity/web/router.ts'
import type { Database } from '../core/db/database.ts'
import type { PodStore } from '../pod/store/pod-store.ts'
import { administerPods } from './administration.ts'
import type { CenterOptions } from './options.ts'
import type { Surround } from './store.ts'

export interface AccountPages extends AsyncDisposable {
  readonly ofProvider: ProviderPages
  /** Undefined when the path is none of its own. */
  handle(request: HttpRequest, path: string): Promise<HttpAnswer> | undefined
}

/** What a center has open anyway. */
export type AccountPagesParts = Pick<
  IdentityParts,
  'baseUrl' | 'registration' | 'accounts' | 'isWithdrawnWebId' | 'throttle' | 'provider' | 'sealer' | 'readers' | 'rdf'
> & { readonly db: Database; readonly store: PodStore }

export function openAccountPages(options: CenterOptions, surround: Surround, parts: AccountPagesParts): AccountPages {
  const { clock, random, log } = surround
  const { accounts, baseUrl } = parts
  const mail = mailOf(options, surround, { baseUrl, accounts })
  const web = createIdentityRoutes({
    ...parts,
    podAddress: options.pods,
    maxPods: options.accountPods,
    mail,
    passkeys: createPasskeys({ ...parts, clock }),
    pods: podMaker(options, surround, parts),
    clock,
    random,
    log,
  })
  return {
    ofProvider: createProviderPages(baseUrl),
    handle: (request, path) => web.handle(request, path),
    async [Symbol.asyncDispose]() {
      await mail?.[Symbol.asyncDispose]()
    },
  }
}

function mailOf(
  { smtpUrl, mailFrom: from }: CenterOptions,
  { clock, log }: Surround,
  { baseUrl, accounts }: { readonly baseUrl: string; readonly accounts: Accounts },
) {
  if (smtpUrl === undefined) return undefined
  return openMail({ smtpUrl, from, baseUrl, resetUrl: (token) => resetUrl(baseUrl, token), accounts, clock, log })
}

function podMaker(
  options: CenterOptions,
  { clock, random }: Surround,
  { baseUrl, store, accounts }: Pick<AccountPagesParts, 'baseUrl' | 'store' | 'accounts'>,
): PodMaker {
  const { pods, podQuotaBytes: quotaBytes, podMaxResources: quotaResources } = options
  const { create, show } = administerPods({ store, accounts, baseUrl, pods, quotaBytes, quotaResources, clock, random })
  return { create, show, setOwners: (podId, owners) => store.directory.setOwners(podId, owners) }
}
