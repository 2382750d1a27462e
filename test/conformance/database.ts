// What every database must do, as the contract in core/db/database.ts says it.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Database } from '../../src/core/db/database.ts'
import { readSetting, writeSetting } from '../../src/core/db/settings.ts'

const insert = 'INSERT INTO setting (key, value) VALUES (?, ?)'

export function databaseSuite(name: string, open: () => Promise<{ readonly db: Database } & AsyncDisposable>): void {
  describe(name, () => {
    test('what was written is read, once write has resolved', async () => {
      await using world = await open()
      const { db } = world
      assert.equal(await readSetting(db, 'base'), undefined)
      await writeSetting(db, 'base', 'one')
      await writeSetting(db, 'base', 'two')
      assert.equal(await readSetting(db, 'base'), 'two')
    })

    test('steps happen all or none: an unmet expectation is named and undoes the steps before it', async () => {
      await using world = await open()
      const { db } = world
      const result = await db.write([
        { query: insert, args: ['a', '1'], expect: 1 },
        { query: 'DELETE FROM setting WHERE key = ?', args: ['nothing'], expect: 1 },
        { query: insert, args: ['b', '1'] },
      ])
      assert.deepEqual(result, { ok: false, unmet: 1 })
      assert.deepEqual(await db.read('SELECT key FROM setting', []), [])
      assert.deepEqual(await db.write([{ query: insert, args: ['a', '1'], expect: 1 }]), { ok: true, changed: [1] })
    })

    test('of writes submitted at once a failing one fails alone', async () => {
      await using world = await open()
      const { db } = world
      const keys = ['a', 'b', 'a', 'c']
      const results = await Promise.allSettled(keys.map((key) => db.write([{ query: insert, args: [key, '1'] }])))
      assert.deepEqual(
        results.map((result) => result.status),
        ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
      )
      assert.deepEqual(await db.read('SELECT key FROM setting ORDER BY key', []), [
        { key: 'a' },
        { key: 'b' },
        { key: 'c' },
      ])
    })
  })
}
