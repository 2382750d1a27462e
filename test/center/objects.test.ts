// Where a center keeps large bodies: what was written with one place starts with that place only.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { collect } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import { XpodError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import type { S3Place } from '../../src/center/options.ts'
import { type OpenedStore, openStore } from '../../src/center/store.ts'
import { lacksS3, type S3Server, startS3Server } from '../support/s3-server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { chunksOf } from '../support/temporary-store.ts'

const { signal } = new AbortController()

function open(dataDir: string, s3: S3Place | undefined): Promise<OpenedStore> {
  const metrics = createMetrics()
  return openStore(
    { dataDir, db: 'sqlite:', s3, cache: undefined },
    { clock: systemClock, random: systemRandom, log: silentLog, metrics, onFatal: () => {} },
  )
}

describe('a store with its bodies in S3', { skip: lacksS3 }, () => {
  let server: S3Server
  let s3: S3Place
  before(async () => {
    server = await startS3Server()
    const { endpoint, bucket, region, accessKey, secretKey } = server
    s3 = { endpoint, bucket, region, accessKey, secretKey, prefix: 'one/', addressing: undefined }
  })
  after(() => server[Symbol.asyncDispose]())

  const refuses = (dataDir: string, place: S3Place | undefined): Promise<void> =>
    assert.rejects(
      () => open(dataDir, place),
      (error) => error instanceof XpodError && error.code === 'OBJECTS_ELSEWHERE' && error.exit === 78,
    )

  test('finds them again after a restart, and does not start without them', async () => {
    await using dir = await temporaryDirectory()
    {
      await using opened = await open(dir.path, s3)
      await opened.objects.put('pod/x', chunksOf(Buffer.from('body')), {}, signal)
    }
    await refuses(dir.path, undefined)
    await refuses(dir.path, { ...s3, prefix: 'two/' })
    await using again = await open(dir.path, { ...s3, endpoint: s3.endpoint.replace('127.0.0.1', 'localhost') })
    assert.equal((await collect(await again.objects.get('pod/x', undefined, signal), 10)).toString(), 'body')
  })

  test('is not made of one with its bodies in files, not even of one that an older version wrote', async () => {
    await using dir = await temporaryDirectory()
    {
      await using opened = await open(dir.path, undefined)
      await opened.objects.put('pod/x', chunksOf(Buffer.from('body')), {}, signal)
      await opened.db.write([{ query: "DELETE FROM setting WHERE key = 'objects'", args: [] }])
    }
    await refuses(dir.path, s3)
    await using _opened = await open(dir.path, undefined)
  })

  test('says which setting is wrong, with nothing left open', async () => {
    await using dir = await temporaryDirectory()
    const wrong = open(dir.path, { ...s3, bucket: 'mistyped', secretKey: 'wrong' })
    await assert.rejects(wrong, (error) => error instanceof XpodError && /s3-secret-key/.test(error.message))
    await using _opened = await open(dir.path, s3)
  })

  test('may be made of one whose bodies all lie in the database', async () => {
    await using dir = await temporaryDirectory()
    await (await open(dir.path, undefined))[Symbol.asyncDispose]()
    await (await open(dir.path, s3))[Symbol.asyncDispose]()
    await refuses(dir.path, undefined)
  })
})
