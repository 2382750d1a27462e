// Pods in the week between their deletion being decided and done: known here at once, elsewhere within 5 s, and no more once
// they are brought back.

import assert from 'node:assert/strict'

import { silentLog } from '../../../src/base/log.ts'
import { createScrypt } from '../../../src/identity/account/scrypt.ts'
import { createAccounts } from '../../../src/identity/account/sql-accounts.ts'
import { openWithdrawnPods, type WithdrawnPods } from '../../../src/identity/account/withdrawn-pods.ts'
import { systemRandom } from '../../../src/base/random.ts'
import type { Accounts } from '../../../src/identity/account/accounts.ts'
import { testOnEach } from '../../support/databases.ts'
import { until } from '../../support/until.ts'
import { cheap, openWorld, signUp, type World } from './world.ts'

const weekMs = 7 * 24 * 60 * 60_000

interface Center extends AsyncDisposable {
  readonly accounts: Accounts
  readonly withdrawnPods: WithdrawnPods
}

async function openCenter({ db, clock }: World): Promise<Center> {
  const options = { db, clock, log: silentLog }
  const withdrawnPods = await openWithdrawnPods(options)
  const scrypt = createScrypt({ random: systemRandom, cost: cheap })
  const accounts = createAccounts({ ...options, random: systemRandom, scrypt, withdrawnPods })
  return { accounts, withdrawnPods, [Symbol.asyncDispose]: () => withdrawnPods[Symbol.asyncDispose]() }
}

testOnEach(
  'a pod that is deleted is withdrawn here at once, elsewhere within 5 s, and so it comes back',
  async (db) => {
    await using world = await openWorld(db)
    const { clock } = world
    await using center = await openCenter(world)
    const { accounts, withdrawnPods } = center
    await using other = await openCenter(world)
    const { withdrawnPods: elsewhere } = other
    const { id } = await signUp(accounts, 'a@b')
    for (const pod of ['one', 'two']) await accounts.linkPod(id, pod)
    await accounts.setPodDelete(id, 'one', clock.nowMs() + weekMs)
    assert.deepEqual([withdrawnPods.has('one'), withdrawnPods.has('two')], [true, false])
    assert.equal(elsewhere.has('one'), false)
    clock.advance(4000)
    await until('the other center reads it', () => elsewhere.has('one'))
    await using starting = await openCenter(world)
    assert.equal(starting.withdrawnPods.has('one'), true, 'a center that starts knows it')
    await accounts.setPodDelete(id, 'one', undefined)
    assert.equal(withdrawnPods.has('one'), false)
    clock.advance(4000)
    await until('the other center reads that it is back', () => !elsewhere.has('one'))
  },
)

testOnEach('one whose time is over stays withdrawn until it is gone', async (database) => {
  await using world = await openWorld(database)
  const { clock } = world
  await using center = await openCenter(world)
  const { accounts, withdrawnPods } = center
  const { id } = await signUp(accounts, 'a@b')
  await accounts.linkPod(id, 'pod')
  await accounts.setPodDelete(id, 'pod', clock.nowMs() + 1000)
  clock.advance(10_000)
  await withdrawnPods.refresh()
  assert.equal(withdrawnPods.has('pod'), true)
  await accounts.unlinkPod(id, 'pod')
  await withdrawnPods.refresh()
  assert.equal(withdrawnPods.has('pod'), false)
})

testOnEach('pods go with their account and come back with it, but one that was deleted before', async (database) => {
  await using world = await openWorld(database)
  const { clock } = world
  await using center = await openCenter(world)
  const { accounts, withdrawnPods } = center
  const { id } = await signUp(accounts, 'a@b')
  const other = await signUp(accounts, 'c@d')
  for (const pod of ['deleted', 'kept']) await accounts.linkPod(id, pod)
  await accounts.linkPod(other.id, 'foreign')
  await accounts.setPodDelete(id, 'deleted', clock.nowMs() + weekMs - 1)
  const withdrawn = (): readonly string[] => ['deleted', 'kept', 'foreign'].filter((pod) => withdrawnPods.has(pod))

  await accounts.scheduleDelete(id, clock.nowMs() + weekMs)
  assert.deepEqual(withdrawn(), ['deleted', 'kept'])
  assert.deepEqual(
    (await accounts.podLinks(id)).map(({ deleteAtMs }) => deleteAtMs),
    [clock.nowMs() + weekMs - 1, clock.nowMs() + weekMs],
  )
  clock.advance(1000)
  await accounts.scheduleDelete(id, clock.nowMs() + weekMs)
  await accounts.cancelDelete(id)
  assert.deepEqual(withdrawn(), ['deleted'])

  for (const state of ['open', 'disabled'] as const) {
    await accounts.scheduleDelete(id, clock.nowMs() + weekMs)
    await accounts.setState(id, state)
    assert.deepEqual(withdrawn(), ['deleted'], state)
  }
})

testOnEach('many are read in pages; what is beyond the bound is an error in the log', async (database) => {
  await using world = await openWorld(database)
  const { db, clock } = world
  const pods = Array.from({ length: 2500 }, (_, n) => `pod ${n}`)
  const query = 'INSERT INTO pod_link (pod, account, created_ms, delete_at_ms) VALUES (?, ?, ?, ?)'
  await db.write(pods.map((pod, n) => ({ query, args: [pod, 'a', 1, n < 1500 ? 1 : n] })))
  await using all = await openWithdrawnPods({ db, clock, log: silentLog })
  assert.deepEqual(
    pods.filter((pod) => !all.has(pod)),
    [],
  )
  const errors: string[] = []
  const log = { ...silentLog, error: (event: string) => void errors.push(event) }
  await using few = await openWithdrawnPods({ db, clock, log, maxPods: 1000 })
  assert.equal(pods.filter((pod) => few.has(pod)).length, 1000)
  await few.refresh()
  assert.deepEqual(errors, ['pods.withdrawn.full'], 'said once')
})

testOnEach('while the database is away, what was known holds', async (database) => {
  await using world = await openWorld(database)
  const { accounts, clock } = world
  const { id } = await signUp(accounts, 'a@b')
  await accounts.linkPod(id, 'pod')
  await accounts.setPodDelete(id, 'pod', clock.nowMs() + weekMs)
  let isAway = false
  let reads = 0
  const read: typeof world.db.read = (query, args) => {
    reads++
    return isAway ? Promise.reject(new Error('away')) : world.db.read(query, args)
  }
  const errors: string[] = []
  const log = { ...silentLog, error: (event: string) => void errors.push(event) }
  await using withdrawn = await openWithdrawnPods({ db: { read }, clock, log })
  isAway = true
  for (let round = 1; round <= 3; round++) {
    clock.advance(4000)
    await until('it was read in vain', () => reads > round && errors.length > 0)
  }
  assert.equal(withdrawn.has('pod'), true)
  assert.deepEqual(errors, ['pods.withdrawn.unread'], 'said once')
})
