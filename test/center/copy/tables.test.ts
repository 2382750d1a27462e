// No table is forgotten: what either engine has after all migrations is copied, or named with the reason why it is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../../../src/base/clock.ts'
import { copiedTables, leftOut, numberedTables } from '../../../src/center/database/copy/tables.ts'
import { migrations } from '../../../src/center/database/migrations.ts'
import type { Row } from '../../../src/core/db/database.ts'
import { postgres, sqlite } from '../../support/databases.ts'

interface Column extends Row {
  readonly name: string
  readonly column: string
}

const ofSqlite = `SELECT m.name, c.name AS column FROM sqlite_schema m JOIN pragma_table_info(m.name) c
  WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, c.name`
const ofPostgres = `SELECT t.table_name AS name, c.column_name AS column FROM information_schema.tables t
  JOIN information_schema.columns c USING (table_schema, table_name)
  WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1, 2`

for (const [database, query] of [
  [sqlite, ofSqlite],
  [postgres, ofPostgres],
] as const) {
  test(`every table is copied or named as left out (${database.name})`, { skip: database.skip }, async () => {
    await using opened = await database.open({ migrations, clock: systemClock })
    const columns = await opened.db.read<Column>(query, [])
    const copied = copiedTables.map(({ name }) => name)
    const missing = new Set(
      columns.map(({ name }) => name).filter((name) => !copied.includes(name) && !(name in leftOut)),
    )
    assert.deepEqual([...missing], [], 'name them in src/center/database/copy/tables.ts')
    for (const { name, key, onSqlite } of copiedTables) {
      const own = columns.filter((one) => one.name === name).map(({ column }) => column)
      const wanted = database.name === 'sqlite' ? (onSqlite?.key ?? key) : key
      for (const column of wanted) assert.ok(own.includes(column), `${name}.${column}`)
    }
  })
}

test('both engines have the same columns, but for the one that resources are found by', {
  skip: postgres.skip,
}, async () => {
  await using file = await sqlite.open({ migrations, clock: systemClock })
  await using server = await postgres.open({ migrations, clock: systemClock })
  const names = new Set(copiedTables.map(({ name }) => name))
  const of = (columns: readonly Column[]): string[] =>
    columns.filter(({ name }) => names.has(name)).map(({ name, column }) => `${name}.${column}`)
  const both = [of(await file.db.read(ofSqlite, [])), of(await server.db.read(ofPostgres, []))] as const
  assert.deepEqual(
    both[0].filter((column) => column !== 'resource.key'),
    both[1].filter((column) => column !== 'resource.name'),
  )
})

test('a key is unique, and a table that numbers its rows is known', { skip: postgres.skip }, async () => {
  await using file = await sqlite.open({ migrations, clock: systemClock })
  for (const { name, key, onSqlite } of copiedTables) {
    const rows = await file.db.read<Row & { name: string }>('SELECT name FROM pragma_table_info(?) WHERE pk > 0', [
      name,
    ])
    assert.deepEqual(rows.map((row) => row.name).sort(), [...(onSqlite?.key ?? key)].sort(), name)
  }
  await using server = await postgres.open({ migrations, clock: systemClock })
  const query = "SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1"
  const sequences = (await server.db.read<Row & { name: string }>(query, [])).map(({ name }) => name)
  const known = numberedTables.map(({ name, column }) => `${name}_${column}_seq`)
  assert.deepEqual(
    sequences.filter((name) => !Object.keys(leftOut).some((one) => name.startsWith(one))),
    known.sort(),
  )
})
