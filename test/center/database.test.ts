// What an operator is told of the database, and migrating it by hand: on SQLite and on PostgreSQL.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../../src/base/clock.ts'
import { XpodError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { createMetrics } from '../../src/base/metrics.ts'
import { systemRandom } from '../../src/base/random.ts'
import { inspectDatabase, migrateDatabase, type Whereabouts } from '../../src/center/database/inspection.ts'
import { migrations } from '../../src/center/database/migrations.ts'
import type { Surround } from '../../src/center/store.ts'
import { openPostgres } from '../../src/core/db/postgres/open.ts'
import { openSqlite } from '../../src/core/db/sqlite/open.ts'
import { lacksPostgres } from '../support/postgres-programs.ts'
import { sharedPostgres } from '../support/stores.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const parts: Surround = {
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  metrics: createMetrics(),
  onFatal: (error) => assert.fail(String(error)),
}
const newest = migrations.at(-1)!
const allButNewest = migrations.slice(0, -1)

test('migrations are numbered without gaps and have a text for both', () => {
  assert.deepEqual(
    migrations.map(({ number }) => number),
    migrations.map((_, index) => index + 1),
  )
  for (const { name, sql, postgres } of migrations) assert.ok(`${sql}${postgres}`.trim() !== '', name)
})

async function expectOneToRun(where: Whereabouts): Promise<void> {
  const before = await inspectDatabase(where, parts)
  assert.deepEqual(before.pending, [{ number: newest.number, name: newest.name }])
  assert.equal(before.schema, newest.number - 1)
  // Looking changes nothing.
  assert.deepEqual(await inspectDatabase(where, parts), before)
  await migrateDatabase(where, parts)
  const after = await inspectDatabase(where, parts)
  assert.deepEqual([after.pending, after.schema], [[], newest.number])
}

test('what is pending is told and run (sqlite)', async () => {
  await using dir = await temporaryDirectory()
  const where = { db: 'sqlite:', dataDir: dir.path }
  const isUnusable = (error: unknown): boolean => error instanceof XpodError && error.code === 'DATA_DIR_UNUSABLE'
  await assert.rejects(inspectDatabase(where, parts), isUnusable)
  await assert.rejects(migrateDatabase(where, parts), isUnusable)
  {
    await using _db = await openSqlite({ ...parts, dir: dir.path, migrations: allButNewest, ballastBytes: 0 })
  }
  await expectOneToRun(where)
  const { engine, address, version } = await inspectDatabase(where, parts)
  assert.deepEqual([engine, address], ['sqlite', `${dir.path}/xpod.db`])
  assert.match(version, /^3\./)
})

test('what is pending is told and run (postgres)', { skip: lacksPostgres }, async () => {
  const server = await sharedPostgres()
  const url = await server.freshDatabase()
  const where = { db: url, dataDir: '/nowhere' }
  assert.equal((await inspectDatabase(where, parts)).pending.length, migrations.length)
  {
    await using _db = await openPostgres({ ...parts, url, migrations: allButNewest })
  }
  await expectOneToRun(where)
  const report = await inspectDatabase(where, parts)
  assert.equal(report.address, `127.0.0.1:${server.port}/${new URL(url).pathname.slice(1)}`)
  assert.deepEqual([report.server?.encrypted, report.server?.synchronousStandbys], [false, ''])
  assert.doesNotMatch(JSON.stringify(report), new RegExp(new URL(url).password))
})

test('readers of SQL find the home of a pod by its id and by its name', { skip: lacksPostgres }, async () => {
  const url = await (await sharedPostgres()).freshDatabase()
  await using db = await openPostgres({ ...parts, url, migrations })
  await db.write([
    {
      query: `INSERT INTO pod (pod, id, name, base, aliases, owners, quota_bytes, quota_resources, created_ms)
        VALUES (7, 'id-1', 'alice', 'https://h/alice/', '[]', '[]', 1, 1, 1)`,
      args: [],
    },
    {
      query: `INSERT INTO pod_head (pod, node, epoch, state, seq, mark, acl_seq, bytes, resources, digest, floor_seq,
        floor_mark, pins) VALUES (7, 'node-1', 1, 'active', 1, 1, 1, 0, 0, '', 0, 0, 0)`,
      args: [],
    },
  ])
  for (const id of ['id-1', 'alice']) {
    const rows = await db.read('SELECT node_id FROM identity_pod_location WHERE pod_id = ?', [id])
    assert.deepEqual(rows, [{ node_id: 'node-1' }], id)
  }
  const rows = await db.read('SELECT * FROM identity_pod', [])
  assert.deepEqual(rows, [
    {
      pod_id: 'id-1',
      name: 'alice',
      base_url: 'https://h/alice/',
      node_id: 'node-1',
      migration_status: null,
      migration_target_node: null,
      migration_progress: null,
    },
  ])
})
