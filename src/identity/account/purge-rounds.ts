// Every five minutes: rows that have ended are removed, and accounts whose deletion is due lose their pods, then themselves.
// One account that cannot be deleted is logged and tried again in the next round; it delays no other.

import type { Clock } from '../../base/clock.ts'
import type { Log } from '../../base/log.ts'
import type { Account, Accounts } from './accounts.ts'

export interface PurgeOptions {
  readonly accounts: Pick<Accounts, 'purgeDue' | 'pods' | 'unlinkPod' | 'remove'>
  readonly clock: Clock
  readonly log: Log
  /** Resolves too when there is no such pod. */
  readonly deletePod: (podId: string) => Promise<void>
}

const roundMs = 5 * 60_000

/** Disposing waits for the round that runs. */
export function startPurging({ accounts, clock, log, deletePod }: PurgeOptions): AsyncDisposable {
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
    for (const account of await accounts.purgeDue()) {
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
