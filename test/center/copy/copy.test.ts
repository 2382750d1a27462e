// `db copy` from SQLite to a real PostgreSQL and back: a center on the copy is the one that it was, the source is as it was, and
// a copy that was stopped anywhere goes on from there.

import assert from 'node:assert/strict'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import type { CopyProgress } from '../../../src/center/database/copy/copy.ts'
import { migrations } from '../../../src/center/database/migrations.ts'
import { openPostgres } from '../../../src/core/db/postgres/open.ts'
import { openSqliteReader } from '../../../src/core/db/sqlite/read-only.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { sharedPostgres } from '../../support/stores.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary.ts'
import { bytesOf, copy, expectKept, fill, type Kept, parts, startAgain } from './world.ts'

const skip = lacksPostgres

let folder: TemporaryDirectory
let kept: Kept
before(async () => {
  folder = await temporaryDirectory()
  kept = await fill(folder.path)
})
after(async () => {
  await kept[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

class Stopped extends Error {}

test('a copy that is stopped after each page goes on there, and ends as one that was not', { skip }, async () => {
  const to = await (await sharedPostgres()).freshDatabase()
  const untouched = bytesOf(kept.dataDir)
  let stops = 0
  const seen = new Set<string>()
  for (;;) {
    const stop = ({ stage, table, done }: CopyProgress): void => {
      const where = `${stage} ${table} ${done}`
      if (stage === 'compare' || seen.has(where)) return
      seen.add(where)
      throw new Stopped(where)
    }
    try {
      const report = await copy({ to, dataDir: kept.dataDir }, stop)
      assert.equal(report.already, false)
      break
    } catch (error) {
      if (!(error instanceof Stopped)) throw error
      stops++
      await assert.rejects(startAgain(kept, { db: to }), { code: 'COPY_UNFINISHED' })
    }
  }
  assert.ok(stops >= 15, `${stops} pages`)
  assert.equal((await copy({ to, dataDir: kept.dataDir })).already, true)
  assert.equal(bytesOf(kept.dataDir), untouched)
})

test('a center on the copy is the one that it was, and so is one on a copy of the copy in a file', {
  skip,
}, async () => {
  const to = await (await sharedPostgres()).freshDatabase()
  const untouched = bytesOf(kept.dataDir)
  const report = await copy({ to, dataDir: kept.dataDir })
  assert.equal(report.pods, 2)
  assert.equal(report.bodies.place, `files of ${report.node}`)
  const rows = Object.fromEntries(report.tables.map(({ name, rows: count }) => [name, count]))
  for (const name of [
    'account',
    'account_session',
    'client_credential',
    'resource',
    'feed',
    'channel',
    'group_ref',
    'garbage',
  ]) {
    assert.ok(rows[name]! > 0, name)
  }
  assert.equal(bytesOf(kept.dataDir), untouched)
  assert.equal(readFileSync(join(kept.dataDir, 'node.id'), 'utf8').trim(), report.node)
  {
    await using center = await startAgain(kept, { db: to })
    await expectKept(kept, center)
    assert.deepEqual(center.fatal, [])
  }
  await using other = await temporaryDirectory()
  for (const name of ['secret.key', 'node.id', 'objects']) {
    cpSync(join(kept.dataDir, name), join(other.path, name), { recursive: true })
  }
  const back = await copy({ from: to, to: 'sqlite:', dataDir: other.path })
  assert.equal(back.pods, 2)
  await using center = await startAgain(kept, { db: 'sqlite:', dataDir: other.path })
  for (const name of ['large-a', 'new', 'small']) {
    const answer = await kept.login.fetch(`${kept.base}${name}`)
    assert.equal(answer.status, 200, name)
  }
  const headers = { 'content-type': 'text/plain' }
  assert.equal((await kept.login.fetch(`${kept.base}back`, { method: 'PUT', headers, body: 'b' })).status, 201)
  assert.deepEqual(center.fatal, [])
})

test('all pods have the home of the data directory and a new epoch, and are else what they were', {
  skip,
}, async () => {
  const to = await (await sharedPostgres()).freshDatabase()
  const query = 'SELECT pod, node, epoch, seq, mark, digest FROM pod_head ORDER BY pod'
  const { node } = await copy({ to, dataDir: kept.dataDir })
  await using source = openSqliteReader(kept.dataDir)
  await using target = await openPostgres({ ...parts, url: to, migrations })
  const before = await source.read(query, [])
  const expected = before.map((head) => ({ ...head, node, epoch: Number(head.epoch) + 1 }))
  assert.deepEqual(await target.read(query, []), expected)
})

test('numbers of rows go on behind all that were ever given out', { skip }, async () => {
  const to = await (await sharedPostgres()).freshDatabase()
  await copy({ to, dataDir: kept.dataDir })
  await using db = await openPostgres({ ...parts, url: to, migrations })
  for (const [table, column] of [
    ['pod', 'pod'],
    ['body', 'id'],
  ]) {
    const [row] = await db.read(
      `SELECT max(${column}) AS most, nextval('${table}_${column}_seq') AS next FROM ${table}`,
      [],
    )
    assert.ok(Number(row!.next) > Number(row!.most), table)
  }
})
