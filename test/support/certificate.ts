// Self-signed certificates for servers of tests, made by openssl.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { canRun, lacks } from './needs.ts'

export interface TestCertificate {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  /** Where the certificate lies; the key lies beside it. */
  readonly file: string
  readonly keyFile: string
}

/** For a test's `skip` option. */
export const lacksOpenssl = lacks('openssl', canRun('openssl', 'version'))

/** `names` as in `DNS:localhost,IP:127.0.0.1`. */
export async function makeCertificate(dir: string, names: string): Promise<TestCertificate> {
  const [keyFile, file] = [join(dir, `${names.length}.key`), join(dir, `${names.length}.crt`)]
  const kind = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test'
  const options = ['-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', file]
  const made = spawnSync('openssl', [...kind.split(' '), ...options])
  assert.equal(made.status, 0, String(made.stderr))
  return { cert: await readFile(file, 'utf8'), key: await readFile(keyFile, 'utf8'), file, keyFile }
}
