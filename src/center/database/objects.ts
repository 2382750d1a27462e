// Where large bodies lie: in files below the data directory, or in an S3 store with a cache on the local disk before it. Rows
// name bodies by key alone, so data that was written with one place starts with that place only.

import { join } from 'node:path'

import type { Clock } from '../../base/clock.ts'
import { XpodError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Random } from '../../base/random.ts'
import type { Database } from '../../core/db/database.ts'
import type { TieredObjects } from '../../core/cache/tiered/contract.ts'
import { readSetting, writeSetting } from '../../core/db/settings.ts'
import { openFilesystemObjects } from '../../core/objects/filesystem.ts'
import type { ObjectStore } from '../../core/objects/object-store.ts'
import { holdExclusively } from '../../core/db/sqlite/lock-file.ts'
import type { CachePlace, S3Place } from '../options.ts'

export interface ObjectsPlace {
  /** The data directory. */
  readonly dir: string
  readonly db: Database
  readonly s3: S3Place | undefined
  /** Where the database is shared: the name of this machine, whose files no other has. */
  readonly machine?: string
  /** Before the S3 store. */
  readonly cache?: CachePlace | undefined
}

interface Around {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

export interface OpenedObjects extends AsyncDisposable {
  readonly objects: ObjectStore
  /** The same, where it is a cache before an S3 store. */
  readonly cache: TieredObjects | undefined
}

/** Throws OBJECTS_ELSEWHERE, OBJECTS_REFUSED, CACHE_LOCKED. */
export async function openObjects(where: ObjectsPlace, parts: Around): Promise<OpenedObjects> {
  const { dir, db, s3, machine } = where
  const files = placeOfFiles(machine)
  const place = s3 === undefined ? files : placeOfS3(s3)
  const kept = await readSetting(db, 'objects')
  if (kept !== undefined && ![place, files, 'files'].includes(kept)) throw elsewhere(kept)
  if (s3 !== undefined && kept !== place && (await hasFiles(dir, parts.random))) throw elsewhere(files)
  await using stack = new AsyncDisposableStack()
  // Only of what was found right: a bucket that was mistyped is not remembered.
  const remember = async (): Promise<void> => {
    if (kept === place) return
    const now = await readSetting(db, 'objects')
    if (now !== kept && now !== place) throw elsewhere(now ?? files)
    await writeSetting(db, 'objects', place)
  }
  const opened = stack.use(await openPlace(where, parts, remember))
  stack.move()
  return opened
}

/** As the setting names it. */
export function placeOfFiles(machine: string | undefined): string {
  return machine === undefined ? 'files' : `files of ${machine}`
}

/** Not the endpoint: a store may move to another address. */
export function placeOfS3({ bucket, prefix }: S3Place): string {
  return `s3 ${bucket}/${prefix}`
}

/** A store of S3 that does not answer yet is opened all the same: everything else works without it. */
async function openPlace(
  { dir, s3, cache }: ObjectsPlace,
  parts: Around,
  remember: () => Promise<void>,
): Promise<OpenedObjects> {
  if (s3 === undefined) {
    const files = await openFilesystemObjects({ dir: join(dir, 'objects'), random: parts.random })
    await remember()
    return alone(files)
  }
  const { openS3Objects } = await import('../../core/objects/s3.ts')
  const { clock, random, log, metrics } = parts
  const store = await openS3Objects({ ...s3, clock, random, log, metrics, onProven: remember })
  if (cache === undefined) return alone(store)
  await using stack = new AsyncDisposableStack()
  stack.use(store)
  const { openTieredObjects } = await import('../../core/cache/tiered/open.ts')
  const tiered = await openTieredObjects(store, { ...cache, hold: holdExclusively, clock, log, metrics })
  stack.move()
  // Closing it closes the store behind it.
  return { objects: tiered, cache: tiered, [Symbol.asyncDispose]: () => tiered[Symbol.asyncDispose]() }
}

function alone(objects: ObjectStore): OpenedObjects {
  return { objects, cache: undefined, [Symbol.asyncDispose]: () => objects[Symbol.asyncDispose]() }
}

async function hasFiles(dir: string, random: Random): Promise<boolean> {
  await using files = await openFilesystemObjects({ dir: join(dir, 'objects'), random })
  return (await files.list('', undefined, 1)).length > 0
}

function elsewhere(place: string): XpodError {
  return new XpodError('OBJECTS_ELSEWHERE', place === 'files' ? 'in files of the data directory' : place)
}
