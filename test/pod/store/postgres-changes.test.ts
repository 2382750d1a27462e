// The directory of one center hears what another one changes in the same database: once each, in order, and all of it again
// when the database has become another one.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { DirectoryChange } from '../../../src/pod/store/pod-store.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'
import { lacksPostgres } from '../../support/postgres-programs.ts'
import { openPostgresTestStore, type PostgresTestStore } from '../../support/postgres-store.ts'
import { createPod } from '../../support/temporary-store.ts'
import { until } from '../../support/until.ts'

const skip = { skip: lacksPostgres }

interface World extends AsyncDisposable {
  readonly one: PostgresTestStore
  readonly other: PostgresTestStore
  /** Of the first. */
  readonly heard: DirectoryChange[]
  /** Moves its clock on until this is true. */
  untilHeard(what: string, isHeard: () => boolean): Promise<unknown>
}

async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const clock: FakeClock = createFakeClock()
  const one = stack.use(await openPostgresTestStore({ clock }))
  const other = stack.use(await openPostgresTestStore({ url: one.url, node: 'node-2' }))
  const heard: DirectoryChange[] = []
  one.store.directory.onChange((change) => void heard.push(change))
  const owned = stack.move()
  return {
    one,
    other,
    heard,
    untilHeard: (what, isHeard) =>
      until(what, () => {
        clock.advance(3000)
        return isHeard()
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

test('what another center makes, changes and deletes is heard, once each', skip, async () => {
  await using world = await openWorld()
  const { other, heard, untilHeard } = world
  const { directory } = other.store
  const alice = await createPod(other.store, 'alice')
  const isPut = (change: DirectoryChange, id: string): boolean => change.kind === 'put' && change.record.id === id
  await untilHeard('it was made', () => heard.some((change) => isPut(change, alice)))
  await directory.setQuota(alice, { bytes: 4711, resources: 17 })
  await untilHeard('its quota', () =>
    heard.some((change) => change.kind === 'put' && change.record.quotaBytes === 4711),
  )
  await directory.setOwners(alice, { owners: ['https://heir.example/#me'], shownOwners: [] })
  await untilHeard('its owner', () =>
    heard.some((change) => change.kind === 'put' && change.record.owners[0] === 'https://heir.example/#me'),
  )
  const before = heard.length
  await directory.setState(alice, 'sealed')
  await untilHeard('its state', () => heard.length > before)
  await directory.delete(alice)
  await untilHeard('it is gone', () => heard.some((change) => change.kind === 'delete' && change.id === alice))
  const all = heard.length
  // The same minute is read again; what comes next shows that nothing of it was told again.
  const bob = await createPod(other.store, 'bob')
  await untilHeard('the next', () => heard.some((change) => isPut(change, bob)))
  assert.deepEqual(
    heard.slice(all).filter((change) => !isPut(change, bob)),
    [],
  )
})

test('a home that another center takes is heard of', skip, async () => {
  await using world = await openWorld()
  const { one, other, heard, untilHeard } = world
  const alice = await createPod(one.store, 'alice')
  await untilHeard('it was made', () => heard.length > 1)
  const before = heard.length
  await other.db.call("UPDATE pod_head SET node = 'node-2', epoch = epoch + 1", [])
  await untilHeard('it was taken', () => heard.length > before)
  assert.ok(heard.slice(before).every((change) => change.kind === 'put' && change.record.id === alice))
})

test('when the database may have lost what was heard, the whole directory is told', skip, async () => {
  await using world = await openWorld()
  const { one, heard, untilHeard } = world
  const ids = [await createPod(one.store, 'alice'), await createPod(one.store, 'bob')]
  await untilHeard('both were made', () => heard.length >= 4)
  // As if somebody had gone back to a backup.
  await one.db.call('UPDATE pod SET owners = \'["https://before.example/#me"]\'', [])
  await one.db.call('DELETE FROM pod_change', [])
  heard.length = 0
  one.db.succession.met({ system: 'another', timeline: 1, startedMs: 1 })
  const told = (id: string): boolean =>
    heard.some(
      (change) =>
        change.kind === 'put' && change.record.id === id && change.record.owners[0] === 'https://before.example/#me',
    )
  await untilHeard('both are told', () => ids.every(told))
})
