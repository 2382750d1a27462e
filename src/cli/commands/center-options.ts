// From settings to what a center is told.

import { MiB } from '../../base/bytes.ts'
import { systemClock } from '../../base/clock.ts'
import { createLog, type Log, silentLog } from '../../base/log.ts'
import { createMetrics } from '../../base/metrics.ts'
import { systemRandom } from '../../base/random.ts'
import type { AccountAdministration } from '../../center/account-administration.ts'
import type { PodAdministration } from '../../center/administration.ts'
import type { Administration } from '../../center/control.ts'
import type { CenterOptions } from '../../center/options.ts'
import type { Surround } from '../../center/store.ts'
import type { Settings } from '../../config/keys.ts'
import { s3Of } from '../../config/s3.ts'
import type { NotificationAdministration } from '../../pod/notify/administration.ts'
import type { Invocation } from '../invocation.ts'
import { ownVersion } from '../version.ts'

export function centerOptions(settings: Settings, runtimeDir: string | undefined): CenterOptions {
  return {
    version: ownVersion(),
    dataDir: settings['data-dir'],
    db: settings.db,
    s3: s3Of(settings),
    cache: cacheOf(settings),
    baseUrl: settings['base-url'],
    listen: settings.listen,
    adminListen: settings['admin-listen'],
    pods: settings.pods,
    trustProxy: settings['trust-proxy'],
    allowInternal: settings['allow-internal'],
    aclOrigin: settings['acl-origin'],
    jsonldContexts: settings['jsonld-contexts'],
    registration: settings.registration,
    accountPods: settings['account-pods'],
    addressLimit: settings['address-limit'],
    notificationLimit: settings['notification-limit'],
    legacyUpdates: settings['legacy-updates'],
    secretFile: settings['secret-file'],
    smtpUrl: settings['smtp-url'],
    mailFrom: settings['mail-from'],
    maxBodyBytes: settings['max-body'],
    podQuotaBytes: settings['pod-quota'],
    podMaxResources: settings['pod-max-resources'],
    cacheMemoryBytes: settings['cache-memory'],
    accessLog: settings['access-log'],
    runtimeDir,
  }
}

function cacheOf(settings: Settings): CenterOptions['cache'] {
  const maxSize = settings['cache-max-size']
  return maxSize === 0 ? undefined : { path: settings['cache-path'], maxSize }
}

export function openLog({ out, surroundings }: Invocation, settings: Settings): Log {
  const format = settings['log-format']
  return createLog({
    level: settings['log-level'],
    format: format === 'auto' ? (out.isErrorTerminal ? 'text' : 'json') : format,
    clock: systemClock,
    write: (line) => out.log(line),
    journal: surroundings.journal,
  })
}

export function surround(log: Log, onFatal: (error: unknown) => void): Surround {
  return { clock: systemClock, random: systemRandom, log, metrics: createMetrics(), onFatal }
}

/** The data directory for one command; its server may run or not. A command reads too little to need a cache on the disk. */
async function openAll({ loadSettings, surroundings }: Invocation): Promise<Administration & AsyncDisposable> {
  const { openAdministration } = await import('../../center/offline.ts')
  const options = centerOptions(loadSettings().settings, surroundings.runtimeDir)
  // The failing call itself reports OUTCOME_UNKNOWN.
  return openAdministration(
    { ...options, cacheMemoryBytes: MiB, cache: undefined },
    surround(silentLog, () => {}),
  )
}

export async function openPods(call: Invocation): Promise<PodAdministration & AsyncDisposable> {
  const all = await openAll(call)
  return { ...all.pods, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() }
}

export async function openAccounts(call: Invocation): Promise<AccountAdministration & AsyncDisposable> {
  const all = await openAll(call)
  return { ...all.accounts, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() }
}

export async function openNotifications(call: Invocation): Promise<NotificationAdministration & AsyncDisposable> {
  const all = await openAll(call)
  return { ...all.notifications, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() }
}
