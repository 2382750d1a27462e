// Every five minutes: rows that have ended are removed, pods whose deletion is due go, and accounts that are due lose their
// pods, then themselves. What cannot be deleted is logged and tried again in the next round; it delays nothing else.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Account, AccountId, Accounts, PodLink } from './accounts.ts'

export interface PurgeOptions {
  readonly accounts: Pick<Accounts, 'purgeDue' | 'duePods' | 'pods' | 'unlinkPod' | 'webIds' | 'unlinkWebId' | 'remove'>
  readonly clock: Clock
  readonly log: Log
  /** Resolves too when there is no such pod. */
  readonly deletePod: (podId: string) => Promise<void>
  /** The base URL of a pod; undefined when there is no such pod. */
  readonly podBase: (podId: string) => Promise<string | undefined>
  /** Takes back what apps were granted for a WebID. */
  readonly revokeWebId: (account: AccountId, webId: string) => Promise<void>
}

const roundMs = 5 * 60_000

/** Disposing waits for the round that runs. */
export function startPurging(options: PurgeOptions): AsyncDisposable {
  const { accounts, clock, log, deletePod } = options
  let running: Promise<void> | undefined
  let isClosing = false

  async function removeAccount({ id }: Account): Promise<void> {
    for (const pod of await accounts.pods(id)) {
      await deletePod(pod)
      await accounts.unlinkPod(id, pod)
    }
    await accounts.remove(id)
    log.info('account.removed', { account: id })
  }

  async function round(): Promise<void> {
    const due = await accounts.purgeDue()
    for (const link of await accounts.duePods()) {
      if (isClosing) return
      await removePod(options, link).catch((error: unknown) => log.error('pod.unremoved', { pod: link.pod, error }))
    }
    for (const account of due) {
      if (isClosing) return
      await removeAccount(account).catch((error: unknown) => {
        log.error('account.unremoved', { account: account.id, error })
      })
    }
  }

  const stop = clock.every(roundMs, () => {
    running ??= round()
      .catch((error: unknown) => log.error('accounts.unpurged', { error }))
      .finally(() => {
        running = undefined
      })
  })
  return {
    async [Symbol.asyncDispose]() {
      isClosing = true
      stop()
      await running
    },
  }
}

/** The WebIDs in it go first: with the pod they are nobody's. */
async function removePod(options: PurgeOptions, { account, pod }: PodLink): Promise<void> {
  const { accounts, log, deletePod, podBase, revokeWebId } = options
  const base = await podBase(pod)
  for (const { webId } of base === undefined ? [] : await accounts.webIds(account)) {
    if (!webId.startsWith(base!)) continue
    await accounts.unlinkWebId(account, webId)
    await revokeWebId(account, webId)
  }
  await deletePod(pod)
  await accounts.unlinkPod(account, pod)
  log.info('pod.removed', { pod })
}
