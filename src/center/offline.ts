// The pods of a data directory, whether its server runs or not: over the control socket when it does, else on the store
// itself under the directory's lock.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { XpodError } from '../base/errors.ts'
import { administerPods, type PodAdministration } from './administration.ts'
import { baseUrlOf, settleBaseUrl } from './base-url.ts'
import { connectControl } from './control.ts'
import type { CenterOptions } from './options.ts'
import { openStore, type Surround } from './store.ts'

/** Throws DATA_DIR_UNUSABLE where no server has ever run: a mistyped directory must not become a new store. */
export async function openAdministration(options: CenterOptions, parts: Surround): Promise<PodAdministration> {
  const running = await connectControl(options.dataDir)
  if (running !== undefined) return running
  if (!existsSync(join(options.dataDir, 'xpod.db'))) {
    throw new XpodError('DATA_DIR_UNUSABLE', `there is no xpod data in ${resolve(options.dataDir)}`, {
      hint: 'Start xpod center first, or name its directory with --data-dir.',
    })
  }
  const opened = await openStore(options.dataDir, parts)
  try {
    const baseUrl = await settleBaseUrl(opened.db, options.baseUrl, baseUrlOf(options.listen))
    return { ...administer(options, parts, baseUrl, opened.store), [Symbol.asyncDispose]: opened[Symbol.asyncDispose] }
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
