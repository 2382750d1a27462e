// The base URL is part of the data: every pod, ACL and profile is written under it. It is kept at the first start; another
// one later is refused until the pods are moved to it on purpose.

import { XpodError } from '../base/errors.ts'
import type { Database } from '../core/db/database.ts'
import { readSetting, writeSetting } from '../core/db/settings.ts'
import type { ListenAddress } from './options.ts'

const setting = 'base-url'

export function readBaseUrl(db: Database): Promise<string | undefined> {
  return readSetting(db, setting)
}

/** Throws BASE_URL_CHANGED. `wanted` is the --base-url, `standard` what the listener says when there is none. */
export async function settleBaseUrl(db: Database, wanted: string | undefined, standard: string): Promise<string> {
  const kept = await readBaseUrl(db)
  const now = wanted ?? standard
  if (kept === undefined) {
    await writeSetting(db, setting, now)
    return now
  }
  if (kept === now) return kept
  throw new XpodError('BASE_URL_CHANGED', `it was ${kept} and is now ${now}`, { hint: `Start with --base-url ${kept}` })
}

/** http://localhost:3000/ for a loopback listener; another address by its own name, all addresses as localhost. */
export function baseUrlOf(listen: ListenAddress): string {
  const { host, port } = listen
  const isAny = host === '0.0.0.0' || host === '::'
  const isLoopback = host === '127.0.0.1' || host === '::1' || host === 'localhost'
  const name = isAny || isLoopback ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return new URL(`http://${name}:${port}/`).href
}
