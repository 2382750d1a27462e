// Debian's chromium, for tests and pictures of pages. Without it tests are skipped by name, or fail when
// XPOD_TEST_REQUIRE lists chromium. It asks nothing of the outside world.

import { type Browser, chromium } from 'playwright-core'

import { canRun, lacks } from './needs.ts'

const executablePath = '/usr/bin/chromium'
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** For a test's `skip` option. */
export const lacksChromium = (): false | string => lacks('chromium', canRun(executablePath, '--version'))

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args })
}
