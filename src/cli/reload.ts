// SIGHUP: the settings are read again while a center runs. What can change without a restart does so; what else differs is
// named in the log, so that nobody takes for changed what is not. Settings that cannot be read leave everything as it is.

import type { Log } from '../base/log.ts'
import type { Center } from '../center/center.ts'
import { type KeyName, keyNames } from '../config/keys.ts'
import type { LoadedSettings } from '../config/load.ts'

export interface Reloading {
  /** What it was started with. */
  readonly loaded: LoadedSettings
  readonly loadSettings: () => LoadedSettings
  readonly log: Log
  /** A hangup while it starts is answered when it has. */
  readonly starting: Promise<Pick<Center, 'setCacheSize'>>
}

export function reloadOnHangup(reloading: Reloading): void {
  process.on('SIGHUP', () => {
    // Why it did not start is told by whoever starts it.
    void reloading.starting.then(
      (center) => reload(reloading, center),
      () => {},
    )
  })
}

async function reload({ loaded, loadSettings, log }: Reloading, center: Pick<Center, 'setCacheSize'>): Promise<void> {
  try {
    const { settings, given } = loadSettings()
    log.setLevel(settings['log-level'])
    await center.setCacheSize?.(settings['cache-max-size'])
    const isLive = (name: KeyName): boolean =>
      name === 'log-level' || (name === 'cache-max-size' && center.setCacheSize !== undefined)
    const needRestart = keyNames.filter((name) => !isLive(name) && given[name]?.text !== loaded.given[name]?.text)
    log.info('center.reloaded')
    if (needRestart.length > 0) log.warn('center.needs-restart', { settings: needRestart })
  } catch (error) {
    log.error('center.reload', { error })
  }
}
