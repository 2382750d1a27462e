// Where the S3 store is: its URL, the settings beside it, and the names that other software gave them.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { XpodError } from '../../src/base/errors.ts'
import { loadSettings, masked } from '../../src/config/load.ts'
import { s3Of } from '../../src/config/s3.ts'

function read(env: Record<string, string>, flags: Record<string, string> = {}): ReturnType<typeof s3Of> {
  return s3Of(loadSettings(flags, env).settings)
}

function failsWith(code: string, env: Record<string, string>, pattern: RegExp): void {
  assert.throws(
    () => read(env),
    (error) => error instanceof XpodError && error.code === code && pattern.test(error.message),
  )
}

const keys = { XPOD_S3_ACCESS_KEY: 'key', XPOD_S3_SECRET_KEY: 'secret' }
const whole = {
  endpoint: 'https://s3.example.org',
  prefix: '',
  bucket: 'pods',
  accessKey: 'key',
  secretKey: 'secret',
  region: undefined,
  addressing: undefined,
}

test('without any of it there is no store', () => {
  assert.equal(read({}), undefined)
})

test('bucket, prefix and keys may stand in the URL', () => {
  const flags = {
    s3: 'https://key:s%2Fecret@s3.example.org/pods/center/1/',
    's3-region': 'eu-1',
    's3-addressing': 'host',
  }
  const more = { prefix: 'center/1/', secretKey: 's/ecret', region: 'eu-1', addressing: 'host' }
  assert.deepEqual(read({}, flags), { ...whole, ...more })
})

test('they may stand beside it, under the names of other software too', () => {
  assert.deepEqual(read({ ...keys, XPOD_S3: 'https://s3.example.org', XPOD_S3_BUCKET: 'pods' }), whole)
  const css = {
    CSS_MINIO_ENDPOINT: 'https://s3.example.org',
    CSS_MINIO_BUCKET_NAME: 'pods',
    CSS_MINIO_ACCESS_KEY: 'key',
    CSS_MINIO_SECRET_KEY: 'secret',
  }
  assert.deepEqual(read(css), whole)
  assert.deepEqual(read({ ...css, CSS_MINIO_ENDPOINT: 's3.example.org' }), whole, 'a bare host')
  assert.equal(read({ ...css, CSS_MINIO_ENDPOINT: 'http://localhost:9000' })?.endpoint, 'http://localhost:9000')
})

test('keys may come from files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xpod-s3-keys-'))
  await writeFile(join(folder, 'secret'), 'secret\n')
  await writeFile(join(folder, 's3-access-key'), 'key\n')
  const env = {
    XPOD_S3: 'https://s3.example.org/pods',
    CSS_MINIO_SECRET_KEY_FILE: join(folder, 'secret'),
    CREDENTIALS_DIRECTORY: folder,
  }
  assert.deepEqual(read(env), whole)
  await rm(folder, { recursive: true })
})

test('what is said twice must be said alike', () => {
  const url = { XPOD_S3: 'https://key:secret@s3.example.org/pods' }
  assert.deepEqual(read({ ...url, XPOD_S3_BUCKET: 'pods', CSS_MINIO_ACCESS_KEY: 'key' }), whole)
  failsWith('CONFIG_CONFLICT', { ...url, XPOD_S3_BUCKET: 'other' }, /s3-bucket/)
  failsWith('CONFIG_CONFLICT', { ...url, XPOD_S3_SECRET_KEY: 'other' }, /s3-secret-key/)
  failsWith('CONFIG_CONFLICT', { ...url, CSS_MINIO_ENDPOINT: 'https://other.example' }, /CSS_MINIO_ENDPOINT/)
  failsWith('CONFIG_CONFLICT', { XPOD_S3_BUCKET: 'pods', CSS_MINIO_BUCKET_NAME: 'other' }, /s3-bucket/)
})

test('half of it is refused, and the missing piece is named', () => {
  failsWith('CONFIG_INVALID', { XPOD_S3: 'https://s3.example.org', ...keys }, /s3-bucket/)
  failsWith('CONFIG_INVALID', { XPOD_S3: 'https://key@s3.example.org/pods' }, /s3-secret-key/)
  failsWith('CONFIG_INVALID', { XPOD_S3_BUCKET: 'pods' }, /s3 is not/)
})

test('what cannot be a store is refused', () => {
  for (const text of [
    'ftp://s3.example.org/pods',
    'https://s3.example.org/UPPER',
    'https://s3.example.org/pods?x=1',
    '',
  ]) {
    failsWith('CONFIG_INVALID', { XPOD_S3: text }, /s3/)
  }
})

test('no key is ever shown', () => {
  assert.equal(masked('s3-secret-key', 'secret'), '***')
  assert.equal(masked('s3-access-key', 'key'), '***')
  assert.equal(masked('s3', 'https://key:secret@s3.example.org/pods'), 'https://key:***@s3.example.org/pods')
  failsWith('CONFIG_INVALID', { XPOD_S3_SECRET_KEY: 'my secret' }, /s3-secret-key .* is \*\*\*/)
})
