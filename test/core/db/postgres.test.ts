// PostgreSQL as a database: the suite of the contract, its types, transactions under contention, and what each failure looks
// like from outside.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'

import { systemClock } from '../../../src/base/clock.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { systemRandom } from '../../../src/base/random.ts'
import type { Migration } from '../../../src/core/db/migrations.ts'
import { connectPostgres, openPostgres, type PostgresEngine } from '../../../src/core/db/postgres/open.ts'
import { databaseSuite } from '../../conformance/database.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { until } from '../../support/until.ts'

const skip = lacksPostgres
const table: Migration = {
  number: 1,
  name: 'one',
  sql: '',
  postgres: `CREATE TABLE one (id bigint PRIMARY KEY, text text COLLATE "C" UNIQUE, bytes bytea, n bigint NOT NULL DEFAULT 0);
    INSERT INTO one (id, text) VALUES (0, 'first');`,
}
const parts = { log: silentLog, clock: systemClock, metrics: createMetrics(), random: systemRandom }

async function openFresh(migrations: readonly Migration[] = [table]): Promise<PostgresEngine & { url: string }> {
  const url = await (await sharedPostgres()).freshDatabase()
  return Object.assign(await openPostgres({ ...parts, url, migrations }), { url })
}

function failsWith(code: string, detail = /^/): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code && detail.test(error.detail)
}

