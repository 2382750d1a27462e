// What `db copy` will not do: take what somebody uses, fill what is not empty, mix two sources, call a copy good that is not.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import Sqlite from 'better-sqlite3'

import type { ErrorCode } from '../../../src/base/error-codes.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import type { CopyProgress } from '../../../src/center/database/copy/copy.ts'
import { migrations } from '../../../src/center/database/migrations.ts'
import { openPostgres } from '../../../src/core/db/postgres/open.ts'
import { openSqlite } from '../../../src/core/db/sqlite/open.ts'
import { startTestCenter } from '../../support/center.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { runXpod } from '../../support/spawn.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { bytesOf, copy, parts } from './world.ts'

const skip = lacksPostgres

let dataDir: string
let port = 0
let made = 0
before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'xpod-copy-'))
  await use()
})
after(() => rmSync(dataDir, { recursive: true, force: true }))

/** A center runs on the source, makes a pod and stops. */
async function use(): Promise<void> {
  await using center = await startTestCenter({ dataDir, db: 'sqlite:', listen: { host: '127.0.0.1', port } })
  port = Number(new URL(center.baseUrl).port)
  await center.createPod(`pod${made++}`)
}

const freshDatabase = async (): Promise<string> => (await sharedPostgres()).freshDatabase()

function refuses(copying: Promise<unknown>, code: ErrorCode, detail: RegExp): Promise<void> {
  return assert.rejects(copying, (error) => {
    assert.ok(error instanceof XpodError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.detail, detail)
    return true
  })
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  return (await sharedPostgres()).query(sql, [], new URL(url).pathname.slice(1))
}

/** Stops a copy where it begins to compare; all rows are there then. */
async function copyRowsOnly(to: string): Promise<void> {
  const stop = ({ stage }: CopyProgress): void => {
    if (stage === 'compare') throw new Error('stopped')
  }
  await assert.rejects(copy({ to, dataDir }, stop), /stopped/)
}

test('a source that a center uses', { skip }, async () => {
  await using center = await startTestCenter({ dataDir, db: 'sqlite:', listen: { host: '127.0.0.1', port } })
  await refuses(copy({ to: await freshDatabase(), dataDir }), 'DATA_DIR_LOCKED', /process \d+/)
  assert.deepEqual(center.fatal, [])
})

test('a source on PostgreSQL whose center beats', { skip }, async () => {
  const from = await freshDatabase()
  await using other = await temporaryDirectory()
  await using _center = await startTestCenter({ db: from })
  await refuses(copy({ from, to: await freshDatabase(), dataDir: other.path }), 'DATABASE_IN_USE', /node .* runs on it/)
})

test('a target that a center has started on, whose tables stay as they are', { skip }, async () => {
  const to = await freshDatabase()
  {
    await using _db = await openPostgres({
      ...parts,
      metrics: createMetrics(),
      url: to,
      migrations: migrations.slice(0, -1),
    })
  }
  await query(to, "INSERT INTO setting (key, value) VALUES ('base-url', 'https://other.example/')")
  await refuses(copy({ to, dataDir }), 'COPY_TARGET_TAKEN', /started on it/)
  const [row] = await query(to, 'SELECT max(number) AS schema FROM migration')
  assert.equal(Number(row!.schema), migrations.length - 1)
})

test('a target with a row in any table', { skip }, async () => {
  const to = await freshDatabase()
  {
    await using _db = await openPostgres({ ...parts, metrics: createMetrics(), url: to, migrations })
  }
  await query(to, "INSERT INTO used_name (name, id) VALUES ('x', 'y')")
  await refuses(copy({ to, dataDir }), 'COPY_TARGET_TAKEN', /used_name/)
  assert.deepEqual(await query(to, 'SELECT * FROM pod'), [])
  assert.deepEqual(await query(to, 'SELECT * FROM setting'), [])
})

test('a source of another schema, or none', { skip }, async () => {
  await using older = await temporaryDirectory()
  const allButOne = migrations.slice(0, -1)
  {
    await using _db = await openSqlite({ ...parts, dir: older.path, migrations: allButOne, ballastBytes: 0 })
  }
  await refuses(copy({ to: await freshDatabase(), dataDir: older.path }), 'SCHEMA_OLDER', /lacks migration/)
  await using newer = await temporaryDirectory()
  const future = {
    number: migrations.length + 1,
    name: 'future',
    sql: 'CREATE TABLE f (a)',
    postgres: 'CREATE TABLE f (a int)',
  }
  {
    const more = [...migrations, future]
    await using _db = await openSqlite({ ...parts, dir: newer.path, migrations: more, ballastBytes: 0 })
  }
  await refuses(copy({ to: await freshDatabase(), dataDir: newer.path }), 'SCHEMA_NEWER', /not known/)
  await refuses(
    copy({ to: await freshDatabase(), dataDir: join(newer.path, 'no') }),
    'DATA_DIR_UNUSABLE',
    /no xpod data/,
  )
})

