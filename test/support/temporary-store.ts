// A pod store on the stores of the run (stores.ts): SQLite and files in a temporary directory, or PostgreSQL and S3; with a clock
// that a test moves, or with the real one. And what it takes to make changes.

import { hash } from 'node:crypto'
import { join } from 'node:path'

import { type Clock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics, type Metrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { Database } from '../../src/core/db/database.ts'
import { openFilesystemObjects } from '../../src/core/objects/filesystem.ts'
import type { ObjectStore } from '../../src/core/objects/object-store.ts'
import { openS3Objects } from '../../src/core/objects/s3.ts'
import type { Change, Op, StagedBody } from '../../src/pod/store/change.ts'
import type { PodStore } from '../../src/pod/store/pod-store.ts'
import type { PodId, PodRecord } from '../../src/pod/store/resource.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { openPostgresStoreBy } from './postgres-store.ts'
import { openSqliteStoreBy } from './sqlite-store.ts'
import { storesOf } from './stores.ts'
import { temporaryDirectory } from './temporary.ts'

export interface TestStoreOptions {
  /** An existing directory, kept afterwards, whose stores are those of before; a fresh one otherwise. */
  readonly dir?: string
  /** Stands between the store and its objects. */
  readonly between?: (objects: ObjectStore) => ObjectStore
}

export interface OpenedStore extends AsyncDisposable {
  readonly dir: string
  readonly store: PodStore
  readonly db: Database
  readonly objects: ObjectStore
  readonly metrics: Metrics
}

export interface TestStore extends OpenedStore {
  readonly clock: FakeClock
}

/** With a clock that the test moves. */
export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const clock = createFakeClock()
  return { ...(await openStoreBy(clock, options)), clock }
}

export async function openStoreBy(clock: Clock, options: TestStoreOptions = {}): Promise<OpenedStore> {
  await using parts = new AsyncDisposableStack()
  const dir = options.dir ?? parts.use(await temporaryDirectory()).path
  const { db: url, s3 } = await storesOf(dir)
  const surround = { clock: systemClock, random: systemRandom, log: silentLog, metrics: createMetrics() }
  const opening =
    s3 === undefined ? openFilesystemObjects({ dir: join(dir, 'objects') }) : openS3Objects({ ...s3, ...surround })
  const inner = parts.use(await opening)
  const objects = options.between?.(inner) ?? inner
  const opened = parts.use(
    await (url === 'sqlite:'
      ? openSqliteStoreBy(clock, { dir, objects })
      : openPostgresStoreBy(clock, { url, objects })),
  )
  const owned = parts.move()
  return { ...opened, dir, [Symbol.asyncDispose]: () => owned.disposeAsync() }
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
    shownOwners: [],
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