if (skip === false) {
  databaseSuite('postgres', async () => {
    const db = await openFresh()
    return { db, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
  })
}

test('values come back as they were given', { skip }, async () => {
  await using db = await openFresh()
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  const text = 'ä "quoted" \\ \n 中文 {1,2} ?'
  const big = Number.MAX_SAFE_INTEGER
  const insert = 'INSERT INTO one (id, text, bytes, n) VALUES (?, ?, ?, ?)'
  await db.write([
    { query: insert, args: [big, text, bytes, -1] },
    { query: insert, args: [2n ** 62n, null, null, 0] },
  ])
  const rows = await db.read("SELECT *, id = 0 AS no, 'a?' AS mark FROM one WHERE id > ? ORDER BY id", [0])
  const expected = { id: big, text, bytes: Buffer.from(bytes), n: -1, no: 0, mark: 'a?' }
  assert.deepEqual(rows, [expected, { id: 2n ** 62n, text: null, bytes: null, n: 0, no: 0, mark: 'a?' }])
  assert.deepEqual(await db.read('SELECT 1 AS one WHERE true = ?', [1]), [{ one: 1 }])
})

test('arrays are unnested', { skip }, async () => {
  await using db = await openFresh()
  const rows = await db.call('SELECT * FROM unnest(?::bigint[], ?::text[], ?::bytea[]) AS t (a, b, c)', [
    [1, null, 3],
    ['a"\\', 'b,{}', null],
    [Uint8Array.of(0, 255, 92), null, new Uint8Array(0)],
  ])
  assert.deepEqual(rows, [
    { a: 1, b: 'a"\\', c: Buffer.of(0, 255, 92) },
    { a: null, b: 'b,{}', c: null },
    { a: 3, b: null, c: Buffer.alloc(0) },
  ])
})

test('a text with U+0000 equals nothing and fails nothing', { skip }, async () => {
  await using db = await openFresh()
  assert.deepEqual(await db.read('SELECT id FROM one WHERE text = ?', ['first\0']), [])
})

test('a migration runs once, its table of checksums is compared, and one that fails leaves nothing', {
  skip,
}, async () => {
  await using first = await openFresh()
  const { url } = first
  const second: Migration = { number: 2, name: 'two', sql: '', postgres: 'CREATE TABLE two (id bigint); SELECT 1' }
  const broken: Migration = { ...second, postgres: 'CREATE TABLE two (id bigint); SELECT * FROM nowhere' }
  await assert.rejects(openPostgres({ ...parts, url, migrations: [table, broken] }), /nowhere/)
  assert.deepEqual(await first.read("SELECT to_regclass('two') AS it", []), [{ it: null }])
  const four = Array.from({ length: 4 }, () => openPostgres({ ...parts, url, migrations: [table, second] }))
  for (const db of await Promise.all(four)) await db[Symbol.asyncDispose]()
  assert.equal((await first.status()).applied.length, 2)
  await assert.rejects(openPostgres({ ...parts, url, migrations: [table] }), failsWith('SCHEMA_NEWER'))
  const altered = { ...table, postgres: `${table.postgres} ` }
  await assert.rejects(openPostgres({ ...parts, url, migrations: [altered, second] }), failsWith('SCHEMA_ALTERED'))
})

test('looking at an empty database writes nothing', { skip }, async () => {
  const url = await (await sharedPostgres()).freshDatabase()
  await using db = await connectPostgres({ ...parts, url })
  const { applied, isPooled, isEncrypted, versionNumber } = await db.status()
  assert.deepEqual([applied, isPooled, isEncrypted], [[], false, false])
  assert.ok(versionNumber >= 150_000)
  assert.deepEqual(await db.read("SELECT 1 AS one FROM pg_tables WHERE schemaname = 'public'", []), [])
})

test('writes that lock the same rows crosswise go through; one that never gets its turn is told and stores nothing', {
  skip,
}, async () => {
  // The standard of 1 s makes this slow, not different.
  await (await sharedPostgres()).set({ deadlock_timeout: '20ms' })
  await using db = await openFresh()
  await db.write([{ query: "INSERT INTO one (id, text) VALUES (1, 'second')", args: [] }])
  const add = (id: number) => ({ query: 'UPDATE one SET n = n + 1 WHERE id = ?', args: [id], expect: 1 })
  const writes = Array.from({ length: 40 }, (_, n) => db.write(n % 2 === 0 ? [add(0), add(1)] : [add(1), add(0)]))
  const results = await Promise.allSettled(writes)
  const refused = results.filter((result) => result.status === 'rejected')
  for (const { reason } of refused) assert.ok(failsWith('OVERLOADED')(reason))
  assert.ok(refused.length < 20, `${refused.length} of 40`)
  const n = 40 - refused.length
  assert.deepEqual(await db.read('SELECT n FROM one ORDER BY id', []), [{ n }, { n }])
})

test('of many that take a name that was free a moment ago one gets it and the others are told', { skip }, async () => {
  await using db = await openFresh()
  for (let round = 1; round <= 10; round++) {
    const take = Array.from({ length: 8 }, (_, n) =>
      db.write([
        {
          query: `INSERT INTO one (id, text) SELECT CAST(? AS bigint), CAST(? AS text)
            WHERE NOT EXISTS (SELECT 1 FROM one WHERE text = ?)`,
          args: [round * 100 + n, `name ${round}`, `name ${round}`],
          expect: 1,
        },
      ]),
    )
    const results = await Promise.all(take)
    assert.equal(results.filter((result) => result.ok).length, 1)
  }
})

test('more than 10 000 that wait are refused as overload', { skip }, async () => {
  await using fresh = await openFresh()
  // Time stands still: however slow the machine, nobody has waited for too long.
  await using db = await connectPostgres({ ...parts, url: fresh.url, clock: createFakeClock() })
  const reads = Array.from({ length: 10_100 }, () => db.read('SELECT 1 AS one', []))
  const results = await Promise.allSettled(reads)
  const refused = results.filter((result) => result.status === 'rejected')
  assert.ok(refused.length > 0 && refused.length <= 100, `${refused.length}`)
  for (const { reason } of refused) assert.ok(failsWith('OVERLOADED')(reason))
})

test('a lock that stays is given up, a statement that does not end as well', { skip }, async () => {
  await using db = await openFresh()
  const timeouts = { statementMs: 300, lockMs: 50, idleMs: 1000, connectMs: 1000, resolveMs: 5000 }
  await using hasty = await connectPostgres({ ...parts, url: db.url, timeouts })
  await assert.rejects(hasty.read('SELECT pg_sleep(20)', []), failsWith('DATABASE_UNAVAILABLE', /too long/))
  const held = db.call(
    'WITH locked AS MATERIALIZED (SELECT n FROM one WHERE id = ? FOR UPDATE) SELECT pg_sleep(2) FROM locked',
    [0],
  )
  await until('the row is locked', async () => {
    const rows = await db.call('SELECT n FROM one WHERE id = 0 FOR UPDATE SKIP LOCKED', [])
    return rows.length === 0
  })
  const result = hasty.write([{ query: 'UPDATE one SET n = 9 WHERE id = 0', args: [] }])
  await assert.rejects(result, failsWith('OVERLOADED'))
  await held
  assert.deepEqual(await db.read('SELECT n FROM one WHERE id = 0', []), [{ n: 0 }])
})

test('a write is durable for what the server would not wait for', { skip }, async () => {
  const server = await sharedPostgres()
  await server.set({ synchronous_commit: 'off' })
  after(() => server.set({ synchronous_commit: 'on' }))
  await using db = await openFresh()
  const [row] = await db.read('SELECT current_setting(?) AS it', ['synchronous_commit'])
  assert.equal(row?.it, 'on')
})

test('what cannot be used is said at the start', { skip }, async () => {
  const server = await sharedPostgres()
  const url = await server.freshDatabase()
  const open = (to: string) => connectPostgres({ ...parts, url: to, startWithinMs: 0 })
  await assert.rejects(open(url.replace(/:[^:@]*@/, ':wrong@')), failsWith('DATABASE_UNSUITABLE', /authentication/))
  await assert.rejects(open(url.replace(/:[^:@]*@/, '@')), failsWith('DATABASE_UNSUITABLE', /password/))
  await assert.rejects(open(`${url}nowhere`), failsWith('DATABASE_UNSUITABLE', /does not exist/))
  await assert.rejects(open(`${url}?sslmode=require`), failsWith('DATABASE_UNSUITABLE', /TLS/))
  await assert.rejects(open('postgres://a@127.0.0.1:1/b'), failsWith('DATABASE_UNAVAILABLE'))
  for (const [setting, word] of [
    ['fsync', /fsync/],
    ['full_page_writes', /full_page_writes/],
  ] as const) {
    await server.set({ [setting]: 'off' })
    await until('it is set', async () => (await server.query(`SHOW ${setting}`))[0]?.[setting] === 'off')
    await assert.rejects(open(url), failsWith('DATABASE_UNSUITABLE', word))
    await server.set({ [setting]: 'on' })
  }
  await server.query(`CREATE ROLE guest LOGIN PASSWORD 'guest'`)
  const asGuest = url.replace(/\/\/[^@]*@/, '//guest:guest@')
  await assert.rejects(
    openPostgres({ ...parts, url: asGuest, migrations: [table] }),
    failsWith('DATABASE_UNSUITABLE', /permission denied/),
  )
  await server.query(`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`)
  await assert.rejects(open(server.url('latin')), failsWith('DATABASE_UNSUITABLE', /LATIN1/))
})
