// A pod store on SQLite and files, whatever stores the run is for: for the tests of that store itself, which stop its writer at
// points of their choice and look into its files. Others take openSqliteTestStore.

import { join } from 'node:path'

import type { Clock } from '../../src/base/clock.ts'
import type { LogFields } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics, type Metrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openSqlite, type SqliteEngine } from '../../src/core/db/sqlite/open.ts'
import type { WriterProbe } from '../../src/core/db/sqlite/writer.ts'
import { openFilesystemObjects } from '../../src/core/objects/filesystem.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import type { StoreLimits } from '../../src/pod/store/chores.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import { laterPodMigrations, podMigrations } from '../../src/pod/store/schema/migrations.ts'
import { openSqlitePodStore } from '../../src/pod/store/sqlite/store.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { temporaryDirectory } from './temporary.ts'

export interface SqliteStoreOptions {
  readonly limits?: StoreLimits
  readonly probe?: WriterProbe
  readonly pause?: (point: string) => Promise<void>
  readonly objects?: ObjectStore
  /** An existing directory, kept afterwards; a fresh one otherwise. */
  readonly dir?: string
}

export interface OpenedSqlite extends AsyncDisposable {
  readonly dir: string
  readonly store: PodStore
  readonly db: SqliteEngine
  readonly objects: ObjectStore
  readonly metrics: Metrics
  /** Events of level error. */
  readonly errors: { readonly event: string; readonly fields: LogFields }[]
  /** What onFatal was called with. */
  readonly fatal: unknown[]
}

export interface SqliteTestStore extends OpenedSqlite {
  readonly clock: FakeClock
}

/** With a clock that the test moves. */
export async function openSqliteTestStore({
  clock = createFakeClock(),
  ...options
}: SqliteStoreOptions & { readonly clock?: FakeClock } = {}): Promise<SqliteTestStore> {
  return { ...(await openSqliteStoreBy(clock, options)), clock }
}

export async function openSqliteStoreBy(clock: Clock, options: SqliteStoreOptions): Promise<OpenedSqlite> {
  await using parts = new AsyncDisposableStack()
  const dir = options.dir ?? parts.use(await temporaryDirectory()).path
  const metrics = createMetrics()
  const errors: { event: string; fields: LogFields }[] = []
  const fatal: unknown[] = []
  const log = { ...silentLog, error: (event: string, fields: LogFields = {}) => void errors.push({ event, fields }) }
  const objects = options.objects ?? parts.use(await openFilesystemObjects({ dir: join(dir, 'objects') }))
  const { probe, pause } = options
  const db = parts.use(
    await openSqlite({
      dir,
      migrations: [...podMigrations, ...laterPodMigrations],
      log,
      clock,
      metrics,
      onFatal: (error) => void fatal.push(error),
      ballastBytes: 0,
      ...(probe === undefined ? {} : { probe }),
    }),
  )
  const limits = { minFreeBytes: 0, ...options.limits }
  const shared = { db, objects, clock, random: systemRandom, log, metrics, limits }
  const store = parts.use(
    await openSqlitePodStore({
      ...shared,
      node: 'node-1',
      instance: systemRandom.uuid(),
      ...(pause === undefined ? {} : { pause }),
    }),
  )
  const owned = parts.move()
  return { dir, store, db, objects, metrics, errors, fatal, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
