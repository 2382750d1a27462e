// The tables of the pod store: none with pod data is forgotten by what walks them, and commits and reads stay on indexes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { podTables } from '../../../src/pod/store/schema/migrations.ts'
import { openSqliteTestStore } from '../../support/sqlite-store.ts'
import { createPod } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'

test('every table whose key begins with the pod stands in podTables', async () => {
  await using world = await openSqliteTestStore()
  const tables = world.db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'", [])
  const withPod = tables.filter(({ name }) =>
    world.db
      .all<{ name: string }>(`SELECT name FROM pragma_table_info('${name}')`, [])
      .some((column) => column.name === 'pod'),
  )
  assert.deepEqual(withPod.map(({ name }) => name).sort(), [...podTables].sort())
})

test('a deleted pod leaves no row in any of them but garbage', async () => {
  await using world = await openSqliteTestStore()
  const { store, db } = world
  const pod = await createPod(store, 'alice')
  await store.directory.delete(pod)
  await until('the pod is emptied', async () => (await store.head(pod)) === undefined)
  for (const table of podTables) assert.deepEqual(db.all(`SELECT pod FROM ${table}`, []), [], table)
})

test('listing a container and finding a resource use the primary key', async () => {
  await using world = await openSqliteTestStore()
  const plans = [
    'SELECT key FROM resource WHERE pod = 1 AND parent = 2 AND key > 3 AND kind < 2 ORDER BY key LIMIT 10',
    'SELECT key FROM resource WHERE pod = 1 AND parent = 2 AND key = 3',
    'SELECT seq FROM feed WHERE pod = 1 AND op_id = 2',
  ].map((query) => world.db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, []).map((step) => step.detail))
  assert.deepEqual(plans, [
    ['SEARCH resource USING PRIMARY KEY (pod=? AND parent=? AND key>?)'],
    ['SEARCH resource USING PRIMARY KEY (pod=? AND parent=? AND key=?)'],
    ['SEARCH feed USING COVERING INDEX feed_op (pod=? AND op_id=?)'],
  ])
})
