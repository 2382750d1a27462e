// What an operator is told at start when a setting of the S3 store is wrong: which one. On the real server where it can say so,
// else on answers as Amazon, COS, OSS and MinIO give them.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'

import { systemClock } from '../../../../src/base/clock.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { openS3Objects, type S3Options } from '../../../../src/core/objects/s3.ts'
import { openConnection } from '../../../../src/core/objects/s3/connection.ts'
import { lacksS3, type S3Server, startS3Server } from '../../../support/s3-server.ts'
import { s3Surround } from '../../../support/s3-world.ts'
import { freePort } from '../../../support/free-port.ts'

async function refusal(options: S3Options): Promise<{ code: string; detail: string }> {
  try {
    const objects = await openS3Objects(options)
    await objects[Symbol.asyncDispose]()
  } catch (error) {
    assert(error instanceof XpodError)
    return { code: error.code, detail: error.detail }
  }
  throw new Error('it was opened')
}

describe('the probe on a real store', { skip: lacksS3 }, () => {
  let server: S3Server
  before(async () => {
    server = await startS3Server()
  })
  after(() => server[Symbol.asyncDispose]())

  for (const [what, wrong, pattern] of [
    ['the access key', { accessKey: 'nobody' }, /s3-access-key/],
    ['the secret key', { secretKey: 'something else' }, /s3-secret-key/],
    ['the bucket', { bucket: 'no-such-bucket' }, /s3-bucket/],
    ['the region', { region: 'mars-north-1' }, /s3-region/],
  ] as const) {
    test(`names ${what}`, async () => {
      const { code, detail } = await refusal({ ...s3Surround(server), ...wrong })
      assert.equal(code, 'OBJECTS_REFUSED')
      assert.match(detail, pattern)
      assert.match(detail, new RegExp(`^127\\.0\\.0\\.1:${server.port}`), 'and the host')
      assert(!detail.includes(server.secretKey))
    })
  }

  test('names the URL when https is asked of an http port', async () => {
    const options = { ...s3Surround(server), endpoint: `https://127.0.0.1:${server.port}` }
    const { code, detail } = await refusal(options)
    assert.equal(code, 'OBJECTS_REFUSED')
    assert.match(detail, /\(s3\)/)
  })

  test('names the URL when nothing listens there', async () => {
    const options = { ...s3Surround(server), endpoint: `http://127.0.0.1:${await freePort()}` }
    assert.match((await refusal(options)).detail, /\(s3\).*ECONNREFUSED/)
  })
})

const location = { bucket: 'bucket', accessKey: 'key', secretKey: 'secret' }
const surround = s3Surround({ endpoint: '', region: 'us-east-1', ...location } as S3Server)

interface Answer {
  readonly status: number
  readonly body: string
  readonly date?: string
}

/** Answers every request alike; tells what was asked for. */
async function answering({ status, body, date }: Answer) {
  const asked: { host: string; path: string; authorization: string }[] = []
  const server = createServer((request, response) => {
    const { host = '', authorization = '' } = request.headers
    asked.push({ host, path: request.url!, authorization })
    request.resume()
    request.on('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml', ...(date === undefined ? {} : { date }) })
      response.end(body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function failing(code: string, status = 403): Answer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message><RequestId>1</RequestId></Error>`
  return { status, body }
}

for (const [what, answer, pattern] of [
  ['an expired key', failing('ExpiredToken', 400), /expired \(s3-access-key/],
  ['an expired key of OSS', failing('SecurityTokenExpired'), /expired \(s3-access-key/],
  ['a key without the right', failing('AccessDenied'), /may not do this.*s3-bucket/],
  ['another region', failing('PermanentRedirect', 301), /s3-region/],
  ['a wish for the bucket in the host name', failing('SecondLevelDomainForbidden'), /s3-addressing/],
  ['a web server', { status: 404, body: '<html><p>Not Found</html>' }, /no S3 store answers there \(s3\)/],
  ['a web server that allows no PUT', { status: 405, body: '' }, /no S3 store answers there \(s3\)/],
  [
    'a clock that is wrong',
    { ...failing('RequestTimeTooSkewed'), date: new Date(Date.now() + 3_600_000).toUTCString() },
    /clock of this machine is 3\d\d\d s behind/,
  ],
] as const) {
  test(`the probe names ${what}`, async () => {
    await using store = await answering(answer)
    const { code, detail } = await refusal({ ...surround, endpoint: store.endpoint })
    assert.equal(code, 'OBJECTS_REFUSED')
    assert.match(detail, pattern)
  })
}

for (const status of [500, 503, 429]) {
  test(`a store that answers ${status} is asked again, and then said to be unavailable`, async () => {
    await using store = await answering(failing('SlowDown', status))
    assert.equal((await refusal({ ...surround, endpoint: store.endpoint })).code, 'OBJECTS_UNAVAILABLE')
    assert.equal(store.asked.length, 2)
  })
}

test('a full store is a full disk', async () => {
  await using store = await answering(failing('XMinioStorageFull', 507))
  assert.equal((await refusal({ ...surround, endpoint: store.endpoint })).code, 'DISK_FULL')
})

test('the bucket stands where the setting says, and the region of the signature is the given one', async () => {
  await using store = await answering(failing('AccessDenied'))
  const endpoint = store.endpoint.replace('127.0.0.1', 'localhost')
  for (const addressing of ['path', 'host'] as const) {
    await refusal({ ...surround, endpoint, addressing, region: 'cn-north-9' }).catch(() => undefined)
  }
  assert.match(store.asked[0]!.path, /^\/bucket\/probe\//)
  assert.match(store.asked[0]!.authorization, /\/cn-north-9\/s3\//)
  assert(
    store.asked.slice(1).every(({ host, path }) => host.startsWith('bucket.localhost') && path.startsWith('/probe/')),
  )
})

for (const [endpoint, region, url] of [
  ['https://s3.eu-central-1.amazonaws.com', 'eu-central-1', 'https://bucket.s3.eu-central-1.amazonaws.com/a/b'],
  ['https://cos.ap-guangzhou.myqcloud.com', 'ap-guangzhou', 'https://bucket.cos.ap-guangzhou.myqcloud.com/a/b'],
  ['https://s3.oss-cn-hangzhou.aliyuncs.com', 'cn-hangzhou', 'https://bucket.s3.oss-cn-hangzhou.aliyuncs.com/a/b'],
  [
    'https://oss-cn-hangzhou-internal.aliyuncs.com',
    'cn-hangzhou',
    'https://bucket.oss-cn-hangzhou-internal.aliyuncs.com/a/b',
  ],
  ['https://minio.example:9000', 'us-east-1', 'https://minio.example:9000/bucket/a/b'],
  ['http://[::1]:9000', 'us-east-1', 'http://[::1]:9000/bucket/a/b'],
] as const) {
  test(`of ${endpoint} the region and the place of the bucket are known`, async () => {
    await using connection = openConnection({ ...location, endpoint }, systemClock)
    const { signal } = new AbortController()
    const signed = await connection.attempt({ signal, timeoutMs: 1000, isDownload: false }, (client) =>
      client.presignedGetObject('bucket', 'a/b'),
    )
    const { origin, pathname, searchParams } = new URL(signed)
    assert.equal(origin + pathname, url)
    assert.equal(searchParams.get('X-Amz-Credential')?.split('/')[2], region)
  })
}
