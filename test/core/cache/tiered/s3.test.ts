// The cache before a real S3 server: the contract of the object store, and what it is for: an answer while the store is slow,
// breaks off, or is not there.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { collect } from '../../../../src/base/bytes.ts'
import { systemClock } from '../../../../src/base/clock.ts'
import { silentLog } from '../../../../src/base/log.ts'
import { createMetrics } from '../../../../src/base/metrics.ts'
import type { TieredObjects } from '../../../../src/core/cache/tiered/contract.ts'
import { openTieredObjects } from '../../../../src/core/cache/tiered/open.ts'
import { holdExclusively } from '../../../../src/core/db/sqlite/lock-file.ts'
import { objectStoreSuite } from '../../../conformance/object-store.ts'
import { lacksS3, type S3Server, startS3Server } from '../../../support/s3-server.ts'
import { openS3World, type S3World } from '../../../support/s3-world.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'
import { chunksOf } from '../../../support/temporary-store.ts'
import { MiB, pattern, putBehind, signal } from './world.ts'

interface Scene extends AsyncDisposable {
  readonly objects: TieredObjects
  readonly s3: S3World
}

async function open(server: S3Server): Promise<Scene> {
  await using parts = new AsyncDisposableStack()
  const dir = parts.use(await temporaryDirectory())
  const s3 = parts.use(await openS3World(server))
  const objects = parts.use(
    await openTieredObjects(s3.objects, {
      path: dir.path,
      maxSize: 200 * MiB,
      freeShare: 0,
      hold: holdExclusively,
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
    }),
  )
  await objects.recovered
  const owned = parts.move()
  return { objects, s3, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

describe('before S3', { skip: lacksS3 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  objectStoreSuite('tiered over S3', () => open(server))

  test('what was written or read is there when the store is not', async () => {
    await using scene = await open(server)
    const written = pattern(9 * MiB)
    const read = pattern(100_000, 2)
    await scene.objects.put('pod/written', chunksOf(written), {}, signal)
    await putBehind({ behind: scene.s3.objects }, 'pod/read', read)
    const get = async (key: string): Promise<Buffer> =>
      collect(await scene.objects.get(key, undefined, signal), 20 * MiB)
    assert.ok(read.equals(await get('pod/read')))
    assert.ok(written.equals(await get('pod/written')))
    await scene.s3.proxy.refuse()
    scene.s3.proxy.cut()
    assert.ok(read.equals(await get('pod/read')))
    assert.ok(written.equals(await get('pod/written')))
  })

  test('a fetch that is cut off half-way is whole for all who wait', async () => {
    await using scene = await open(server)
    const bytes = pattern(4 * MiB)
    await putBehind({ behind: scene.s3.objects }, 'pod/a', bytes)
    const cut = scene.s3.proxy.cutAfter(MiB, 'received')
    const all = await Promise.all(
      [0, 1, 2].map(async () =>
        collect(await scene.objects.get('pod/a', undefined, signal, { size: 4 * MiB }), 4 * MiB),
      ),
    )
    await cut
    for (const one of all) assert.ok(bytes.equals(one))
  })
})
