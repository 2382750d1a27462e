// The pods of a data directory, whether its server runs or not: over the control socket when it does, else on the store
// itself under the directory's lock.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { delay } from '../base/clock.ts'
import { XpodError } from '../base/errors.ts'
import { administerPods, type PodAdministration } from './administration.ts'
import { baseUrlOf, readBaseUrl, settleBaseUrl } from './base-url.ts'
import { connectControl } from './control.ts'
import type { CenterOptions } from './options.ts'
import { openStore, type Surround } from './store.ts'

/** A server that holds the lock but has no socket yet is starting; this long it is waited for. */
const startingMs = 10_000
const pollMs = 50

/** Throws DATA_DIR_UNUSABLE where no server has ever run: a mistyped directory must not become a new store. */
export async function openAdministration(options: CenterOptions, parts: Surround): Promise<PodAdministration> {
  const { clock } = parts
  const untilMs = clock.monotonicMs() + startingMs
  for (;;) {
    const running = await connectControl(options.dataDir)
    if (running !== undefined) return running
    try {
      return await openStopped(options, parts)
    } catch (error) {
      const isLocked = error instanceof XpodError && error.code === 'DATA_DIR_LOCKED'
      if (!isLocked || clock.monotonicMs() >= untilMs) throw error
    }
    await delay(clock, pollMs)
  }
}

async function openStopped(options: CenterOptions, parts: Surround): Promise<PodAdministration> {
  if (!existsSync(join(options.dataDir, 'lock.db'))) {
    throw new XpodError('DATA_DIR_UNUSABLE', `there is no xpod data in ${resolve(options.dataDir)}`, {
      hint: 'Start xpod center first, or name its directory with --data-dir.',
    })
  }
  const opened = await openStore(options.dataDir, parts)
  try {
    const wanted = options.baseUrl ?? (await readBaseUrl(opened.db)) ?? baseUrlOf(options.listen)
    const baseUrl = await settleBaseUrl(opened.db, wanted, wanted)
    return {
      ...administer(options, parts, baseUrl, opened.store),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    }
  } catch (error) {
    await opened[Symbol.asyncDispose]()
    throw error
  }
}

export function administer(
  options: CenterOptions,
  { clock, random }: Pick<Surround, 'clock' | 'random'>,
  baseUrl: string,
  store: Parameters<typeof administerPods>[0]['store'],
): PodAdministration {
  const { pods, podQuotaBytes: quotaBytes, podMaxResources: quotaResources } = options
  return administerPods({ store, baseUrl, pods, quotaBytes, quotaResources, clock, random })
}
