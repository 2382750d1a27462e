// An S3 store over TLS: its certificate is verified, and bodies that the signature leaves out are checked another way.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

import { collect, MiB } from '../../../../src/base/bytes.ts'
import { XpodError } from '../../../../src/base/errors.ts'
import { openS3Objects } from '../../../../src/core/objects/s3.ts'
import { lacksOpenssl, makeCertificate } from '../../../support/certificate.ts'
import { lacksS3, startS3Server } from '../../../support/s3-server.ts'
import { s3Surround } from '../../../support/s3-world.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'
import { chunksOf } from '../../../support/temporary-store.ts'

const { signal } = new AbortController()

test('only a store with a trusted certificate is used, then whole', {
  skip: lacksS3 || lacksOpenssl,
}, async (context) => {
  await using dir = await temporaryDirectory()
  const certificate = await makeCertificate(dir.path, 'IP:127.0.0.1')
  await using server = await startS3Server(certificate)
  const options = s3Surround(server)
  assert.match(options.endpoint, /^https:/)
  await assert.rejects(
    openS3Objects(options),
    (error) => error instanceof XpodError && /certificate of the store is not trusted \(s3\)/.test(error.message),
  )
  const trusted = getCACertificates('default')
  context.after(() => setDefaultCACertificates(trusted))
  setDefaultCACertificates([...trusted, certificate.cert])
  await using objects = await openS3Objects(options)
  for (const size of [0, 1000, 9 * MiB]) {
    const bytes = randomBytes(size)
    await objects.put(`pod/n${size}`, chunksOf(bytes), {}, signal)
    assert(bytes.equals(await collect(await objects.get(`pod/n${size}`, undefined, signal), size)))
  }
})
