// How PostgreSQL is reached: what its URL says, TLS that is verified, and through PgBouncer in transaction mode.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { systemClock } from '../../../src/base/clock.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import type { Migration } from '../../../src/core/db/migrations.ts'
import { connectPostgres, openPostgres } from '../../../src/core/db/postgres/open.ts'
import { readPostgresUrl } from '../../../src/core/db/postgres/target.ts'
import { numberPlaceholders } from '../../../src/core/db/postgres/values.ts'
import { databaseSuite } from '../../conformance/database.ts'
import { lacksOpenssl, makeCertificate } from '../../support/certificate.ts'
import { lacksPgBouncer, type PgBouncer, startPgBouncer } from '../../support/pgbouncer.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { startPostgres } from '../../support/postgres-server.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const parts = { log: silentLog, clock: systemClock, metrics: createMetrics(), random: systemRandom }
const table: Migration = { number: 1, name: 'one', sql: '', postgres: 'CREATE TABLE one (id bigint PRIMARY KEY)' }

function failsWith(code: string, detail = /^/): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code && detail.test(error.detail)
}

test('a URL names hosts, user, password and database', async () => {
  const url = 'postgresql://me:p%40ss%3A@[::1]:6000,db.example,10.0.0.1:1/a%20b?sslmode=disable&application_name=x'
  const { addresses, ...rest } = await readPostgresUrl(url)
  assert.deepEqual(rest, { user: 'me', password: 'p@ss:', database: 'a b', applicationName: 'x' })
  assert.deepEqual(addresses, [
    { host: '::1', port: 6000, tls: false },
    { host: 'db.example', port: 5432, tls: false },
    { host: '10.0.0.1', port: 1, tls: false },
  ])
  const socket = await readPostgresUrl('postgres://me@/?host=/run/postgresql&port=5433')
  assert.deepEqual(socket, {
    addresses: [{ host: '/run/postgresql', port: 5433, tls: false }],
    user: 'me',
    password: '',
    database: 'me',
    applicationName: 'xpod',
  })
})

test('another machine is verified unless the URL says otherwise; this one is not', async () => {
  const tlsOf = async (rest: string): Promise<unknown> =>
    (await readPostgresUrl(`postgres://me@${rest}`)).addresses[0]!.tls
  for (const local of ['localhost', '127.0.0.1', '[::1]', 'a.localhost']) assert.equal(await tlsOf(local), false, local)
  for (const remote of ['db.example', '10.0.0.1', '127.example']) assert.deepEqual(await tlsOf(remote), {}, remote)
  assert.deepEqual(await tlsOf('localhost?sslmode=verify-full'), {})
  assert.deepEqual(await tlsOf('db.example?sslmode=require'), { rejectUnauthorized: false })
})

for (const [what, url] of Object.entries({
  'no user': 'postgres://host/a',
  'no TLS but only if the server wants none': 'postgres://me@host/a?sslmode=prefer',
  'a parameter that is not known': 'postgres://me@host/a?statement_timeout=1',
  'a read-only server': 'postgres://me@host/a?target_session_attrs=any',
  'a port that is none': 'postgres://me@host:99999/a',
  'a certificate that is not there': 'postgres://me@host/a?sslrootcert=/nowhere',
  'broken encoding': 'postgres://me:%@host/a',
  'eleven hosts': `postgres://me@${Array.from({ length: 11 }, () => 'h').join(',')}/a`,
})) {
  test(`a URL with ${what} is refused`, async () => {
    await assert.rejects(readPostgresUrl(url), failsWith('CONFIG_INVALID'))
  })
}

test('placeholders get numbers, question marks in texts, names and comments stay', () => {
  const query = `SELECT '?''?', "a?" -- ?\n, ? FROM t WHERE b = ? AND c = '?'`
  assert.equal(numberPlaceholders(query), `SELECT '?''?', "a?" -- ?\n, $1 FROM t WHERE b = $2 AND c = '?'`)
})

const lacksTls = lacksPostgres || lacksOpenssl

test('TLS: the name and the issuer are verified, and the connection is encrypted', { skip: lacksTls }, async () => {
  await using dir = await temporaryDirectory()
  const right = await makeCertificate(dir.path, 'DNS:localhost,IP:127.0.0.1')
  const wrongName = await makeCertificate(dir.path, 'DNS:db.example')
  const open = async (url: string, rest: string): Promise<boolean> => {
    await using db = await connectPostgres({ ...parts, url: `${url}?${rest}`, startWithinMs: 0 })
    const [row] = await db.read('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', [])
    return row?.ssl === 1 && (await db.status()).isEncrypted
  }
  {
    await using server = await startPostgres({ tls: { ...right, required: true } })
    const full = `sslmode=verify-full&sslrootcert=${right.file}`
    for (const host of ['127.0.0.1', 'localhost']) {
      assert.equal(await open(server.url().replace('127.0.0.1', host), full), true, host)
    }
    await assert.rejects(open(server.url(), 'sslmode=verify-full'), failsWith('DATABASE_UNSUITABLE', /self-signed/))
    await assert.rejects(open(server.url(), 'sslmode=disable'), failsWith('DATABASE_UNSUITABLE', /pg_hba/))
    assert.equal(await open(server.url(), 'sslmode=require'), true)
  }
  await using server = await startPostgres({ tls: wrongName })
  const by = `sslrootcert=${wrongName.file}`
  await assert.rejects(
    open(server.url(), `sslmode=verify-full&${by}`),
    failsWith('DATABASE_UNSUITABLE', /does not match/),
  )
  assert.equal(await open(server.url(), `sslmode=verify-ca&${by}`), true)
})

let bouncer: Promise<PgBouncer> | undefined
after(async () => (await bouncer)?.[Symbol.asyncDispose]())

async function throughPooler(url: string): Promise<string> {
  const { port } = await sharedPostgres()
  return (await (bouncer ??= startPgBouncer({ port, settings: { default_pool_size: 2 } }))).url(url)
}

if (lacksPgBouncer === false && lacksPostgres === false) {
  databaseSuite('postgres through a pooler', async () => {
    const url = await throughPooler(await (await sharedPostgres()).freshDatabase())
    const db = await openPostgres({ ...parts, url, migrations: [table] })
    return { db, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
  })
}

test('through a pooler every transaction brings its settings along', { skip: lacksPgBouncer }, async () => {
  const direct = await (await sharedPostgres()).freshDatabase()
  const url = await throughPooler(direct)
  const timeouts = { statementMs: 300, lockMs: 100, idleMs: 500, connectMs: 1000, resolveMs: 5000 }
  await using db = await openPostgres({ ...parts, url, migrations: [table], timeouts })
  assert.equal((await db.status()).isPooled, true)
  await assert.rejects(db.read('SELECT pg_sleep(20)', []), failsWith('DATABASE_UNAVAILABLE', /too long/))
  const adds = Array.from({ length: 50 }, (_, id) => db.write([{ query: 'INSERT INTO one VALUES (?)', args: [id] }]))
  await Promise.all(adds)
  assert.deepEqual(await db.read('SELECT count(*) AS n FROM one', []), [{ n: 50 }])
  const [row] = await db.call("SELECT current_setting('lock_timeout') AS it", [])
  assert.equal(row?.it, '100ms')
  await using other = await connectPostgres({ ...parts, url: direct })
  assert.equal((await other.status()).isPooled, false)
})
