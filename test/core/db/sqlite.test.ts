// The embedded database: the suite of the contract, its data directory, its migrations, its limits.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Sqlite from 'better-sqlite3'

import { systemClock } from '../../../src/base/clock.ts'
import { XpodError } from '../../../src/base/errors.ts'
import { silentLog } from '../../../src/base/log.ts'
import { createMetrics } from '../../../src/base/metrics.ts'
import { lockDataDirectory } from '../../../src/core/db/data-directory.ts'
import type { Migration } from '../../../src/core/db/migrations.ts'
import { openSqlite, type SqliteEngine } from '../../../src/core/db/sqlite/open.ts'
import { databaseSuite } from '../../conformance/database.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { until } from '../../support/until.ts'

const table: Migration = {
  number: 1,
  name: 'one',
  sql: 'CREATE TABLE one (id INTEGER PRIMARY KEY, bytes BLOB) STRICT',
  postgres: '',
}

function openAt(dir: string, migrations: readonly Migration[] = [table]): Promise<SqliteEngine> {
  const parts = { log: silentLog, clock: systemClock, metrics: createMetrics(), ballastBytes: 0 }
  return openSqlite({ ...parts, dir, migrations, onFatal: (error) => assert.fail(String(error)) })
}

function failsWith(code: string, detail = /^/): (error: unknown) => boolean {
  return (error) => error instanceof XpodError && error.code === code && detail.test(error.detail)
}

databaseSuite('sqlite', async () => {
  await using parts = new AsyncDisposableStack()
  const dir = parts.use(await temporaryDirectory())
  const db = parts.use(await openAt(dir.path))
  const owned = parts.move()
  return { db, [Symbol.asyncDispose]: () => owned.disposeAsync() }
})

test('a database written by a newer version is refused, and so is an altered migration', async () => {
  await using dir = await temporaryDirectory()
  const second: Migration = {
    number: 2,
    name: 'two',
    sql: 'CREATE TABLE two (id INTEGER PRIMARY KEY) STRICT',
    postgres: '',
  }
  {
    await using _db = await openAt(dir.path, [table, second])
  }
  await assert.rejects(openAt(dir.path, [table]), failsWith('SCHEMA_NEWER'))
  await assert.rejects(openAt(dir.path, [{ ...table, sql: `${table.sql} ` }, second]), failsWith('SCHEMA_ALTERED'))
  await using again = await openAt(dir.path, [table, second])
  assert.equal(again.all('SELECT number FROM migration', []).length, 2)
})

test('a migration that fails leaves nothing of itself', async () => {
  await using dir = await temporaryDirectory()
  const broken: Migration = {
    number: 2,
    name: 'broken',
    sql: 'CREATE TABLE two (id INTEGER) STRICT; SELECT * FROM nowhere',
    postgres: '',
  }
  await assert.rejects(openAt(dir.path, [table, broken]))
  await using db = await openAt(dir.path, [table])
  assert.deepEqual(db.all("SELECT name FROM sqlite_schema WHERE name = 'two'", []), [])
})

test('every connection syncs fully, the log is never folded in behind our back, pages can be given back', async () => {
  await using dir = await temporaryDirectory()
  await using db = await openAt(dir.path)
  assert.equal(db.get<{ synchronous: number }>('PRAGMA synchronous', [])?.synchronous, 2)
  assert.equal(db.get<{ wal_autocheckpoint: number }>('PRAGMA wal_autocheckpoint', [])?.wal_autocheckpoint, 0)
  assert.equal(db.get<{ auto_vacuum: number }>('PRAGMA auto_vacuum', [])?.auto_vacuum, 2)
  assert.throws(() => db.get('DELETE FROM one', []))
})

test('the log is folded into the database while writing goes on, and does not grow without end', async () => {
  await using dir = await temporaryDirectory()
  await using db = await openAt(dir.path)
  const bytes = new Uint8Array(256 * 1024)
  const wal = join(dir.path, 'xpod.db-wal')
  for (let round = 0; round < 200; round++) {
    await db.write([{ query: 'INSERT INTO one (id, bytes) VALUES (?, ?)', args: [round, bytes] }])
  }
  assert(statSync(wal).size < 40 * 1024 * 1024, `${statSync(wal).size} bytes of log after 50 MiB`)
  await until('the database file has grown', () => statSync(join(dir.path, 'xpod.db')).size > 10 * 1024 * 1024)
})

test('a second user of a data directory is refused and told the pid, in this process and in another', async () => {
  await using dir = await temporaryDirectory()
  {
    await using _lock = await lockDataDirectory(dir.path)
    await assert.rejects(
      lockDataDirectory(dir.path),
      failsWith('DATA_DIR_LOCKED', new RegExp(`process ${process.pid} `)),
    )
  }
  const module = new URL('../../../src/core/db/data-directory.ts', import.meta.url).href
  const script = `const { lockDataDirectory } = await import('${module}')
    await lockDataDirectory(process.argv[1]); console.log('locked'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, dir.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await assert.rejects(lockDataDirectory(dir.path), failsWith('DATA_DIR_LOCKED', new RegExp(`process ${child.pid} `)))
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  await using _free = await lockDataDirectory(dir.path)
})

test('a data directory that is a file is unusable', async () => {
  await using dir = await temporaryDirectory()
  new Sqlite(join(dir.path, 'file')).close()
  await assert.rejects(lockDataDirectory(join(dir.path, 'file', 'below')), failsWith('DATA_DIR_UNUSABLE'))
})

test('more than 10 000 waiting writes are refused as overload, the rest is done', async () => {
  await using dir = await temporaryDirectory()
  await using db = await openAt(dir.path)
  const writes = Array.from({ length: 10_050 }, (_, id) =>
    db.write([{ query: 'INSERT INTO one (id) VALUES (?)', args: [id] }]),
  )
  const results = await Promise.allSettled(writes)
  const failed = results.filter((result) => result.status === 'rejected')
  assert.equal(failed.length, 50)
  assert(failed.every(({ reason }) => failsWith('OVERLOADED')(reason)))
  assert.deepEqual(db.all('SELECT count(*) AS n FROM one', []), [{ n: 10_000 }])
})
