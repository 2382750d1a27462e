// The store of a center, opened: the lock of its data directory, the database, the place of large bodies, and the pods in
// them. Shared by the server and by commands that work while no server runs. On SQLite everything lies in the data directory;
// on PostgreSQL that keeps what belongs to this machine alone: its lock, its name among the nodes, its secret.

import { join } from 'node:path'

import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { lockDataDirectory } from '../core/db/data-directory.ts'
import type { Database } from '../core/db/database.ts'
import type { PostgresEngine } from '../core/db/postgres/open.ts'
import { readSetting, writeSetting } from '../core/db/settings.ts'
import { openSqlite } from '../core/db/sqlite/open.ts'
import type { TieredObjects } from '../core/cache/tiered/contract.ts'
import type { ObjectStore } from '../core/objects/object-store.ts'
import type { PodStore } from '../pod/store/pod-store.ts'
import { openSqlitePodStore } from '../pod/store/sqlite/store.ts'
import { refuseCopies } from './database/copy/mark.ts'
import { nameMachine, placeOf, readMachine } from './database/machine.ts'
import { migrations } from './database/migrations.ts'
import { openObjects } from './database/objects.ts'
import type { CenterOptions } from './options.ts'

export interface Surround {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** The outcome of a commit cannot be known: the process must end with status 74. */
  readonly onFatal: (error: unknown) => void
}

export type StorePlace = Pick<CenterOptions, 'dataDir' | 'db' | 's3' | 'cache'>

export interface OpenedStore extends AsyncDisposable {
  /** Absolute. */
  readonly dir: string
  readonly db: Database
  readonly objects: ObjectStore
  /** Undefined: there is none. */
  readonly cache: TieredObjects | undefined
  readonly store: PodStore
  readonly node: string
  /** Of a database that other centers may use too. */
  readonly shared: SharedPlace | undefined
}

export interface SharedPlace {
  readonly db: PostgresEngine
  /** As given. */
  readonly url: string
  readonly node: string
  /** This run of the node. */
  readonly instance: string
  /** Where it is. */
  readonly place: string
}

/**
 * Throws DATA_DIR_LOCKED, DATA_DIR_UNUSABLE, NODE_REPLACED, DATABASE_UNAVAILABLE, DATABASE_UNSUITABLE, SCHEMA_NEWER, SCHEMA_ALTERED,
 * COPY_UNFINISHED, DATABASE_RETIRED, and what openObjects throws.
 */
export async function openStore(place: StorePlace, parts: Surround): Promise<OpenedStore> {
  await using stack = new AsyncDisposableStack()
  const { dir } = stack.use(await lockDataDirectory(place.dataDir))
  const open = place.db === 'sqlite:' ? openEmbedded : openShared
  const opened = stack.use(await open({ ...place, dataDir: dir }, parts))
  const owned = stack.move()
  return { ...opened, dir, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() }
}

type Opened = Omit<OpenedStore, 'dir'>

async function openEmbedded({ dataDir: dir, s3, cache: near }: StorePlace, parts: Surround): Promise<Opened> {
  const { random } = parts
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await openSqlite({ ...parts, dir, migrations }))
  await refuseCopies(db)
  const { objects, cache } = stack.use(await openObjects({ dir, db, s3, cache: near }, parts))
  const node = await settleNode(db, random)
  const store = stack.use(
    await openSqlitePodStore({ ...parts, db, objects, node, instance: random.uuid(), limits: {} }),
  )
  const owned = stack.move()
  const close = (): Promise<void> => owned.disposeAsync()
  return { db, objects, cache, store, node, shared: undefined, [Symbol.asyncDispose]: close }
}

async function openShared({ dataDir: dir, db: url, s3, cache: near }: StorePlace, parts: Surround): Promise<Opened> {
  const { random } = parts
  const [{ openPostgres }, { openPostgresPodStore }] = await Promise.all([
    import('../core/db/postgres/open.ts'),
    import('../pod/store/postgres/store.ts'),
  ])
  await using stack = new AsyncDisposableStack()
  const db = stack.use(await openPostgres({ ...parts, url, migrations }))
  await refuseCopies(db)
  const node = settleMachine(dir, random)
  const { objects, cache } = stack.use(await openObjects({ dir, db, s3, cache: near, machine: node }, parts))
  const instance = random.uuid()
  const run = { node, instance, place: placeOf(dir) }
  const store = stack.use(await openPostgresPodStore({ ...parts, ...run, db, objects, limits: {} }))
  const shared = { db, url, ...run }
  const owned = stack.move()
  return { db, objects, cache, store, node, shared, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Where the key lies that secrets in the database are sealed with. */
export function secretFileOf(options: Pick<CenterOptions, 'secretFile'>, dir: string): string {
  return options.secretFile ?? join(dir, 'secret.key')
}

/** The id of this node; made at the first start. */
async function settleNode(db: Database, random: Random): Promise<string> {
  const kept = await readSetting(db, 'node')
  if (kept !== undefined) return kept
  const node = random.uuid()
  await writeSetting(db, 'node', node)
  return node
}

/** The same where the database is shared. */
function settleMachine(dir: string, random: Random): string {
  const kept = readMachine(dir)
  if (kept !== undefined) return kept
  const node = random.uuid()
  nameMachine(dir, node)
  return node
}
