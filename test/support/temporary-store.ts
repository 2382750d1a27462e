// A pod store on real files in a temporary directory, with a clock that a test moves, and what it takes to make changes.

import { hash } from 'node:crypto'
import { join } from 'node:path'

import type { LogFields } from '../../src/base/log.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics, type Metrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { openSqlite, type SqliteEngine } from '../../src/core/db/sqlite/open.ts'
import type { WriterProbe } from '../../src/core/db/sqlite/writer.ts'
import { openFilesystemObjects } from '../../src/core/objects/filesystem.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import type { Change, Op, StagedBody } from '../../src/pod/store/change.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import type { PodId, PodRecord } from '../../src/pod/store/resource.ts'
import { laterPodMigrations, podMigrations } from '../../src/pod/store/schema/migrations.ts'
import type { StoreLimits } from '../../src/pod/store/chores.ts'
import { openSqlitePodStore } from '../../src/pod/store/sqlite/store.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { temporaryDirectory } from './temporary.ts'

export interface TestStoreOptions {
  readonly limits?: StoreLimits
  readonly probe?: WriterProbe
  readonly pause?: (point: string) => Promise<void>
  readonly objects?: ObjectStore
  /** An existing directory, kept afterwards; a fresh one otherwise. */
  readonly dir?: string
  readonly clock?: FakeClock
}

export interface TestStore extends AsyncDisposable {
  readonly dir: string
  readonly store: PodStore
  readonly db: SqliteEngine
  readonly objects: ObjectStore
  readonly clock: FakeClock
  readonly metrics: Metrics
  /** Events of level error. */
  readonly errors: { readonly event: string; readonly fields: LogFields }[]
  /** What onFatal was called with. */
  readonly fatal: unknown[]
}

export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  await using parts = new AsyncDisposableStack()
  const dir = options.dir ?? parts.use(await temporaryDirectory()).path
  const clock = options.clock ?? createFakeClock()
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
  return { dir, store, db, objects, clock, metrics, errors, fatal, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export function podRecord(
  name: string,
  quota: { readonly bytes?: number; readonly resources?: number } = {},
): PodRecord {
  return {
    id: systemRandom.uuid7(Date.now()),
    name,
    base: `https://pods.example/${name}/`,
    aliases: [],
    owners: [`https://pods.example/${name}/profile/card#me`],
    quotaBytes: quota.bytes ?? 1e9,
    quotaResources: quota.resources ?? 1e6,
    createdMs: 1,
  }
}

/** A pod with nothing but its root container. */
export async function createPod(
  store: PodStore,
  name: string,
  quota?: { readonly bytes?: number; readonly resources?: number },
): Promise<PodId> {
  const record = podRecord(name, quota)
  await store.directory.create({ record, ops: [{ kind: 'container', path: '/' }] })
  return record.id
}

export function inlineBody(content: string | Uint8Array): StagedBody {
  const inline = new Uint8Array(Buffer.from(content))
  return { size: inline.length, sha256: hash('sha256', inline, 'buffer'), inline, blob: undefined }
}

export function changeOf(pod: PodId, ops: readonly Op[], more: Partial<Change> = {}): Change {
  return { pod, epoch: 1, opId: systemRandom.uuid7(Date.now()), agent: {}, require: [], ops, ...more }
}

export function putOp(path: string, content: string | Uint8Array | StagedBody, mediaType = 'text/plain'): Op {
  const isStaged = typeof content === 'object' && 'sha256' in content
  return { kind: 'put', path, mediaType, body: isStaged ? content : inlineBody(content) }
}

/** The part of a staged body that a change carries. */
export function bodyOf({ size, sha256, inline, blob }: StagedBody): StagedBody {
  return { size, sha256, inline, blob }
}

export async function* chunksOf(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
