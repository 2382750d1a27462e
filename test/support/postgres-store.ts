// A pod store on a database of the test file's own PostgreSQL and objects in memory, with a clock that a test moves; the engine
// below goes by the real one. Several stores may share a database, as two centers would.

import { silentLog } from '../../src/base/log.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { createMetrics, type Metrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openPostgres, type PostgresEngine } from '../../src/core/db/postgres/open.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import type { StoreLimits } from '../../src/pod/store/chores.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import { openPostgresPodStore } from '../../src/pod/store/postgres/store.ts'
import { laterPodMigrations, podMigrations } from '../../src/pod/store/schema/migrations.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { createMemoryObjects } from './memory-objects.ts'
import { sharedPostgres } from './stores.ts'

export interface PostgresStoreOptions {
  /** Of another store's database; a fresh one otherwise. */
  readonly url?: string
  readonly node?: string
  readonly instance?: string
  readonly maxBatches?: number
  readonly limits?: StoreLimits
  readonly objects?: ObjectStore
}

export interface OpenedPostgres extends AsyncDisposable {
  readonly store: PodStore
  readonly db: PostgresEngine
  readonly objects: ObjectStore
  readonly url: string
  readonly instance: string
  readonly metrics: Metrics
}

export interface PostgresTestStore extends OpenedPostgres {
  readonly clock: FakeClock
}

/** With a clock that the test moves. */
export async function openPostgresTestStore({
  clock = createFakeClock(),
  ...options
}: PostgresStoreOptions & { readonly clock?: FakeClock } = {}): Promise<PostgresTestStore> {
  return { ...(await openPostgresStoreBy(clock, options)), clock }
}

/** The engine below goes by the real clock all the same. */
export async function openPostgresStoreBy(clock: Clock, options: PostgresStoreOptions): Promise<OpenedPostgres> {
  await using parts = new AsyncDisposableStack()
  const { objects = createMemoryObjects(), instance = systemRandom.uuid() } = options
  const url = options.url ?? (await (await sharedPostgres()).freshDatabase())
  const shared = { log: silentLog, metrics: createMetrics(), random: systemRandom }
  const migrations = [...podMigrations, ...laterPodMigrations]
  const db = parts.use(await openPostgres({ ...shared, url, migrations, clock: systemClock }))
  // Restores to an earlier point in time concern no test here, so blobs are kept no longer than by SQLite.
  const limits = { minFreeBytes: 0, keepBlobsMs: 86_400_000, ...options.limits }
  const more = options.maxBatches === undefined ? {} : { maxBatches: options.maxBatches }
  const own = { db, objects, clock, limits, instance, node: options.node ?? 'node-1', place: 'here' }
  const store = parts.use(await openPostgresPodStore({ ...shared, ...own, ...more }))
  const owned = parts.move()
  const { metrics } = shared
  return { store, db, objects, url, instance, metrics, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
