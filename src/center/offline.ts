// The administration of a data directory, whether its server runs or not: over the control socket when it does, else on the
// store itself under the directory's lock.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { delay } from '../base/clock.ts'
import { XpodError } from '../base/errors.ts'
import type { Accounts } from '../identity/account/accounts.ts'
import { createScrypt } from '../identity/account/scrypt.ts'
import { createAccounts } from '../identity/account/sql-accounts.ts'
import type { PublishedKey } from '../identity/provider/contract.ts'
import { rotateSigningKeys } from '../identity/provider/signing-keys.ts'
import { openSealer } from '../identity/sealing.ts'
import { inviteUrl, resetUrl } from '../identity/web/paths.ts'
import { administerNotifications, type NotificationAdministrationOptions } from '../pod/notify/administration.ts'
import { type ChannelStore, openChannelStore } from '../pod/notify/channels.ts'
import { clearFailures } from '../pod/notify/webhooks/retry.ts'
import type { PodStore } from '../pod/store/pod-store.ts'
import { administerAccounts } from './account-administration.ts'
import { administerPods } from './administration.ts'
import { baseUrlOf, readBaseUrl, settleBaseUrl } from './base-url.ts'
import { type Administration, connectControl } from './control.ts'
import type { CenterOptions } from './options.ts'
import { openStore, secretFileOf, type Surround } from './store.ts'

/** A server that holds the lock but has no socket yet is starting; this long it is waited for. */
const startingMs = 10_000
const pollMs = 50

type OpenedAdministration = Administration & AsyncDisposable

/** Throws DATA_DIR_UNUSABLE where no server has ever run: a mistyped directory must not become a new store. */
export async function openAdministration(options: CenterOptions, parts: Surround): Promise<OpenedAdministration> {
  const { clock } = parts
  const untilMs = clock.monotonicMs() + startingMs
  for (;;) {
    const running = await connectControl(options.dataDir)
    if (running !== undefined) return { ...running, [Symbol.asyncDispose]: async () => {} }
    try {
      return await openStopped(options, parts)
    } catch (error) {
      const isLocked = error instanceof XpodError && error.code === 'DATA_DIR_LOCKED'
      if (!isLocked || clock.monotonicMs() >= untilMs) throw error
    }
    await delay(clock, pollMs)
  }
}

async function openStopped(options: CenterOptions, parts: Surround): Promise<OpenedAdministration> {
  if (!existsSync(join(options.dataDir, 'lock.db'))) {
    throw new XpodError('DATA_DIR_UNUSABLE', `there is no xpod data in ${resolve(options.dataDir)}`, {
      hint: 'Start xpod center first, or name its directory with --data-dir.',
    })
  }
  const { clock, random, log } = parts
  const opened = await openStore(options, parts)
  try {
    const { dir, db, store } = opened
    const wanted = options.baseUrl ?? (await readBaseUrl(db)) ?? baseUrlOf(options.listen)
    const baseUrl = await settleBaseUrl(db, wanted, wanted)
    const accounts = createAccounts({ db, clock, random, log, scrypt: createScrypt({ random }) })
    const rotateKeys = async (): Promise<readonly PublishedKey[]> => {
      const sealer = await openSealer(secretFileOf(options, dir), { db, clock, random })
      return rotateSigningKeys({ db, sealer, clock })
    }
    const channels = openChannelStore(db, clock)
    const retryWebhooks: Administered['retryWebhooks'] = (wish) => clearFailures(channels, wish)
    return {
      ...administer(options, parts, { baseUrl, store, accounts, rotateKeys, channels, retryWebhooks }),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
}

export interface Administered {
  readonly baseUrl: string
  readonly store: PodStore
  readonly accounts: Accounts
  readonly rotateKeys: () => Promise<readonly PublishedKey[]>
  readonly channels: ChannelStore
  readonly retryWebhooks: NotificationAdministrationOptions['retry']
}

export function administer(
  options: CenterOptions,
  { clock, random }: Pick<Surround, 'clock' | 'random'>,
  { baseUrl, store, accounts, rotateKeys, channels, retryWebhooks }: Administered,
): Administration {
  const { podQuotaBytes: quotaBytes, podMaxResources: quotaResources } = options
  const pods = administerPods({
    store,
    accounts,
    baseUrl,
    pods: options.pods,
    quotaBytes,
    quotaResources,
    clock,
    random,
  })
  return {
    pods,
    accounts: administerAccounts({
      accounts,
      pods,
      rotateKeys,
      resetUrl: (token) => resetUrl(baseUrl, token),
      inviteUrl: (code) => inviteUrl(baseUrl, code),
      clock,
    }),
    notifications: administerNotifications({ channels, directory: store.directory, retry: retryWebhooks }),
  }
}