test('a row that is not what it was, in any table, and then begins again on request', { skip }, async () => {
  for (const [damage, detail] of [
    ["UPDATE resource SET media_type = 'text/html' WHERE name = 'card'", /resource .* media_type/],
    ['DELETE FROM feed WHERE seq = 1', /feed .* missing/],
    ["INSERT INTO used_name (name, id) VALUES ('zzz', 'y')", /used_name .* zzz is too many/],
    ['UPDATE body SET bytes = bytes || bytes WHERE id = (SELECT min(id) FROM body)', /body .* bytes/],
    ['UPDATE pod_head SET epoch = epoch + 1', /pod_head .* epoch/],
  ] as const) {
    const to = await freshDatabase()
    await copyRowsOnly(to)
    await query(to, damage)
    await refuses(copy({ to, dataDir }), 'COPY_MISMATCH', detail)
    await refuses(startTestCenter({ dataDir, db: to }), 'COPY_UNFINISHED', /^/)
    assert.ok((await copy({ to, dataDir, isRestart: true })).pods > 0)
  }
})

test('a pod whose digest is not that of its rows, though both sides agree', { skip }, async () => {
  await using other = await temporaryDirectory()
  {
    await using center = await startTestCenter({ dataDir: other.path, db: 'sqlite:' })
    await center.createPod('dora')
  }
  const db = new Sqlite(join(other.path, 'xpod.db'))
  db.exec("UPDATE resource SET modified_ms = modified_ms + 1 WHERE key = '/profile/card'")
  db.close()
  const wrong = copy({ to: await freshDatabase(), dataDir: other.path })
  await refuses(wrong, 'COPY_MISMATCH', /digest of pod dora/)
})

test('a source that was used since is copied from the beginning', { skip }, async () => {
  const to = await freshDatabase()
  await copyRowsOnly(to)
  await use()
  const report = await copy({ to, dataDir })
  assert.equal(report.pods, made)
  await use()
  await refuses(copy({ to, dataDir }), 'COPY_TARGET_TAKEN', /finished/)
})

test('a source that is put out of use starts no more, its copy does', { skip }, async () => {
  const to = await freshDatabase()
  await copy({ to, dataDir })
  const untouched = bytesOf(dataDir)
  assert.equal((await copy({ to, dataDir })).retired, false)
  assert.equal(bytesOf(dataDir), untouched)
  assert.equal((await copy({ to, dataDir, isRetiring: true })).already, true)
  const listen = { host: '127.0.0.1', port }
  await refuses(startTestCenter({ dataDir, db: 'sqlite:', listen }), 'DATABASE_RETIRED', /127\.0\.0\.1:\d+\/t/)
  await using center = await startTestCenter({ dataDir, db: to, listen })
  assert.equal((await fetch(`${center.baseUrl}pod0/profile/card`)).status, 200)
  const db = new Sqlite(join(dataDir, 'xpod.db'))
  db.exec("DELETE FROM setting WHERE key = 'retired'")
  db.close()
})

test('on the command line: one end twice, an end that is no database, no word of a password', { skip }, async () => {
  const to = await freshDatabase()
  const at = ['--data-dir', dataDir]
  for (const [args, status, text] of [
    [['db', 'copy', ...at], 2, /two databases/],
    [['db', 'copy', '--to', 'mysql://x/y', ...at], 2, /sqlite:DIRECTORY/],
    [['db', 'copy', '--to', 'postgres://me:secret@127.0.0.1:1/x', ...at], 75, /DATABASE_UNAVAILABLE/],
  ] as const) {
    const finished = await runXpod(args)
    assert.equal(finished.status, status, finished.stderr)
    assert.match(finished.stderr, text)
    assert.doesNotMatch(finished.stderr, /secret/)
  }
  const done = await runXpod(['db', 'copy', '--from', `sqlite:${dataDir}/xpod.db`, '--json'], { env: { XPOD_DB: to } })
  assert.equal(done.status, 0, done.stderr)
  assert.match(done.stderr, /^copying resource: \d+ of \d+$/m)
  const report = JSON.parse(done.stdout) as { pods: number; already: boolean }
  assert.deepEqual([report.pods, report.already], [made, false])
  const again = await runXpod(['db', 'copy', '--to', to, ...at])
  assert.equal(again.status, 0, again.stderr)
  assert.match(again.stdout, /^resource +\d+ +equal$/m)
  assert.match(again.stdout, /already copied/)
  assert.doesNotMatch(again.stdout, new RegExp(new URL(to).password))
  assert.match(readFileSync(join(dataDir, 'node.id'), 'utf8'), /^[0-9a-f-]{36}\n$/)
})
