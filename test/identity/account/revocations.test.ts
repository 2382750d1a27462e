// What was taken back: known here at once, on another center by reading what is new, forgotten when it no longer matters.

import assert from 'node:assert/strict'

import { silentLog } from '../../../src/base/log.ts'
import { createRevocations } from '../../../src/identity/account/revocations.ts'
import { until } from '../../support/until.ts'
import { testOnEach } from '../../support/databases.ts'
import { openWorld } from './world.ts'

const hourMs = 60 * 60_000

testOnEach(
  'a revocation holds here at once, elsewhere within 5 s, after a restart, and until its end',
  async (database) => {
    await using world = await openWorld(database)
    const { revocations, clock, db } = world
    const elsewhere = await world.another()
    await revocations.revoke('grant', clock.nowMs() + hourMs)
    assert.equal(revocations.isRevoked('grant'), true)
    assert.equal(elsewhere.revocations.isRevoked('grant'), false)
    clock.advance(4000)
    await until('the other center reads it', () => elsewhere.revocations.isRevoked('grant'))
    const later = await world.another()
    assert.equal(later.revocations.isRevoked('grant'), true)
    clock.advance(hourMs)
    for (const one of [revocations, elsewhere.revocations, later.revocations])
      assert.equal(one.isRevoked('grant'), false)
    await world.accounts.purgeDue()
    assert.deepEqual(await db.read('SELECT grant_id FROM revoked', []), [])
  },
)

testOnEach('a row of a clock a minute behind is found, and a clock that runs ahead hides nothing', async (database) => {
  await using world = await openWorld(database)
  const { revocations, clock, db } = world
  const query = 'INSERT INTO revoked (grant_id, at_ms, until_ms) VALUES (?, ?, ?)'
  const add = (grant: string, aheadMs: number): Promise<unknown> =>
    db.write([{ query, args: [grant, clock.nowMs() + aheadMs, clock.nowMs() + hourMs] }])
  await add('ahead', 10 * 60_000)
  await revocations.refresh()
  await add('behind', -60_000)
  await add('now', 0)
  await revocations.refresh()
  assert.deepEqual(
    ['ahead', 'behind', 'now'].map((grant) => revocations.isRevoked(grant)),
    [true, true, true],
  )
})

testOnEach('many rows at once are read in pages', async (database) => {
  await using world = await openWorld(database)
  const { revocations, clock, db } = world
  const query = 'INSERT INTO revoked (grant_id, at_ms, until_ms) VALUES (?, ?, ?)'
  const names = Array.from({ length: 2500 }, (_, n) => `grant ${n}`)
  await db.write(names.map((name) => ({ query, args: [name, clock.nowMs(), clock.nowMs() + hourMs] })))
  await revocations.refresh()
  assert.ok(names.every((name) => revocations.isRevoked(name)))
})

testOnEach(
  'memory is bounded: what has ended goes first, then the oldest, and that is an error in the log',
  async (database) => {
    await using world = await openWorld(database)
    const { clock, db } = world
    const errors: string[] = []
    const log = { ...silentLog, error: (event: string) => void errors.push(event) }
    await using few = await createRevocations({ db, clock, log, maxKept: 10 })
    await few.revoke('brief', clock.nowMs() + 1000)
    clock.advance(2000)
    for (let n = 0; n < 10; n++) await few.revoke(`grant ${n}`, clock.nowMs() + hourMs)
    assert.deepEqual(errors, [])
    assert.ok(few.isRevoked('grant 0'))
    await few.revoke('one more', clock.nowMs() + hourMs)
    assert.deepEqual(errors, ['revocations.full'])
    assert.deepEqual(
      ['grant 0', 'grant 9', 'one more'].map((grant) => few.isRevoked(grant)),
      [false, true, true],
    )
  },
)
