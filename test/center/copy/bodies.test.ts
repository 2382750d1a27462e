// `db copy` with --s3: large bodies go from the files of the data directory into a real S3 store, each with its hash checked; a
// center on the copy serves them from there. What is damaged or missing is named, and nothing false is left in the store.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { collect } from '../../../src/base/bytes.ts'
import { XpodError } from '../../../src/base/errors.ts'
import type { S3Place } from '../../../src/center/options.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { lacksS3, type S3Server, startS3Server } from '../../support/s3-server.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary.ts'
import { copy, expectKept, fill, type Kept, largeBody, startAgain } from './world.ts'

describe('large bodies into S3', { skip: lacksPostgres || lacksS3 }, () => {
  let folder: TemporaryDirectory
  let kept: Kept
  let server: S3Server
  let runs = 0
  before(async () => {
    folder = await temporaryDirectory()
    ;[kept, server] = await Promise.all([fill(folder.path), startS3Server()])
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await kept[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  /** Its own prefix for each test. */
  function place(): S3Place {
    const { endpoint, bucket, region, accessKey, secretKey } = server
    return { endpoint, bucket, region, accessKey, secretKey, prefix: `run${++runs}/`, addressing: undefined }
  }

  const freshDatabase = async (): Promise<string> => (await sharedPostgres()).freshDatabase()

  /** The object that holds this body, as a file of the data directory. */
  function fileOf(body: Buffer): { readonly key: string; readonly path: string } {
    const objects = join(kept.dataDir, 'objects')
    for (const pod of readdirSync(objects)) {
      for (const name of readdirSync(join(objects, pod))) {
        const path = join(objects, pod, name)
        if (readFileSync(path).equals(body)) return { key: `${pod}/${name}`, path }
      }
    }
    throw new Error('no such object')
  }

  async function stored({ bucket, prefix }: S3Place, key: string): Promise<string> {
    const bytes = await collect(await server.client().getObject(bucket, `${prefix}${key}`), 1e6)
    return createHash('sha256').update(bytes).digest('hex')
  }

  function expectMismatch(copying: Promise<unknown>, detail: RegExp): Promise<void> {
    return assert.rejects(copying, (error) => {
      assert.ok(error instanceof XpodError && error.code === 'COPY_MISMATCH', String(error))
      assert.match(error.detail, detail)
      return true
    })
  }

  test('a center on the copy serves them from there, and needs no file of them', async () => {
    const [to, s3] = [await freshDatabase(), place()]
    const report = await copy({ to, dataDir: kept.dataDir, s3 })
    assert.deepEqual(report.bodies, { place: `s3 ${s3.bucket}/${s3.prefix}`, copied: 2, bytes: 600_000 })
    await assert.rejects(startAgain(kept, { db: to, s3: undefined }), { code: 'OBJECTS_ELSEWHERE' })
    const objects = join(kept.dataDir, 'objects')
    renameSync(objects, `${objects}-away`)
    {
      await using center = await startAgain(kept, { db: to, s3 })
      await expectKept(kept, center)
    }
    renameSync(`${objects}-away`, objects)
  })

  test('what an earlier run left is hashed: kept when it is right, replaced when it is not', async () => {
    const [to, s3] = [await freshDatabase(), place()]
    const client = server.client()
    const [right, wrong] = [largeBody('large-a'), largeBody('large-b')]
    await client.putObject(s3.bucket, `${s3.prefix}${fileOf(right).key}`, right)
    await client.putObject(s3.bucket, `${s3.prefix}${fileOf(wrong).key}`, Buffer.from(wrong).fill(1, 7, 8))
    const { lastModified } = await client.statObject(s3.bucket, `${s3.prefix}${fileOf(right).key}`)
    await copy({ to, dataDir: kept.dataDir, s3 })
    for (const body of [right, wrong]) {
      assert.equal(await stored(s3, fileOf(body).key), createHash('sha256').update(body).digest('hex'))
    }
    const after = await client.statObject(s3.bucket, `${s3.prefix}${fileOf(right).key}`)
    assert.deepEqual(after.lastModified, lastModified)
  })

  test('one that is damaged or missing is named and not stored; mended, the copy goes on', async () => {
    const [to, s3] = [await freshDatabase(), place()]
    const { key, path } = fileOf(largeBody('large-b'))
    const whole = readFileSync(path)
    writeFileSync(path, Buffer.from(whole).fill(0, 100, 101))
    await expectMismatch(copy({ to, dataDir: kept.dataDir, s3 }), /\/large-b .*not the one/)
    assert.ok(
      !(await server
        .client()
        .statObject(s3.bucket, `${s3.prefix}${key}`)
        .then(Boolean, () => false)),
    )
    renameSync(path, `${path}-away`)
    await expectMismatch(copy({ to, dataDir: kept.dataDir, s3 }), /\/large-b .*missing/)
    writeFileSync(path, whole)
    const stages = new Set<string>()
    const report = await copy({ to, dataDir: kept.dataDir, s3 }, ({ stage }) => void stages.add(stage))
    assert.deepEqual([...stages], ['bodies', 'compare'])
    assert.equal(report.bodies.copied, 2)
  })

  test('a store that is not there is no success', async () => {
    const [to, s3] = [await freshDatabase(), place()]
    await server.stop()
    await assert.rejects(copy({ to, dataDir: kept.dataDir, s3 }), { code: 'OBJECTS_UNAVAILABLE' })
    await server.start()
    assert.equal((await copy({ to, dataDir: kept.dataDir, s3 })).bodies.copied, 2)
  })

  test('one S3 store is not copied into another', async () => {
    const [from, s3] = [await freshDatabase(), place()]
    await copy({ to: from, dataDir: kept.dataDir, s3 })
    const again = { from, to: await freshDatabase(), dataDir: kept.dataDir }
    await assert.rejects(copy({ ...again, s3: place() }), { code: 'OBJECTS_ELSEWHERE' })
    const { bodies } = await copy(again)
    assert.deepEqual(bodies, { place: `s3 ${s3.bucket}/${s3.prefix}`, copied: 0, bytes: 0 })
  })
})
