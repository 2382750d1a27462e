// Which xpod this is: the build writes it into the bundle, from source it stands in package.json.

import { readFileSync } from 'node:fs'

declare const XPOD_VERSION: string | undefined
declare const XPOD_COMMIT: string | undefined

export function ownVersion(): string {
  if (typeof XPOD_VERSION === 'string') return XPOD_VERSION
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export function ownCommit(): string {
  return typeof XPOD_COMMIT === 'string' ? XPOD_COMMIT : 'source'
}
