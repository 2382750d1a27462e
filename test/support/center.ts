// A center in this process, from source, on a free port, in a fresh temporary directory, with a silent log. Its stores are the
// ones of stores.ts.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { GiB, MiB } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createLog, type Log, silentLog } from '../../src/base/log.ts'
import { createMetrics, type Metrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { type Center, startCenter } from '../../src/center/center.ts'
import type { CenterOptions } from '../../src/center/options.ts'
import { cacheOf, storesOf } from './stores.ts'

export interface TestCenter extends AsyncDisposable {
  readonly baseUrl: string
  readonly dataDir: string
  readonly adminUrl: string | undefined
  readonly center: Center
  readonly metrics: Metrics
  /** Errors that were reported as fatal. */
  readonly fatal: unknown[]
  createPod(name: string, options?: { webId?: string }): Promise<{ base: string; webId: string }>
}

export interface TestCenterOptions extends Partial<CenterOptions> {
  readonly log?: Log
}

/** XPOD_TEST_LOG=debug shows the server's log on stderr. */
const shownLog = process.env.XPOD_TEST_LOG

/** Of a center for tests; its data directory is missing. */
export const testOptions: CenterOptions = {
  version: '0.0.0-test',
  dataDir: '',
  db: 'sqlite:',
  s3: undefined,
  cache: undefined,
  baseUrl: undefined,
  listen: { host: '127.0.0.1', port: 0 },
  adminListen: undefined,
  pods: 'path',
  trustProxy: [],
  allowInternal: [],
  aclOrigin: false,
  jsonldContexts: 'bundled',
  registration: undefined,
  accountPods: 3,
  addressLimit: 60,
  notificationLimit: 20_000,
  legacyUpdates: false,
  secretFile: undefined,
  smtpUrl: undefined,
  mailFrom: undefined,
  maxBodyBytes: GiB,
  podQuotaBytes: GiB,
  podMaxResources: 100_000,
  cacheMemoryBytes: 16 * MiB,
  accessLog: false,
  runtimeDir: undefined,
}

export async function startTestCenter(options: TestCenterOptions = {}): Promise<TestCenter> {
  const { log = shownLog === undefined ? silentLog : stderrLog(), ...given } = options
  const folder = given.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'xpod-center-')) : undefined
  const metrics = createMetrics()
  const fatal: unknown[] = []
  const dataDir = given.dataDir ?? folder!
  const stores = given.db === undefined && given.s3 === undefined ? await storesOf(dataDir) : testOptions
  const cache = stores.s3 && { path: cacheOf(dataDir), maxSize: GiB }
  const { db, s3 } = stores
  const all: CenterOptions = { ...testOptions, db, s3, cache, ...given, dataDir }
  const onFatal = (error: unknown): void => void fatal.push(error)
  const center = await startCenter(all, { clock: systemClock, random: systemRandom, log, metrics, onFatal })
  return {
    baseUrl: center.baseUrl,
    dataDir: center.dataDir,
    adminUrl: center.adminUrl,
    center,
    metrics,
    fatal,
    async createPod(name, { webId } = {}) {
      const pod = await center.pods.create({ name, webId })
      return { base: pod.base, webId: pod.owners[0]! }
    },
    async [Symbol.asyncDispose]() {
      await center[Symbol.asyncDispose]()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

function stderrLog(): Log {
  const write = (line: string): void => void process.stderr.write(line)
  return createLog({ level: 'debug', format: 'text', clock: systemClock, write })
}
