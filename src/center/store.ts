// The store of a data directory, opened: its lock, the database, the files, and the pods in them. Shared by the server and
// by commands that work while no server runs.

import { join } from 'node:path'

import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import type { Random } from '../base/random.ts'
import { lockDataDirectory } from '../core/db/data-directory.ts'
import { readSetting, writeSetting } from '../core/db/settings.ts'
import { openSqlite, type SqliteEngine } from '../core/db/sqlite/open.ts'
import type { ObjectStore } from '../core/objects/object-store.ts'
import type { PodStore } from '../pod/store/pod-store.ts'
import { openSqlitePodStore } from '../pod/store/sqlite/store.ts'
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

export type StorePlace = Pick<CenterOptions, 'dataDir' | 's3'>

export interface OpenedStore extends AsyncDisposable {
  /** Absolute. */
  readonly dir: string
  readonly db: SqliteEngine
  readonly objects: ObjectStore
  readonly store: PodStore
  readonly node: string
}

/** Throws DATA_DIR_LOCKED, DATA_DIR_UNUSABLE, SCHEMA_NEWER, SCHEMA_ALTERED, and what openObjects throws. */
export async function openStore({ dataDir, s3 }: StorePlace, parts: Surround): Promise<OpenedStore> {
  const { clock, random, log, metrics, onFatal } = parts
  await using stack = new AsyncDisposableStack()
  const { dir } = stack.use(await lockDataDirectory(dataDir))
  const db = stack.use(await openSqlite({ dir, migrations, log, clock, metrics, onFatal }))
  const objects = stack.use(await openObjects({ dir, db, s3 }, parts))
  const node = await settleNode(db, random)
  const store = stack.use(
    await openSqlitePodStore({ db, objects, node, instance: random.uuid(), clock, random, log, metrics, limits: {} }),
  )
  const opened = stack.move()
  return { dir, db, objects, store, node, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() }
}

/** Where the key lies that secrets in the database are sealed with. */
export function secretFileOf(options: Pick<CenterOptions, 'secretFile'>, dir: string): string {
  return options.secretFile ?? join(dir, 'secret.key')
}

/** The id of this node; made at the first start. */
async function settleNode(db: SqliteEngine, random: Random): Promise<string> {
  const kept = await readSetting(db, 'node')
  if (kept !== undefined) return kept
  const node = random.uuid()
  await writeSetting(db, 'node', node)
  return node
}
